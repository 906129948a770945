import type { RunView, StepView } from '@atelier/protocol';
import { secondsBetween } from '../units/time.ts';

/** A stretch of time of one step, in seconds from the beginning of the run. */
export interface Stretch {
  readonly stepId: string;
  readonly task: string;
  readonly start: number;
  readonly end: number;
  /** 0 for a line; steps that run at the same time lie in lanes beneath each other. */
  readonly lane: number;
  readonly running: boolean;
}

export interface Pace {
  readonly predicted: Stretch[];
  readonly real: Stretch[];
  /** Seconds that the picture spans. */
  readonly span: number;
  readonly predictedSeconds: number;
  readonly elapsedSeconds: number;
  readonly lanes: number;
}

/**
 * The real pace of a run beside the predicted one.
 * @param now the coordinator's time; a run that ended does not need it
 */
export function paceOf(run: Pick<RunView, 'plan' | 'steps' | 'startedAt' | 'endedAt'>, now: Date): Pace {
  const began = run.startedAt;
  const predicted = (run.plan?.steps ?? []).map(({ stepId, task, prediction }) => ({
    stepId,
    task,
    start: prediction.startSeconds,
    end: prediction.endSeconds,
    running: false,
  }));
  const real = began === null ? [] : run.steps.flatMap((step) => realStretch(step, began, now));
  const elapsedSeconds = began === null ? 0 : secondsBetween(began, run.endedAt ?? now);
  const predictedSeconds = run.plan?.totalSeconds ?? 0;
  const [first, second] = [inLanes(predicted), inLanes(real)];
  const lanes = Math.max(1, ...[...first, ...second].map((stretch) => stretch.lane + 1));
  return { predicted: first, real: second, span: Math.max(0.1, predictedSeconds, elapsedSeconds), predictedSeconds, elapsedSeconds, lanes };
}

function realStretch(step: StepView, began: string, now: Date): Omit<Stretch, 'lane'>[] {
  if (step.startedAt === null || step.reused) return [];
  const start = secondsBetween(began, step.startedAt);
  const end = secondsBetween(began, step.endedAt ?? now);
  return [{ stepId: step.id, task: step.task, start, end: Math.max(start, end), running: step.endedAt === null }];
}

function inLanes(stretches: readonly Omit<Stretch, 'lane'>[]): Stretch[] {
  const ends: number[] = [];
  return [...stretches]
    .sort((a, b) => a.start - b.start)
    .map((stretch) => {
      const free = ends.findIndex((end) => end <= stretch.start + 1e-6);
      const lane = free < 0 ? ends.length : free;
      ends[lane] = stretch.end;
      return { ...stretch, lane };
    });
}

/** What is left of a running step, honestly: a range from measured history, or that it takes longer than expected. */
export type Remaining = { kind: 'range'; low: number; high: number } | { kind: 'longer'; expected: number } | { kind: 'unknown' };

/**
 * @param heard seconds that the running model itself foretold, already lessened by the time since it said so; null if it said nothing.
 *   At 0 its word is used up, and history is asked instead
 */
export function remainingOf(step: Pick<StepView, 'prediction'>, elapsedSeconds: number, heard: number | null): Remaining {
  if (heard !== null && heard > 0) return { kind: 'range', low: Math.max(0, heard * 0.8), high: heard * 1.25 };
  const { prediction } = step;
  if (!prediction) return { kind: 'unknown' };
  const before = prediction.transferSeconds + prediction.loadSeconds;
  const high = before + prediction.runSecondsHigh - elapsedSeconds;
  if (high <= 0) return { kind: 'longer', expected: before + prediction.runSecondsHigh };
  return { kind: 'range', low: Math.max(0, before + prediction.runSecondsLow - elapsedSeconds), high };
}
