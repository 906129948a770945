import { endedRunStates, type RunEvent, type RunId, type RunView } from '@atelier/protocol';
import type { Advanced } from './advance.ts';

/** Events that are never stored: a reader that is late misses some. */
export type PassingEvent = Extract<RunEvent, { kind: 'progress' | 'preview' | 'text' }>;

/** Passing events that wait for one slow reader; beyond it the oldest are dropped. */
const mostPassing = 256;

interface Subscriber {
  readonly dirtySteps: Set<string>;
  dirty: boolean;
  passing: PassingEvent[];
  wake: () => void;
}

/**
 * Tells those who watch a run, within this process. A subscriber holds names of what changed, never views: they are read
 * when it asks. So one that stops reading costs a bounded handful of names and stalls nobody.
 */
export class RunEvents {
  readonly #byRun = new Map<RunId, Set<Subscriber>>();

  /** After a commit. */
  changed(advanced: Pick<Advanced, 'runId' | 'stepIds'>): void {
    for (const subscriber of this.#byRun.get(advanced.runId) ?? []) {
      subscriber.dirty = true;
      for (const stepId of advanced.stepIds) subscriber.dirtySteps.add(stepId);
      subscriber.wake();
    }
  }

  isWatched(runId: RunId): boolean {
    return this.#byRun.has(runId);
  }

  pass(runId: RunId, event: PassingEvent): void {
    for (const subscriber of this.#byRun.get(runId) ?? []) {
      keep(subscriber, event);
      subscriber.wake();
    }
  }

  /**
   * Watches a run: a snapshot first, then what changes, until its end or until the signal fires.
   * @param read the run as it is now, for whoever watches; what it throws ends the watching
   */
  async *watch(runId: RunId, read: () => Promise<RunView>, signal: AbortSignal): AsyncGenerator<RunEvent> {
    let awake = Promise.withResolvers<void>();
    const subscriber: Subscriber = { dirtySteps: new Set(), dirty: false, passing: [], wake: () => awake.resolve() };
    const stop = () => awake.resolve();
    signal.addEventListener('abort', stop, { once: true });
    this.#add(runId, subscriber);
    try {
      const run = await read();
      yield { kind: 'snapshot', run };
      let ended = endedRunStates.includes(run.state);
      if (ended) yield { kind: 'ended', state: run.state };
      while (!ended && !signal.aborted) {
        await awake.promise;
        awake = Promise.withResolvers<void>();
        for (const event of await drain(subscriber, read)) {
          yield event;
          ended ||= event.kind === 'ended';
        }
      }
    } finally {
      signal.removeEventListener('abort', stop);
      this.#remove(runId, subscriber);
    }
  }

  #add(runId: RunId, subscriber: Subscriber): void {
    const all = this.#byRun.get(runId) ?? new Set();
    this.#byRun.set(runId, all.add(subscriber));
  }

  #remove(runId: RunId, subscriber: Subscriber): void {
    const all = this.#byRun.get(runId);
    all?.delete(subscriber);
    if (all?.size === 0) this.#byRun.delete(runId);
  }
}

/** Progress and previews replace older ones of the same attempt; text has to stay whole as long as there is room. */
function keep(subscriber: Subscriber, event: PassingEvent): void {
  if (event.kind !== 'text') {
    subscriber.passing = subscriber.passing.filter((other) => other.kind !== event.kind || other.attemptId !== event.attemptId);
  }
  subscriber.passing.push(event);
  if (subscriber.passing.length > mostPassing) subscriber.passing.shift();
}

async function drain(subscriber: Subscriber, read: () => Promise<RunView>): Promise<RunEvent[]> {
  const { passing, dirty } = subscriber;
  const stepIds = new Set(subscriber.dirtySteps);
  subscriber.passing = [];
  subscriber.dirty = false;
  subscriber.dirtySteps.clear();
  if (!dirty) return passing;
  const run = await read();
  const events: RunEvent[] = [...passing];
  for (const step of run.steps) if (stepIds.has(step.id)) events.push({ kind: 'step', step });
  const { steps: _steps, inputs: _inputs, chain: _chain, ...rest } = run;
  events.push({ kind: 'run', run: rest });
  if (endedRunStates.includes(run.state)) events.push({ kind: 'ended', state: run.state });
  return events;
}
