import { limits, seedNumber } from '@atelier/protocol';
import type { Context } from 'hono';
import { z } from 'zod';
import { readJson } from '../read-json.ts';
import { checkFields, FieldError, type KnownRoute } from './fields.ts';

/** A request that was read, and the names of its fields that change nothing. */
export interface Read<T> {
  readonly request: T;
  readonly without: readonly string[];
}

const Anything = z.record(z.string(), z.unknown());

/** Reads a JSON body, holds it to the table of its route, then to a schema. @throws AtelierError `too-large`; FieldError */
export async function readRequest<T>(context: Context, route: KnownRoute, schema: z.ZodType<T>): Promise<Read<T>> {
  const body = await readJson(context, Anything, 4 * limits.textBytes);
  return checked(route, schema, body);
}

export function checked<T>(route: KnownRoute, schema: z.ZodType<T>, body: Readonly<Record<string, unknown>>): Read<T> {
  const without = checkFields(route, body);
  const parsed = schema.safeParse(body);
  if (parsed.success) return { request: parsed.data, without };
  const [issue] = parsed.error.issues;
  const path = issue?.path.map(String).join('.') ?? '';
  throw new FieldError(path, `${path || 'The body'}: ${issue?.message ?? 'not valid'}`);
}

const Stop = z.string().min(1).max(100);

/** Fields that chat, completions and responses share. */
export const samplingFields = {
  model: z.string().max(200),
  temperature: z.number().min(0).max(2).nullish(),
  top_p: z.number().gt(0).max(1).nullish(),
  stream: z.boolean().nullish(),
};
export const stopField = z
  .union([Stop, z.array(Stop).max(4)])
  .nullish()
  .transform((stop) => (typeof stop === 'string' ? [stop] : (stop ?? [])));
export const seedField = seedNumber.nullish();
export const countField = z.int().min(1).max(limits.answersPerRequest).nullish();

/** Any number over 0, brought to what a text may have. */
export const tokensField = z
  .int()
  .min(1)
  .nullish()
  .transform((tokens) => (tokens === null || tokens === undefined ? undefined : Math.min(tokens, limits.textTokens)));

/** The seed of one of several answers. */
export const seedOf = (seed: number | null | undefined, index: number) => (typeof seed === 'number' ? (seed + index) % 2 ** 32 : undefined);

/** OpenAI's `response_format`, or the `format` of its `text`. Returns the parameters of text-generation. */
export const Format = z.discriminatedUnion('type', [
  z.object({ type: z.literal('text') }),
  z.object({ type: z.literal('json_object') }),
  z.object({
    type: z.literal('json_schema'),
    json_schema: z.object({ name: z.string().max(200).optional(), schema: Anything.optional() }).optional(),
    schema: Anything.optional(),
  }),
]);

export function formatParameters(format: z.infer<typeof Format> | null | undefined): { format?: 'json'; schema?: string } {
  if (!format || format.type === 'text') return {};
  if (format.type === 'json_object') return { format: 'json' };
  const schema = format.json_schema?.schema ?? format.schema;
  if (!schema) throw new FieldError('response_format', 'The format json_schema has no schema.', 'Give it as response_format.json_schema.schema.');
  return { format: 'json', schema: JSON.stringify(schema) };
}
