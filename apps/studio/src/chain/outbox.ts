import { isUnanswered } from '@atelier/client';
import { type ErrorCode, newId, type RunView } from '@atelier/protocol';
import { create } from 'zustand';
import { api, client, queries } from '../api/client.ts';
import { heardFailure, onBack } from '../api/connection.ts';
import { sentenceOf } from '../api/sentence.ts';
import { keptName, whenKnown } from '../kept/person.ts';

export type NewRun = Parameters<typeof client.runs.create>[0];
/** A run that is asked for: a chain, or an earlier run once more. */
export type RunRequest = NewRun | Parameters<typeof client.runs.again>[0];

/** A run that was asked for while the studio did not answer. */
export interface WaitingRun {
  /** Also its idempotency key: however often it is sent, one run comes of it. */
  readonly key: string;
  /** What it is called in the list. */
  readonly title: string;
  readonly request: RunRequest;
  /** Why the studio did not take it; null while it waits. */
  readonly refused: string | null;
}

const storageKey = () => keptName('outbox');
/** Milliseconds until a run is sent again that was refused for what passes by itself. */
const againMs = 3_000;
/** A studio that has just started has its machines a moment later, and its database, or whatever it says is away, may come back. */
const passing: ReadonlySet<ErrorCode> = new Set(['no-offer', 'unavailable', 'timeout', 'rate-limited']);

/** Runs that wait for the connection; they outlive a reload, and every tab shows them. */
export const useOutbox = create<{ waiting: readonly WaitingRun[] }>(() => ({ waiting: [] }));
whenKnown(() => useOutbox.setState({ waiting: stored() }));

/** Where a run that waited is shown when it has begun. */
let tellSent: (run: RunView, waited: WaitingRun) => void = () => undefined;
export const onSent = (tell: typeof tellSent) => {
  tellSent = tell;
};

/**
 * Sends a run, or keeps it until the studio answers.
 * @returns the run, or null if it waits @throws AtelierError where the studio refuses it
 */
export async function sendOrKeep(request: RunRequest, title: string): Promise<RunView | null> {
  const key = newId();
  try {
    return await send(request, key);
  } catch (problem) {
    if (!isUnanswered(problem)) throw problem;
    keep([...current(), { key, title, request, refused: null }]);
    heardFailure(problem);
    return null;
  }
}

/** Takes a waiting run back. */
export const withdraw = (key: string) => keep(current().filter((one) => one.key !== key));

/** Sends a run once more that the studio refused. */
export function tryAgain(key: string): void {
  keep(current().map((one) => (one.key === key ? { ...one, refused: null } : one)));
  void sendWaiting();
}

/** Sends what waits. A run that is refused stays and says why; one that does not get through waits on. */
export async function sendWaiting(): Promise<void> {
  for (const waiting of current().filter((one) => one.refused === null)) {
    // It may have been taken back while another was on its way.
    if (!current().some((one) => one.key === waiting.key)) continue;
    try {
      const run = await send(waiting.request, waiting.key);
      // Another tab may have sent it too, and got the same run.
      const first = current().some((one) => one.key === waiting.key);
      withdraw(waiting.key);
      if (first) tellSent(run, waiting);
    } catch (problem) {
      const { code, message } = sentenceOf(problem);
      heardFailure(problem);
      if (isUnanswered(problem) || code === 'unauthenticated') return;
      if (passing.has(code)) sendAgainSoon();
      else keep(current().map((one) => (one.key === waiting.key ? { ...one, refused: message } : one)));
    }
  }
}

let soon: ReturnType<typeof setTimeout> | undefined;

/** One timer for all that wait for what passes. */
function sendAgainSoon(): void {
  if (soon !== undefined) return;
  soon = setTimeout(() => {
    soon = undefined;
    void sendWaiting();
  }, againMs);
}

/** Sends at each return of the connection, and what an earlier visit left. Called once. */
export function openOutbox(): () => void {
  const look = (event: StorageEvent) => event.key === storageKey() && useOutbox.setState({ waiting: stored() });
  window.addEventListener('storage', look);
  const stop = onBack(() => void sendWaiting());
  void sendWaiting();
  return () => {
    window.removeEventListener('storage', look);
    stop();
  };
}

async function send(request: RunRequest, key: string): Promise<RunView> {
  const context = { idempotencyKey: key };
  const run = await ('chain' in request ? client.runs.create(request, { context }) : client.runs.again(request, { context }));
  void queries.invalidateQueries({ queryKey: api.runs.key() });
  void queries.invalidateQueries({ queryKey: api.queue.key() });
  return run;
}

/** Other tabs write too, so the storage is read before each change; without one, what this page knows is all there is. */
const current = () => (storageWorks ? stored() : useOutbox.getState().waiting);
let storageWorks = true;

function keep(waiting: readonly WaitingRun[]): void {
  useOutbox.setState({ waiting });
  const name = storageKey();
  if (name === null) return;
  try {
    if (waiting.length === 0) localStorage.removeItem(name);
    else localStorage.setItem(name, JSON.stringify(waiting));
  } catch {
    // They then wait as long as the page stands.
    storageWorks = false;
  }
}

function stored(): readonly WaitingRun[] {
  try {
    const kept = JSON.parse(localStorage.getItem(storageKey() ?? '') ?? '[]') as WaitingRun[];
    return Array.isArray(kept) ? kept.filter((one) => typeof one?.key === 'string' && one.request !== undefined) : [];
  } catch {
    return [];
  }
}
