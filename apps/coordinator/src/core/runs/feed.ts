import { endedRunStates, type RunEvent, type RunId, type RunView, type StepView } from '@atelier/protocol';
import type { Advanced } from '../state/index.ts';
import { TextsSoFar } from './text-so-far.ts';

/** Events that are never stored: a reader that is late misses some. */
export type PassingEvent = Extract<RunEvent, { kind: 'progress' | 'preview' | 'text' }>;
type ControlEvent = Extract<RunEvent, { kind: 'control' }>;
type ShardEvent = Extract<RunEvent, { kind: 'shard' }>;

/** Passing events that wait for one slow reader; beyond it the oldest are dropped. */
const mostPassing = 256;
/**
 * How often the whole view of a step is sent while only its shards move: at most twice a second, and less often the more
 * shards it has, so that watching costs the same for each shard of a long step as of a short one.
 */
const wholeViewMs = 500;
const wholeViewMsPerShard = 10;

/** What is read of a run for those who watch it. */
export interface RunReader {
  whole(): Promise<RunView>;
  /** The run itself, and these steps of it. */
  changes(stepIds: readonly string[]): Promise<{ run: Extract<RunEvent, { kind: 'run' }>['run']; steps: StepView[] }>;
}

interface Subscriber {
  readonly dirtySteps: Set<string>;
  dirty: boolean;
  /** By step and shard: what became of it last. */
  shards: Map<string, ShardEvent>;
  /** By step: when its whole view may be sent again. */
  readonly rests: Map<string, NodeJS.Timeout>;
  passing: Array<PassingEvent | ControlEvent>;
  wake: () => void;
}

/**
 * Tells those who watch a run, within this process. A subscriber holds names of what changed, never views: they are read
 * when it asks. So one that stops reading costs a bounded handful of names and stalls nobody. Only the shards of a step
 * that has several are told with what became of them, each once.
 */
export class RunFeed {
  readonly #byRun = new Map<RunId, Set<Subscriber>>();
  readonly #texts = new TextsSoFar();
  readonly #onWatched: (runId: RunId) => void;

  /** @param onWatched hears when somebody begins to watch a run that nobody watched here */
  constructor(onWatched: (runId: RunId) => void = () => undefined) {
    this.#onWatched = onWatched;
  }

  /** After a commit. */
  changed(advanced: Pick<Advanced, 'runId' | 'stepIds'> & Partial<Pick<Advanced, 'shards' | 'stateChanged' | 'attempts'>>): void {
    for (const { id, state } of advanced.attempts ?? []) if (state !== 'queued' && state !== 'leased') this.#texts.forget(advanced.runId, id);
    for (const subscriber of this.#byRun.get(advanced.runId) ?? []) {
      const shards = advanced.shards ?? [];
      for (const { stepId, shard, done, total } of shards) {
        subscriber.shards.set(`${stepId}/${shard.index}`, { kind: 'shard', stepId, shard, done, total });
      }
      for (const { stepId, total } of shards) rest(subscriber, stepId, total);
      for (const stepId of advanced.stepIds) subscriber.dirtySteps.add(stepId);
      subscriber.dirty ||= shards.length === 0 || advanced.stepIds.length > 0 || advanced.stateChanged === true;
      subscriber.wake();
    }
  }

  /**
   * After a commit of another coordinator. Its shards are not told one by one: the whole view of their step follows.
   * @param stepIds that look different now @param resting steps of which only shards do, with how many they have
   */
  changedElsewhere(runId: RunId, stepIds: readonly string[], resting: ReadonlyArray<readonly [stepId: string, shards: number]>): void {
    for (const subscriber of this.#byRun.get(runId) ?? []) {
      for (const stepId of stepIds) subscriber.dirtySteps.add(stepId);
      for (const [stepId, shards] of resting) rest(subscriber, stepId, shards);
      subscriber.dirty ||= stepIds.length > 0 || resting.length === 0;
      subscriber.wake();
    }
  }

