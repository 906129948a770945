import type { EdgeId, RunId } from '@atelier/protocol';
import { liveAttempt, type RunMachineState, transition } from '@atelier/runs';
import type { PoolClient } from 'pg';
import { attemptKey, type LoadedRun, type StepRow } from './loaded-run.ts';
import { changedSteps } from './write-run.ts';

/** A queued attempt of a run that is being written. */
export interface QueuedAttempt {
  /** Undefined for one that was queued just now. */
  readonly id: string | undefined;
  readonly runId: RunId;
  readonly stepId: string;
  readonly shard: number;
  readonly task: string;
  readonly edgeId: EdgeId;
  readonly modelId: string;
  readonly modelHash: string | undefined;
  readonly priority: number;
  readonly step: StepRow;
}

/**
 * Gives queued attempts to their edges in the very transaction that queues them, so that a free edge does not wait for another one.
 * What is taken is told to the edge after the commit.
 */
export interface Taking {
  /** Forgets what is being taken of a run: its transaction has ended, or begins again. */
  clear(runId: RunId): void;
  /**
   * @param endingId an attempt that this transaction ends: its slot is free
   * @returns the id of the attempt if its edge takes it at once; it is left in the queue otherwise
   */
  take(tx: PoolClient, attempt: QueuedAttempt, endingId: string | undefined): Promise<string | undefined>;
}

interface Taken {
  readonly after: RunMachineState;
  /** Ids of attempts that have no row yet, by {@link attemptKey}. */
  readonly ids: ReadonlyMap<string, string>;
}

/** Leases what edges with a free slot take of the steps that a transition has changed. */
export async function takeAtOnce(taking: Taking, tx: PoolClient, run: LoadedRun, after: RunMachineState, endingId: string | undefined): Promise<Taken> {
  taking.clear(run.id);
  const ids = new Map<string, string>();
  let next = after;
  for (const step of changedSteps(run, after)) {
    const row = run.steps.get(step.id) as StepRow;
    for (const shard of step.shards) {
      const live = liveAttempt(shard);
      if (live?.state !== 'queued') continue;
      const ref = { stepId: step.id, shard: shard.index, number: live.number };
      const known = run.attempts.get(attemptKey(ref))?.id;
      const { edgeId, modelId, modelHash } = live;
      const attempt = {
        id: known,
        runId: run.id,
        stepId: step.id,
        shard: shard.index,
        task: row.task,
        edgeId,
        modelId,
        modelHash,
        priority: run.priority,
        step: row,
      };
      const id = await taking.take(tx, attempt, endingId);
      if (id === undefined) continue;
      next = transition(next, { kind: 'taken', attempt: ref }).state;
      ids.set(attemptKey(ref), id);
    }
  }
  return { after: next, ids };
}
