import { type ParameterHint, seedBounds, seedNumber } from '@atelier/protocol';

interface Common {
  readonly name: string;
  readonly title: string;
  readonly description?: string;
  readonly advanced: boolean;
  readonly unit?: string;
  /** What counts if nothing is set; undefined if the parameter may be left out. */
  readonly standard: unknown;
}

/** One control of a form. `list` is edited as one entry a line. */
export type Field =
  | (Common & { kind: 'slider' | 'number'; min?: number; max?: number; step: number; whole: boolean; side?: 'width' | 'height' })
  | (Common & { kind: 'select'; options: ReadonlyArray<{ value: string; label: string }> })
  | (Common & { kind: 'switch' })
  | (Common & { kind: 'text' | 'textarea'; maxLength?: number; pattern?: string })
  | (Common & { kind: 'list'; maxItems?: number })
  /** A list of things with several values each; written as JSON unless a family brings an editor. */
  | (Common & { kind: 'objects' })
  | (Common & { kind: 'seed' });

interface Property extends Partial<ParameterHint> {
  type?: string | string[];
  enum?: unknown[];
  items?: { type?: string };
  default?: unknown;
  minimum?: number;
  maximum?: number;
  exclusiveMinimum?: number;
  exclusiveMaximum?: number;
  multipleOf?: number;
  maxLength?: number;
  maxItems?: number;
  pattern?: string;
}

/**
 * The controls that a task's parameters need, in the order of the schema.
 * @param schema JSON Schema (draft 2020-12) of an object; its hints are those of `ParameterHint`
 */
export function fieldsOf(schema: Record<string, unknown>): Field[] {
  const properties = (schema.properties ?? {}) as Record<string, Property>;
  return Object.entries(properties).map(([name, property]) => field(name, property));
}

function field(name: string, property: Property): Field {
  const common = commonOf(name, property);
  const type = Array.isArray(property.type) ? property.type.find((one) => one !== 'null') : property.type;
  if (property.control === 'seed') return { ...common, kind: 'seed' };
  if (property.enum) return { ...common, kind: 'select', options: property.enum.map((option) => choiceOf(String(option), property.labels)) };
  if (type === 'boolean') return { ...common, kind: 'switch' };
  if (type === 'array' && property.items?.type === 'object') return { ...common, kind: 'objects' };
  if (type === 'array') return { ...common, kind: 'list', ...(property.maxItems === undefined ? {} : { maxItems: property.maxItems }) };
  if (type === 'integer' || type === 'number') return numeric(common, property, type === 'integer');
  return {
    ...common,
    kind: property.control === 'textarea' || (property.maxLength ?? 0) > 300 ? 'textarea' : 'text',
    ...(property.maxLength === undefined ? {} : { maxLength: property.maxLength }),
    ...(property.pattern === undefined ? {} : { pattern: property.pattern }),
  };
}

/** `picture-prompt` as "Picture prompt", unless the declaration has a better word. */
const choiceOf = (value: string, labels: ParameterHint['labels']) => ({ value, label: labels?.[value] ?? capital(value.replaceAll('-', ' ')) });

function commonOf(name: string, property: Property): Common {
  return {
    name,
    title: property.title ?? words(name),
    advanced: property.advanced ?? false,
    standard: property.default,
    ...(property.description === undefined ? {} : { description: property.description }),
    ...(property.unit === undefined ? {} : { unit: property.unit }),
  };
}

/** Whole numbers without a bound of their own carry JavaScript's; such a bound says nothing. */
const bound = (value: number | undefined) => (value === undefined || Math.abs(value) >= Number.MAX_SAFE_INTEGER ? undefined : value);

