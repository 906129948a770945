import { AtelierError } from '@atelier/protocol';

/** What went wrong and what to do, for people. A browser that cannot reach the server says "Failed to fetch", which helps nobody. */
export function sentenceOf(thrown: unknown): { code: string; message: string; hint?: string | undefined } {
  if (thrown instanceof TypeError && /fetch|network|load failed/i.test(thrown.message)) {
    return { code: 'unavailable', message: 'The studio cannot be reached.', hint: 'Look whether it still runs; this page goes on by itself when it answers.' };
  }
  const { code, message, hint } = AtelierError.from(thrown);
  return { code, message, hint };
}
