import { isUnanswered } from '@atelier/client';
import { AtelierError, type ErrorCode } from '@atelier/protocol';

/** What went wrong and what to do, for people. */
export function sentenceOf(thrown: unknown): { code: ErrorCode; message: string; hint?: string | undefined } {
  const error = AtelierError.from(thrown);
  return { code: error.code, message: error.message, hint: hintOf(error) };
}

/** What to type into a terminal helps nobody on a page. */
function hintOf(error: AtelierError): string | undefined {
  const { hint } = error;
  if (isUnanswered(error)) return hint?.includes('npx') ? 'Check that it is running. This page continues by itself when it answers.' : hint;
  return hint !== undefined && /--(help|set)\b|\bGET \/|\batelier (runs?|walk|token|people)\b/.test(hint) ? undefined : hint;
}