function numeric(common: Common, property: Property, whole: boolean): Field {
  const step = property.step ?? property.multipleOf ?? (whole ? 1 : 0.01);
  const open = bound(property.exclusiveMinimum);
  const min = bound(property.minimum) ?? (open === undefined ? undefined : open + step);
  const max = bound(property.maximum) ?? bound(property.exclusiveMaximum);
  const slides = property.control === undefined || property.control === 'slider';
  const kind = slides && min !== undefined && max !== undefined && common.standard !== undefined ? 'slider' : 'number';
  return {
    ...common,
    kind,
    step,
    whole,
    ...(min === undefined ? {} : { min }),
    ...(max === undefined ? {} : { max }),
    ...(property.side ? { side: property.side } : {}),
  };
}

/** A field that is a side of an image. */
export type SideField = Extract<Field, { kind: 'number' | 'slider' }>;

/** The fields of width and height, if a task has both. */
export function sidesOf(fields: readonly Field[]): readonly [SideField, SideField] | undefined {
  const of = (side: SideField['side']) =>
    fields.find((field): field is SideField => (field.kind === 'number' || field.kind === 'slider') && field.side === side);
  const [width, height] = [of('width'), of('height')];
  return width && height ? [width, height] : undefined;
}

/** `guidanceScale` as people read it: "Guidance scale". */
function words(name: string): string {
  const spaced = name
    .replaceAll(/([a-z0-9])([A-Z])/g, '$1 $2')
    .replaceAll(/[-_]/g, ' ')
    .toLowerCase();
  return spaced.charAt(0).toUpperCase() + spaced.slice(1);
}

/** What is wrong with a value, as a sentence, or undefined. The coordinator checks again; this only answers at once. */
export function complaint(target: Field, value: unknown): string | undefined {
  // A seed is spoken of in the same words wherever it is given.
  if (target.kind === 'seed') return value === undefined || seedNumber.safeParse(value).success ? undefined : `${capital(seedBounds)}.`;
  const wrong = wrongWith(target, value);
  return wrong === undefined ? undefined : `${target.title} ${wrong}.`;
}

function wrongWith(target: Field, value: unknown): string | undefined {
  if (value === undefined) return undefined;
  if (target.kind === 'slider' || target.kind === 'number') return wrongNumber(target, value);
  if (target.kind === 'objects') return Array.isArray(value) ? undefined : 'must be a list, written as JSON';
  if (target.kind === 'list')
    return target.maxItems !== undefined && asList(value).length > target.maxItems ? `has at most ${target.maxItems} lines` : undefined;
  if (target.kind === 'text' || target.kind === 'textarea') {
    const text = String(value);
    if (target.maxLength !== undefined && text.length > target.maxLength) return `has at most ${target.maxLength} characters`;
    if (target.pattern !== undefined && text !== '' && !new RegExp(target.pattern).test(text)) return 'is not in the expected form';
  }
  return undefined;
}

const asList = (value: unknown): unknown[] => (Array.isArray(value) ? value : []);
const capital = (text: string) => text.charAt(0).toUpperCase() + text.slice(1);

function wrongNumber(target: Extract<Field, { kind: 'slider' | 'number' }>, value: unknown): string | undefined {
  const { min, max, whole } = target;
  if (typeof value !== 'number' || !Number.isFinite(value)) return 'must be a number';
  if (whole && !Number.isInteger(value)) return 'must be a whole number';
  if ((min !== undefined && value < min) || (max !== undefined && value > max)) return `must be ${boundWords(min, max)}`;
  if (whole && target.step > 1 && value % target.step !== 0) return `must be a multiple of ${target.step}`;
  return undefined;
}

function boundWords(min: number | undefined, max: number | undefined): string {
  if (max === undefined) return `at least ${min}`;
  return min === undefined ? `at most ${max}` : `${min} to ${max}`;
}

/** What is wrong with the values of one form, field by field, in the order of its fields. */
export function complaintsOf(schema: Record<string, unknown>, values: Readonly<Record<string, unknown>>): string[] {
  return fieldsOf(schema).flatMap((one) => complaint(one, values[one.name]) ?? []);
}
