import type { QueuedRun } from '@atelier/protocol';

/** "Waiting, 2nd in line"; null for a run that does not wait. */
export function waitingWords(queued: QueuedRun | undefined): string | null {
  if (queued?.state !== 'waiting') return null;
  return queued.place === null ? 'Waiting for a machine' : `Waiting, ${ordinal(queued.place)} in line`;
}

const suffixes: Partial<Record<Intl.LDMLPluralRule, string>> = { one: 'st', two: 'nd', few: 'rd' };
const rules = new Intl.PluralRules('en', { type: 'ordinal' });
const ordinal = (place: number) => `${place}${suffixes[rules.select(place)] ?? 'th'}`;
