import type { RunEvent, RunState, RunView, StepView } from '@atelier/protocol';

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
  readonly live: Readonly<Record<string, StepLive>>;
  readonly ended: RunState | null;
}

/**
 * A run after one more event. A reader that reconnects gets `snapshot` again, which replaces everything stored and keeps previews.
 * @param now this browser's clock in milliseconds
 */
export function applyRunEvent(watched: WatchedRun | null, event: RunEvent, now: number): WatchedRun | null {
  if (event.kind === 'snapshot') return { run: event.run, live: watched?.live ?? {}, ended: null };
  if (!watched) return null;
  switch (event.kind) {
    case 'run':
      return { ...watched, run: { ...watched.run, ...event.run } };
    case 'step':
      return { ...watched, run: { ...watched.run, steps: watched.run.steps.map((step) => (step.id === event.step.id ? event.step : step)) } };
    case 'ended':
      return { ...watched, ended: event.state, run: { ...watched.run, state: event.state } };
    case 'shard':
      return { ...watched, run: { ...watched.run, steps: watched.run.steps.map((step) => (step.id === event.stepId ? withShard(step, event) : step)) } };
    default:
      return { ...watched, live: { ...watched.live, [event.stepId]: heard(watched.live[event.stepId], event, now) } };
  }
}

function withShard(step: StepView, { shard, done, total }: Extract<RunEvent, { kind: 'shard' }>): StepView {
  const each = step.shards?.each ?? [];
  return { ...step, shards: { total, done, each: each.map((other) => (other.index === shard.index ? shard : other)) } };
}

type Passing = Extract<RunEvent, { kind: 'progress' | 'preview' | 'text' }>;

function heard(before: StepLive | undefined, event: Passing, now: number): StepLive {
  const fresh: StepLive = { attemptId: event.attemptId, fraction: 0, message: null, remainingSeconds: null, preview: null, text: '', heardAt: now };
  const live = before?.attemptId === event.attemptId ? before : fresh;
  if (event.kind === 'text') return { ...live, text: live.text + event.delta };
  if (event.kind === 'preview') return { ...live, preview: `data:${event.mediaType};base64,${event.base64}` };
  return { ...live, fraction: event.fraction, message: event.message, remainingSeconds: event.remainingSeconds, heardAt: now };
}