  /** An attempt was ended by another coordinator: what it has written is of no use. */
  ended(runId: RunId, attemptId: string): void {
    this.#texts.forget(runId, attemptId);
  }

  /** Runs that are watched here. */
  watched(): RunId[] {
    return [...this.#byRun.keys()];
  }

  isWatched(runId: RunId): boolean {
    return this.#byRun.has(runId);
  }

  pass(runId: RunId, event: PassingEvent): void {
    if (event.kind === 'text') this.#texts.add(runId, event);
    for (const subscriber of this.#byRun.get(runId) ?? []) {
      keep(subscriber, event);
      subscriber.wake();
    }
  }

  /** A running step was told something, or has followed it. Whoever is too slow for that reads it in the whole view of the step, a moment later. */
  steered(runId: RunId, event: ControlEvent): void {
    for (const subscriber of this.#byRun.get(runId) ?? []) {
      keep(subscriber, event);
      rest(subscriber, event.stepId, 1);
      subscriber.wake();
    }
  }

  /**
   * Watches a run: a snapshot first, then what changes, until its end or until the signal fires.
   * @param read the run as it is now, for whoever watches; what it throws ends the watching
   */
  async *watch(runId: RunId, read: RunReader, signal: AbortSignal): AsyncGenerator<RunEvent> {
    let awake = Promise.withResolvers<void>();
    const subscriber: Subscriber = {
      dirtySteps: new Set(),
      dirty: false,
      shards: new Map(),
      rests: new Map(),
      passing: [],
      wake: () => awake.resolve(),
    };
    const stop = () => awake.resolve();
    signal.addEventListener('abort', stop, { once: true });
    this.#add(runId, subscriber);
    // What comes from now on waits with the subscriber.
    const written = this.#texts.of(runId);
    try {
      const run = await read.whole();
      yield { kind: 'snapshot', run };
      yield* written;
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
    if (all.size === 1) this.#onWatched(runId);
  }

  #remove(runId: RunId, subscriber: Subscriber): void {
    for (const timer of subscriber.rests.values()) clearTimeout(timer);
    const all = this.#byRun.get(runId);
    all?.delete(subscriber);
    if (all?.size === 0) this.#byRun.delete(runId);
  }
}

/** The whole view of a step follows its shards after a while, unless it is on its way already. */
function rest(subscriber: Subscriber, stepId: string, shards: number): void {
  if (subscriber.rests.has(stepId)) return;
  const send = () => {
    subscriber.rests.delete(stepId);
    subscriber.dirtySteps.add(stepId);
    subscriber.dirty = true;
    subscriber.wake();
  };
  subscriber.rests.set(stepId, setTimeout(send, wholeViewMs + wholeViewMsPerShard * shards).unref());
}

/** Progress and previews replace older ones of the same attempt; text has to stay whole as long as there is room. */
function keep(subscriber: Subscriber, event: PassingEvent | ControlEvent): void {
  if (event.kind === 'control') {
    const { stepId, control } = event;
    subscriber.passing = subscriber.passing.filter((other) => other.kind !== 'control' || other.stepId !== stepId || other.control.number !== control.number);
  } else if (event.kind !== 'text') {
    subscriber.passing = subscriber.passing.filter((other) => other.kind !== event.kind || other.attemptId !== event.attemptId);
  }
  subscriber.passing.push(event);
  if (subscriber.passing.length > mostPassing) subscriber.passing.shift();
}

async function drain(subscriber: Subscriber, read: RunReader): Promise<RunEvent[]> {
  const { passing, shards, dirty } = subscriber;
  const stepIds = [...subscriber.dirtySteps];
  subscriber.passing = [];
  subscriber.shards = new Map();
  subscriber.dirty = false;
  subscriber.dirtySteps.clear();
  const events: RunEvent[] = [...passing, ...shards.values()];
  if (!dirty) return events;
  const { run, steps } = await read.changes(stepIds);
  for (const step of steps) events.push({ kind: 'step', step });
  events.push({ kind: 'run', run });
  if (endedRunStates.includes(run.state)) events.push({ kind: 'ended', state: run.state });
  return events;
}
