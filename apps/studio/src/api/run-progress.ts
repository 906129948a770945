import type { ControlView, RunEvent, RunState, RunView, ShardView, StepView } from '@atelier/protocol';

/** What passes by while a step runs and is never stored. */
export interface StepLive {
  readonly attemptId: string;
  readonly fraction: number;
  readonly message: string | null;
  readonly remainingSeconds: number | null;
  /** A data URL of the newest preview. */
  readonly preview: string | null;
  readonly text: string;
  /** When the last progress came, by this browser's clock in milliseconds. */
  readonly heardAt: number;
}

/** A run as the page knows it: the stored view and what passes by. */
export interface WatchedRun {
  readonly run: RunView;
  /** By step; of a step with several shards, whichever was heard of last. */
  readonly live: Readonly<Record<string, StepLive>>;
  /** By step, then by shard, of shards that are being made. */
  readonly shards: Readonly<Record<string, Readonly<Record<number, StepLive>>>>;
  readonly ended: RunState | null;
}

/**
 * A run after one more event. A reader that reconnects gets `snapshot` again, which replaces everything stored and keeps previews.
 * @param now this browser's clock in milliseconds
 */
export function applyRunEvent(watched: WatchedRun | null, event: RunEvent, now: number): WatchedRun | null {
  if (event.kind === 'snapshot') return { run: event.run, live: watched?.live ?? {}, shards: watched?.shards ?? {}, ended: null };
  if (!watched) return null;
  switch (event.kind) {
    case 'run':
      return { ...watched, run: { ...watched.run, ...event.run } };
    case 'step':
      return { ...watched, run: { ...watched.run, steps: watched.run.steps.map((step) => (step.id === event.step.id ? event.step : step)) } };
    case 'ended':
      return { ...watched, ended: event.state, run: { ...watched.run, state: event.state } };
    case 'shard':
      return applyShards(watched, [event]);
    case 'control':
      return {
        ...watched,
        run: { ...watched.run, steps: watched.run.steps.map((step) => (step.id === event.stepId ? withControl(step, event.control) : step)) },
      };
    default:
      return withPassing(watched, event, now);
  }
}

/** A run after several events that came together. A row of `shard` events copies the shards of a step once, however long it is. */
export function applyRunEvents(watched: WatchedRun | null, events: readonly RunEvent[], now: number): WatchedRun | null {
  let after = watched;
  let moved: ShardEvent[] = [];
  const settle = () => {
    if (after && moved.length > 0) after = applyShards(after, moved);
    moved = [];
  };
  for (const event of events) {
    if (event.kind === 'shard') {
      moved.push(event);
      continue;
    }
    settle();
    after = applyRunEvent(after, event, now);
  }
  settle();
  return after;
}

type ShardEvent = Extract<RunEvent, { kind: 'shard' }>;

function applyShards(watched: WatchedRun, events: readonly ShardEvent[]): WatchedRun {
  const shards = { ...watched.shards };
  const steps = watched.run.steps.map((step) => {
    const own = events.filter((event) => event.stepId === step.id);
    if (own.length === 0) return step;
    shards[step.id] = withoutShards(
      shards[step.id],
      own.flatMap(({ shard }) => (shard.state === 'running' ? [] : [shard.index])),
    );
    return withShards(step, own);
  });
  return { ...watched, shards, run: { ...watched.run, steps } };
}

function withShards(step: StepView, events: readonly ShardEvent[]): StepView {
  const last = events.at(-1);
  if (!last) return step;
  const each = [...(step.shards?.each ?? waitingShards(last.total))];
  for (const { shard } of events) each[shard.index] = shard;
  return { ...step, shards: { total: last.total, done: last.done, each } };
}

/** A step whose first shard moves before any view of it came. */
const waitingShards = (total: number): ShardView[] =>
  Array.from({ length: total }, (_, index) => ({ index, state: 'waiting' as const, edgeId: null, outputId: null }));

function withoutShards(shards: Readonly<Record<number, StepLive>> | undefined, gone: readonly number[]): Readonly<Record<number, StepLive>> {
  const left = { ...shards };
  for (const index of gone) delete left[index];
  return left;
}

/** A step that was told something, or has followed it; the whole view of the step comes a moment later. */
function withControl(step: StepView, control: ControlView): StepView {
  const { total = 0, newest = [] } = step.controls ?? {};
  const others = newest.filter(({ number }) => number !== control.number);
  return { ...step, controls: { total: Math.max(total, control.number), newest: [...others, control].sort((a, b) => a.number - b.number) } };
}

type Passing = Extract<RunEvent, { kind: 'progress' | 'preview' | 'text' }>;

function withPassing(watched: WatchedRun, event: Passing, now: number): WatchedRun {
  const { stepId } = event;
  const live = { ...watched.live, [stepId]: heard(watched.live[stepId], event, now) };
  const index = shardOf(watched.run, event);
  if (index === undefined) return { ...watched, live };
  const known = watched.shards[stepId] ?? {};
  return { ...watched, live, shards: { ...watched.shards, [stepId]: { ...known, [index]: heard(known[index], event, now) } } };
}

/** The shard that an attempt makes, of a step that has several; undefined if it is done, or nothing is known of it. */
function shardOf(run: RunView, event: Passing): number | undefined {
  const step = run.steps.find(({ id }) => id === event.stepId);
  if (!step?.shards) return undefined;
  const told = 'shard' in event ? event.shard : undefined;
  const index = told ?? step.attempts.find(({ id }) => id === event.attemptId)?.shard;
  return index === undefined || step.shards.each[index]?.state === 'succeeded' ? undefined : index;
}

function heard(before: StepLive | undefined, event: Passing, now: number): StepLive {
  const fresh: StepLive = { attemptId: event.attemptId, fraction: 0, message: null, remainingSeconds: null, preview: null, text: '', heardAt: now };
  const live = before?.attemptId === event.attemptId ? before : fresh;
  if (event.kind === 'text') return { ...live, text: event.soFar ? event.delta : live.text + event.delta };
  if (event.kind === 'preview') return { ...live, preview: `data:${event.mediaType};base64,${event.base64}` };
  return { ...live, fraction: event.fraction, message: event.message, remainingSeconds: event.remainingSeconds, heardAt: now };
}
