import { type AtelierError, endedRunStates, type RunEvent, type RunId } from '@atelier/protocol';
import { errorOfRequest } from './errors.ts';

export interface WatchOptions {
  readonly signal?: AbortSignal;
  /** Told when the connection broke and is being made again. */
  readonly onReconnect?: (error: AtelierError | null, waitMs: number) => void;
  /** Gives up after so many milliseconds without a connection; without it, never. */
  readonly patienceMs?: number;
}

/** Opens one connection to the events of a run. */
export type Connect = (id: RunId, signal?: AbortSignal) => Promise<AsyncIterable<RunEvent>>;

const firstWaitMs = 250;
const longestWaitMs = 5000;

/**
 * Events of a run until it has ended. A connection that breaks is made again, after waits that double up to 5 s; each new
 * one opens with a snapshot, so nothing that counts is missed.
 * @throws AtelierError where trying again cannot help (`not-found`, `unauthenticated` ...), `unavailable` when patience is over
 */
export async function* watchRun(connect: Connect, id: RunId, options: WatchOptions = {}): AsyncGenerator<RunEvent, void, undefined> {
  const { signal } = options;
  let waitMs = firstWaitMs;
  let waitedMs = 0;
  while (!signal?.aborted) {
    let error: AtelierError | null = null;
    try {
      for await (const event of untilEnded(await connect(id, signal))) {
        if (event === null) return;
        waitMs = firstWaitMs;
        waitedMs = 0;
        yield event;
      }
    } catch (thrown) {
      if (signal?.aborted) return;
      error = errorOfRequest(thrown);
      if (!mayPass(error, waitedMs, options)) throw error;
    }
    options.onReconnect?.(error, waitMs);
    await wait(waitMs, signal);
    waitedMs += waitMs;
    waitMs = Math.min(longestWaitMs, waitMs * 2);
  }
}

/** The events of one connection, and null behind the last one where the run has ended. */
async function* untilEnded(events: AsyncIterable<RunEvent>): AsyncGenerator<RunEvent | null, void, undefined> {
  let ended = false;
  for await (const event of events) {
    ended ||= saysEnded(event);
    yield event;
    if (event.kind === 'ended') return yield null;
  }
  if (ended) yield null;
}

function saysEnded(event: RunEvent): boolean {
  return (event.kind === 'snapshot' || event.kind === 'run') && endedRunStates.includes(event.run.state);
}

/** What a restart of the server or a break of the line looks like, as long as patience lasts. */
function mayPass(error: AtelierError, waitedMs: number, { patienceMs = Number.POSITIVE_INFINITY }: WatchOptions): boolean {
  return ['unavailable', 'starting', 'timeout', 'rate-limited', 'internal'].includes(error.code) && waitedMs < patienceMs;
}

function wait(milliseconds: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, milliseconds);
    signal?.addEventListener('abort', done, { once: true });
  });
}
