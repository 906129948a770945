import type { z } from 'zod';
import { refusal } from './refusal.ts';

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
  throw refusal(parsed.error, { where, what: where, names: Object.keys(schema.shape), help: hint });
}
