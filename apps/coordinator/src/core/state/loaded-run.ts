import type { DimensionsByName, ErrorBody, InputHashes, PlannedShare, RunId, Source } from '@atelier/protocol';
import type { AttemptRef, RunMachineState } from '@atelier/runs';

/** What is known of a step once all that it reads is there. The same for each of its shards. */
export interface StepFacts {
  /** SHA-256 of the values of each bound port. */
  readonly inputs: InputHashes;
  /** What a search finds its results by. */
  readonly caption: string;
}

/** What a row of an attempt holds beyond what the machine knows. */
export interface AttemptRow {
  readonly id: string;
  readonly fence: number | null;
  readonly predictedSeconds: number;
}

/** What a row of a step holds beyond what the machine knows. */
export interface StepRow {
  readonly task: string;
  readonly parameters: Record<string, unknown>;
  /** Where each bound port takes its values from. */
  readonly inputs: Record<string, Source[]>;
  readonly work: number;
  /** Expected of its outputs, by port. */
  readonly dimensions: DimensionsByName;
  /** What it is expected to take on its edge, where it has one shard. */
  readonly predictedSeconds: number;
  /** Edges that share it, with their names for people. */
  readonly sharing: readonly PlannedShare[];
}

/** A run under its row lock. */
export interface LoadedRun {
  readonly id: RunId;
  readonly userId: string;
  readonly priority: number;
  /** Computes everything, whatever the result cache knows. */
  readonly fresh: boolean;
  readonly error: ErrorBody | null;
  /** Raised by every write. */
  readonly version: number;
  readonly machine: RunMachineState;
  /** Of queued and leased attempts, by {@link attemptKey}. */
  readonly attempts: ReadonlyMap<string, AttemptRow>;
  readonly steps: ReadonlyMap<string, StepRow>;
  /** What steps read, as far as it was looked up. */
  readonly facts: ReadonlyMap<string, StepFacts>;
}

export const attemptKey = (ref: AttemptRef) => `${ref.stepId}/${ref.shard}/${ref.number}`;
