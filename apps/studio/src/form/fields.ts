import type { ParameterHint } from '@atelier/protocol';

interface Common {
  readonly name: string;
  readonly title: string;
  readonly description?: string;
  readonly advanced: boolean;
  readonly unit?: string;
  /** What counts where nothing is set; undefined where the parameter may be left out. */
  readonly standard: unknown;
}

/** One control of a form. `list` is edited as one entry a line. */
export type Field =
  | (Common & { kind: 'slider' | 'number'; min?: number; max?: number; step: number; whole: boolean })
  | (Common & { kind: 'select'; options: string[] })
  | (Common & { kind: 'switch' })
  | (Common & { kind: 'text' | 'textarea'; maxLength?: number; pattern?: string })
  | (Common & { kind: 'list'; maxItems?: number })
  /** A list of things with several values each, which has an editor of its own elsewhere. */
  | (Common & { kind: 'objects' })
  | (Common & { kind: 'seed'; max: number });

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
  if (property.control === 'seed') return { ...common, kind: 'seed', max: property.maximum ?? 0xffff_ffff };
  if (property.enum) return { ...common, kind: 'select', options: property.enum.map(String) };
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
  return { ...common, kind, step, whole, ...(min === undefined ? {} : { min }), ...(max === undefined ? {} : { max }) };
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
  if (value === undefined) return undefined;
  if (target.kind === 'slider' || target.kind === 'number' || target.kind === 'seed') return numberComplaint(target, value);
  if (target.kind === 'text' || target.kind === 'textarea') {
    const text = String(value);
    if (target.maxLength !== undefined && text.length > target.maxLength) return `At most ${target.maxLength} characters.`;
    if (target.pattern !== undefined && text !== '' && !new RegExp(target.pattern).test(text)) return 'Not in the expected form.';
  }
  return undefined;
}

function numberComplaint(target: Extract<Field, { kind: 'slider' | 'number' | 'seed' }>, value: unknown): string | undefined {
  if (typeof value !== 'number' || !Number.isFinite(value)) return 'Write a number.';
  const { min, max, whole } = target.kind === 'seed' ? { min: 0, max: target.max, whole: true } : target;
  if (whole && !Number.isInteger(value)) return 'Write a whole number.';
  if (min !== undefined && value < min) return `At least ${min}.`;
  if (max !== undefined && value > max) return `At most ${max}.`;
  if (whole && target.kind !== 'seed' && target.step > 1 && value % target.step !== 0) return `A multiple of ${target.step}.`;
  return undefined;
}
