import type { z } from 'zod';
import { AtelierError } from './errors.ts';

/** Whose values they are, as the error names it. */
interface Refused {
  /** Stands before the name of the value. */
  readonly where: string;
  /** What has no value of an unknown name. */
  readonly what: string;
  readonly names: readonly string[];
  readonly help: string;
}

/** What is said of values that do not fit their schema: the first thing that is wrong. `parameter-out-of-bounds` for a number or text out of bounds, else `invalid-input`. */
export function refusal(error: z.ZodError, { where, what, names, help }: Refused): AtelierError {
  const issue = error.issues[0];
  if (issue?.code === 'unrecognized_keys') {
    return new AtelierError('invalid-input', `${what} has no parameter "${issue.keys.join('", "')}".`, { hint: `It has: ${names.join(', ') || 'none'}.` });
  }
  const outOfBounds = issue?.code === 'too_big' || issue?.code === 'too_small' || issue?.code === 'invalid_value';
  const message = `${where}.${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'not valid'}.`;
  return new AtelierError(outOfBounds ? 'parameter-out-of-bounds' : 'invalid-input', message, { hint: help, cause: error });
}
