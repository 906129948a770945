import type { AttemptState, EdgeId, RunState, StepState } from '@atelier/protocol';
import type { AttemptRef } from './events.ts';

/**
 * Attempts of one shard that may vanish with their edge before its step fails. Higher than limits.attemptsPerStep, since
 * a closed lid or a cut cable says nothing about the step; bounded, since a step may also be what brings its edges down.
 */
export const lossesPerStep = 10;

/** What a step is to run on. */
export interface Binding {
  readonly edgeId: EdgeId;
  readonly modelId: string;
}

export interface MachineAttempt extends Binding {
  /** Counts from 1 within its shard. */
  readonly number: number;
  readonly state: AttemptState;
}

/** A range of a step's work. It has at most one live attempt, always its last. */
export interface MachineShard {
  readonly index: number;
  readonly done: boolean;
  readonly failures: number;
  readonly losses: number;
  /** Edges where an attempt failed or was lost: the next plan tries others first. */
  readonly avoid: readonly EdgeId[];
  readonly attempts: readonly MachineAttempt[];
}

export interface MachineStep {
  readonly id: string;
  /** Steps whose results it needs. */
  readonly reads: readonly string[];
  /** How many of `reads` have not succeeded yet. */
  readonly remaining: number;
  readonly state: StepState;
  readonly bound: Binding | null;
  readonly shards: readonly MachineShard[];
}

/** A run as the machine sees it. Parts that a transition leaves alone keep their identity, so that a writer can tell what changed. */
export interface RunMachineState {
  readonly state: RunState;
  /** Raised by every plan and by everything that makes a plan outdated. */
  readonly planVersion: number;
  /** In an order in which each comes after what it reads. */
  readonly steps: ReadonlyMap<string, MachineStep>;
}

/** A step of a run that is being made. `done` where its result is taken over from another run. */
export interface NewStep {
  readonly id: string;
  readonly reads: readonly string[];
  readonly shards: number;
  readonly done: boolean;
}

/** A run before its first plan. Steps come in an order in which each follows what it reads; a step may be done only if all that it reads is. */
export function beginRun(steps: readonly NewStep[]): RunMachineState {
  const done = new Set(steps.filter((step) => step.done).map((step) => step.id));
  const begun = steps.map((step): [string, MachineStep] => {
    const remaining = step.reads.filter((name) => !done.has(name)).length;
    const shards = Array.from({ length: step.shards }, (_, index) => ({ index, done: step.done, failures: 0, losses: 0, avoid: [], attempts: [] }));
    const state = step.done ? 'succeeded' : remaining === 0 ? 'ready' : 'waiting';
    return [step.id, { id: step.id, reads: step.reads, remaining, state, bound: null, shards }];
  });
  return { state: 'planning', planVersion: 0, steps: new Map(begun) };
}

/** The attempt of a shard that is queued or leased now. */
export function liveAttempt(shard: MachineShard): MachineAttempt | undefined {
  const last = shard.attempts.at(-1);
  return last && (last.state === 'queued' || last.state === 'leased') ? last : undefined;
}

/** The attempt that a reference names, or undefined. */
export function attemptOf(state: Pick<RunMachineState, 'steps'>, ref: AttemptRef): MachineAttempt | undefined {
  return state.steps.get(ref.stepId)?.shards[ref.shard]?.attempts[ref.number - 1];
}
