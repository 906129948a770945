import type { z } from 'zod';
import { AtelierError } from './errors.ts';

/**
 * Validates parameters against a declaration's schema and fills in defaults; a name that it does not have is refused.
 * @param about whose parameters they are, and where its bounds can be read
 * @throws AtelierError `invalid-input` for an unknown name or a wrong type, `parameter-out-of-bounds` for a number or text out of bounds
 */
export function checkedParameters<S extends z.ZodObject>(
  schema: S,
  given: Readonly<Record<string, unknown>>,
  { where, hint }: { readonly where: string; readonly hint: string },
): z.output<S> {
  const parsed = schema.strict().safeParse(given);
  if (parsed.success) return parsed.data as z.output<S>;
  const issue = parsed.error.issues[0];
  const name = issue?.path.join('.') ?? '';
  if (issue?.code === 'unrecognized_keys') {
    throw new AtelierError('invalid-input', `${where} has no parameter "${issue.keys.join('", "')}".`, {
      hint: `It has: ${Object.keys(schema.shape).join(', ') || 'none'}.`,
    });
  }
  const outOfBounds = issue?.code === 'too_big' || issue?.code === 'too_small' || issue?.code === 'invalid_value';
  throw new AtelierError(outOfBounds ? 'parameter-out-of-bounds' : 'invalid-input', `${where}.${name}: ${issue?.message ?? 'not valid'}.`, {
    hint,
    cause: parsed.error,
  });
}
