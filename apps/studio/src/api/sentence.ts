import { asAtelierError } from '@atelier/client';
import type { ErrorCode } from '@atelier/protocol';

/** What went wrong and what to do, for people. */
export function sentenceOf(thrown: unknown): { code: ErrorCode; message: string; hint?: string | undefined } {
  const { code, message, hint } = asAtelierError(thrown);
  if (code === 'unavailable')
    return { code, message, hint: hint?.includes('npx') ? 'Look whether it still runs; this page goes on by itself when it answers.' : hint };
  return { code, message, hint };
}
