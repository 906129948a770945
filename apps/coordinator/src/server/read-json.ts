import { AtelierError } from '@atelier/protocol';
import type { Context } from 'hono';
import type { z } from 'zod';

const mostBytes = 64 * 1024;

/**
 * A request's JSON body, read up to a bound and validated.
 * @throws AtelierError `too-large`, `invalid-input`
 */
export async function readJson<T>(context: Context, schema: z.ZodType<T>, maxBytes = mostBytes): Promise<T> {
  const text = await readText(context.req.raw, maxBytes);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new AtelierError('invalid-input', 'The body is not valid JSON.', { cause });
  }
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  throw new AtelierError('invalid-input', `${issue?.path.join('.') || 'The body'}: ${issue?.message ?? 'not valid'}`, { cause: parsed.error });
}

async function readText(request: Request, maxBytes: number): Promise<string> {
  const chunks: Uint8Array[] = [];
  let sizeBytes = 0;
  for await (const chunk of request.body ?? []) {
    sizeBytes += chunk.byteLength;
    if (sizeBytes > maxBytes) throw new AtelierError('too-large', `The body may have at most ${maxBytes} bytes.`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}
