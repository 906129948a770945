import { readJson as readBoundedJson } from '@atelier/bounded-body';
import { AtelierError, checkTexts, limits } from '@atelier/protocol';
import type { Context } from 'hono';
import type { z } from 'zod';

/**
 * A request's JSON body, with or without a byte order mark, read up to a bound and validated.
 * @throws AtelierError `too-large`, `invalid-input`
 */
export async function readJson<T>(context: Context, schema: z.ZodType<T>, maxBytes: number = limits.jsonBytes): Promise<T> {
  const value = await readBoundedJson(context.req.raw, maxBytes);
  checkTexts(value);
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  throw new AtelierError('invalid-input', `${issue?.path.join('.') || 'The body'}: ${issue?.message ?? 'not valid'}`, { cause: parsed.error });
}
