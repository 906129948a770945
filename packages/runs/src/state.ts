import type { AttemptState, EdgeId, RunState, StepState } from '@atelier/protocol';

/** Names an attempt within its run. */
export interface AttemptRef {
  readonly stepId: string;
  readonly shard: number;
  readonly number: number;
}

/**
 * Attempts of one shard that may vanish with their edge before its step fails. Higher than limits.attemptsPerStep, since
 * a closed lid or a cut cable says nothing about the step; bounded, since a step may also be what brings its edges down.
 */
export const lossesPerStep = 10;

/** What a step is to run on. One of several that share it, where it has several shards. */
export interface Binding {
  readonly edgeId: EdgeId;
  readonly modelId: string;
  /** Shards that the edge computes at a time. */
  readonly slots: number;
  /** What one shard takes there: predicted at first, then as measured. */
  readonly secondsPerShard: number;
  /** Of a step that edges share: the hash of the model that it was planned with. Undefined if there is one shard, and in runs of an older release. */
  readonly modelHash?: string | undefined;
}

export interface MachineAttempt {
  readonly edgeId: EdgeId;
  readonly modelId: string;
  /** That of its binding. */
  readonly modelHash?: string | undefined;
  /** Counts from 1 within its shard. */
  readonly number: number;
  readonly state: AttemptState;
}

/** A part of a step's work. It has at most one live attempt, always its last. */
export interface MachineShard {
  readonly index: number;
  /** When it is best begun, among its step's. */
  readonly rank: number;
  readonly done: boolean;
  /** Done without an attempt: the result cache had it. */
  readonly cached: boolean;
  readonly failures: number;
  readonly losses: number;
  /** Edges where an attempt failed or was lost: others are tried first. */
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
  /** Whether the result cache was asked for it, or need not be. Until then nothing of it starts. */
  readonly asked: boolean;
  /** Where it runs; empty while it has to be planned. A step of one shard has one. */
  readonly sharing: readonly Binding[];
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

/** A step of a run that is being made. */
export interface NewStep {
  readonly id: string;
  readonly reads: readonly string[];
  readonly shards: number;
  /** Every shard's number once, in the order in which they are best begun; left out, in their own order. */
  readonly order?: readonly number[];
  /** Its result is taken over from another run. */
  readonly done: boolean;
  /** The result cache is asked before anything of it starts. */
  readonly ask?: boolean;
}

/** A run before its first plan. Steps come in an order in which each follows what it reads; a step may be done only if all that it reads is. */
export function beginRun(steps: readonly NewStep[]): RunMachineState {
  const done = new Set(steps.filter((step) => step.done).map((step) => step.id));
  const begun = steps.map((step): [string, MachineStep] => {
    const remaining = step.reads.filter((name) => !done.has(name)).length;
    const state = step.done ? 'succeeded' : remaining === 0 ? 'ready' : 'waiting';
    return [step.id, { id: step.id, reads: step.reads, remaining, state, asked: !step.ask, sharing: [], shards: newShards(step) }];
  });
  return { state: 'planning', planVersion: 0, steps: new Map(begun) };
}

function newShards(step: NewStep): MachineShard[] {
  const ranks = new Int32Array(step.shards);
  for (let rank = 0; rank < step.shards; rank += 1) ranks[step.order?.[rank] ?? rank] = rank;
  const fresh = { done: step.done, cached: false, failures: 0, losses: 0, avoid: [], attempts: [] };
  return Array.from(ranks, (rank, index) => ({ index, rank, ...fresh }));
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
