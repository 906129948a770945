import type { RunView } from '@atelier/protocol';
import { formatSeconds, secondsBetween } from '../units/time.ts';
import type { NoticeSettings } from './notice-settings.ts';

/** Runs that took less than this many seconds are not long, and nobody went away from them. */
export const longSeconds = 10;

/** What a notice of a run says. */
export interface EndWords {
  readonly title: string;
  readonly body: string;
}

type Ended = Pick<RunView, 'id' | 'name' | 'state' | 'createdAt' | 'endedAt' | 'error'>;

/** The words of the notice of a run, or null if it is worth none: it goes on, was stopped by hand, or was quick and nobody asked. */
export function endWords(run: Ended, { asked }: Pick<NoticeSettings, 'asked'>): EndWords | null {
  if (run.endedAt === null || (run.state !== 'succeeded' && run.state !== 'failed')) return null;
  const seconds = secondsBetween(run.createdAt, run.endedAt);
  if (seconds < longSeconds && !asked.includes(run.id)) return null;
  if (run.state === 'failed') return { title: `Failed · ${run.name}`, body: run.error?.message ?? 'It could not be finished.' };
  return { title: `Done · ${run.name}`, body: `It took ${formatSeconds(seconds)}.` };
}
