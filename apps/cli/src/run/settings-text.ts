import { AtelierError } from '@atelier/protocol';

/** A parameter as JSON Schema describes it, as far as the command line reads it. */
export interface ParameterSchema {
  readonly type?: string;
  readonly enum?: readonly unknown[];
  readonly title?: string;
  readonly description?: string;
  readonly default?: unknown;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly exclusiveMinimum?: number;
  readonly multipleOf?: number;
  readonly maxLength?: number;
  readonly unit?: string;
  readonly advanced?: boolean;
}

/** Finds the schema of `step.parameter`, or of a bare parameter that some step has. */
export type SchemaOf = (name: string) => ParameterSchema | undefined;

/**
 * Reads `--set step.parameter=value`, the value by its parameter's schema: numbers, true and false, JSON for lists; texts stay as they are.
 * Whether it lies within bounds is for the studio to say.
 * @throws AtelierError `invalid-input`
 */
export function parseSettings(texts: readonly string[], schemaOf: SchemaOf): Record<string, unknown> {
  return Object.fromEntries(texts.map((text) => parseSetting(text, schemaOf)));
}

function parseSetting(text: string, schemaOf: SchemaOf): [string, unknown] {
  const at = text.indexOf('=');
  const name = text.slice(0, at).trim();
  if (at <= 0 || !/^[A-Za-z][A-Za-z0-9-]*(\.[A-Za-z][A-Za-z0-9]*)?$/.test(name)) {
    throw new AtelierError('invalid-input', `--set ${text}: this is not step.parameter=value.`, {
      hint: 'For example: --set text-to-image.steps=30, or --set steps=30.',
    });
  }
  return [name, parseValue(name, text.slice(at + 1), schemaOf(name))];
}

/** A value as it was typed, by its schema or, without one, by its look. @throws AtelierError `invalid-input` */
export function parseValue(name: string, value: string, schema: ParameterSchema | undefined): unknown {
  return schema ? bySchema(name, value, schema) : byLook(value);
}

function bySchema(name: string, value: string, schema: ParameterSchema): unknown {
  if (schema.type === 'number' || schema.type === 'integer') {
    const number = value.trim() === '' ? Number.NaN : Number(value);
    if (Number.isNaN(number)) throw wrong(name, value, 'a number');
    return number;
  }
  if (schema.type === 'boolean') {
    if (value === 'true' || value === 'false') return value === 'true';
    throw wrong(name, value, 'true or false');
  }
  if (schema.type === 'array' || schema.type === 'object') {
    try {
      return JSON.parse(value);
    } catch {
      throw wrong(name, value, schema.type === 'array' ? 'a JSON list such as ["a","b"]' : 'a JSON object');
    }
  }
  return value;
}

/** For parameters that the command line does not know: what reads as JSON is taken as such. */
function byLook(value: string): unknown {
  if (!/^(-?\d|true$|false$|null$|\[|\{|")/.test(value)) return value;
  try {
    return JSON.parse(value);
  } catch {
    return value;
  }
}

function wrong(name: string, value: string, wanted: string): AtelierError {
  return new AtelierError('invalid-input', `${name} is ${wanted}, not "${value}".`);
}

/** `0 to 30, default 4`: a parameter's bounds for people. */
export function describeBounds(schema: ParameterSchema): string {
  const parts: string[] = [];
  if (schema.enum) parts.push(schema.enum.join(' | '));
  else if (schema.minimum !== undefined || schema.exclusiveMinimum !== undefined) parts.push(rangeOf(schema));
  else if (schema.maxLength !== undefined) parts.push(`up to ${schema.maxLength} characters`);
  else if (schema.type) parts.push(schema.type);
  if (schema.multipleOf !== undefined && schema.multipleOf !== 1) parts.push(`multiple of ${schema.multipleOf}`);
  if (schema.unit) parts.push(schema.unit);
  if (schema.default !== undefined && schema.default !== '')
    parts.push(`default ${typeof schema.default === 'string' ? schema.default : JSON.stringify(schema.default)}`);
  return parts.join(', ');
}

function rangeOf(schema: ParameterSchema): string {
  const least = schema.minimum ?? `over ${schema.exclusiveMinimum}`;
  return schema.maximum === undefined ? `at least ${least}` : `${least} to ${schema.maximum}`;
}
