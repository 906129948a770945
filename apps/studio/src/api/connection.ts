import { isUnanswered } from '@atelier/client';
import { create } from 'zustand';
import { ask } from './ask.ts';

/** Whether the studio answers. */
export const useConnection = create<{ lost: boolean }>(() => ({ lost: false }));

/** Milliseconds between two looks while the studio does not answer; a browser that says that it is online again is asked at once. */
const looksEveryMs = 2_000;

const whenBack = new Set<() => void>();
/** Does something each time that the studio answers again. @returns stops that */
export function onBack(deed: () => void): () => void {
  whenBack.add(deed);
  return () => whenBack.delete(deed);
}

let looking: ReturnType<typeof setInterval> | null = null;

/** Hears of anything that failed; where the studio did not answer, looks until it does. What the studio itself said is no sign of that. */
export function heardFailure(error: unknown): void {
  if (!isUnanswered(error) || looking !== null) return;
  useConnection.setState({ lost: true });
  looking = setInterval(look, looksEveryMs);
  window.addEventListener('online', look);
}

/** Asks for something that a studio answers only once it has started, to somebody who is not signed in too. */
function look(): void {
  ask('/api/me', { cache: 'no-store' }).then(back, (problem: unknown) => isUnanswered(problem) || back());
}

function back(): void {
  if (looking === null) return;
  clearInterval(looking);
  looking = null;
  window.removeEventListener('online', look);
  useConnection.setState({ lost: false });
  for (const deed of whenBack) deed();
}
