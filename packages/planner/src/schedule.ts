import type { Prediction } from '@atelier/protocol';
import { transferSeconds } from './links.ts';
import { ModelMemory } from './memory.ts';
import type { Candidate, Problem, ProblemStep } from './problem.ts';

/** A candidate's number for every step of a problem. */
export type Binding = ArrayLike<number>;

/** One step of a plan that was played through. Seconds count from now. */
export interface Timing {
  readonly readySeconds: number;
  readonly startSeconds: number;
  readonly transferSeconds: number;
  readonly loadSeconds: number;
  readonly runSeconds: number;
  readonly endSeconds: number;
}

export interface Schedule {
  readonly totalSeconds: number;
  readonly timings: readonly Timing[];
}

/**
 * Plays a plan through: what the planner means by predicted time. A step is ready when all that it reads is made. Steps that
 * are ready wait for a slot of their edge in the order in which they became ready (then in the chain's order), behind the
 * work of others. A slot is held while inputs are brought one after the other, the model is loaded, and the step runs.
 */
export function playThrough(problem: Problem, binding: Binding): Schedule {
  const { steps } = problem;
  const memory = problem.memoryMatters ? new ModelMemory(problem) : null;
  const timings: Timing[] = new Array(steps.length);
  const slots = new Map<number, number[]>();
  let totalSeconds = 0;
  for (let done = 0; done < steps.length; done += 1) {
    const { number, ready } = nextReady(problem, timings, done);
    const step = steps[number] as ProblemStep;
    const candidate = step.candidates[binding[number] as number] as Candidate;
    const free = slotsOf(problem, slots, candidate.edge);
    const slot = free.indexOf(Math.min(...free));
    const timing = timeStep(problem, binding, number, Math.max(ready, free[slot] as number), memory?.isWarm(candidate) ?? candidate.loaded);
    memory?.use(candidate);
    timings[number] = { ...timing, readySeconds: ready };
    free[slot] = timing.endSeconds;
    totalSeconds = Math.max(totalSeconds, timing.endSeconds);
  }
  return { totalSeconds, timings };
}

function nextReady(problem: Problem, timings: readonly (Timing | undefined)[], done: number): { number: number; ready: number } {
  if (problem.sequential) return { number: done, ready: readySeconds(problem, timings, done) ?? 0 };
  let best = { number: -1, ready: Number.POSITIVE_INFINITY };
  for (let number = 0; number < problem.steps.length; number += 1) {
    if (timings[number]) continue;
    const ready = readySeconds(problem, timings, number);
    if (ready !== null && ready < best.ready) best = { number, ready };
  }
  return best;
}

/** Null while something that it reads has no time yet. */
function readySeconds(problem: Problem, timings: readonly (Timing | undefined)[], number: number): number | null {
  const step = problem.steps[number] as ProblemStep;
  let ready = step.readyAt;
  for (const read of step.reads) {
    const timing = timings[read.from];
    if (!timing) return null;
    ready = Math.max(ready, timing.endSeconds);
  }
  return ready;
}

function slotsOf(problem: Problem, slots: Map<number, number[]>, edge: number): number[] {
  const known = slots.get(edge);
  if (known) return known;
  const free = new Array<number>(problem.slots[edge] as number).fill(problem.free[edge] as number);
  slots.set(edge, free);
  return free;
}

/** The times of one step that starts then, given where the steps that it reads are. */
export function timeStep(problem: Problem, binding: Binding, number: number, startSeconds: number, warm: boolean): Omit<Timing, 'readySeconds'> {
  const step = problem.steps[number] as ProblemStep;
  const own = binding[number] as number;
  const { edge, estimate } = step.candidates[own] as Candidate;
  let transfer = step.dataSeconds[own] as number;
  for (const read of step.reads) {
    const other = binding[read.from] as number;
    const from = (problem.steps[read.from] as ProblemStep).edge[other] as number;
    transfer += transferSeconds(problem.links, from, edge, read.artifacts, read.bytes[other] as number);
  }
  const loadSeconds = warm ? 0 : estimate.loadSeconds;
  const runSeconds = warm ? estimate.warmSeconds : estimate.coldSeconds;
  return { startSeconds, transferSeconds: transfer, loadSeconds, runSeconds, endSeconds: startSeconds + transfer + loadSeconds + runSeconds };
}

/** A timing in the protocol's form. */
export function predictionOf(problem: Problem, binding: Binding, number: number, timing: Timing): Prediction {
  const step = problem.steps[number] as ProblemStep;
  const own = binding[number] as number;
  const { edge, estimate } = step.candidates[own] as Candidate;
  let transferBytes = step.dataBytes[own] as number;
  for (const read of step.reads) {
    const other = binding[read.from] as number;
    if ((problem.steps[read.from] as ProblemStep).edge[other] !== edge) transferBytes += read.bytes[other] as number;
  }
  return {
    queueSeconds: Math.max(0, timing.startSeconds - timing.readySeconds),
    transferSeconds: timing.transferSeconds,
    transferBytes: Math.round(transferBytes),
    loadSeconds: timing.loadSeconds,
    runSeconds: timing.runSeconds,
    startSeconds: timing.startSeconds,
    endSeconds: timing.endSeconds,
    runSecondsLow: timing.runSeconds * Math.min(1, estimate.lowFactor),
    runSecondsHigh: timing.runSeconds * Math.max(1, estimate.highFactor),
    basis: estimate.basis,
    samples: estimate.samples,
  };
}
