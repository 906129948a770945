import { AtelierError, type EdgeId, type PlannedShare, type Prediction, type RunId } from '@atelier/protocol';
import type { Binding, MachineAttempt, MachineShard, MachineStep } from '@atelier/runs';
import type { PoolClient } from 'pg';
import { type AttemptRow, attemptKey, type LoadedRun, type StepRow } from './loaded-run.ts';

interface ReadStep extends Omit<StepRow, 'predictedSeconds' | 'sharing'> {
  step_id: string;
  state: MachineStep['state'];
  reads: string[];
  remaining: number;
  bound_edge: EdgeId | null;
  bound_model: string | null;
  sharing: PlannedShare[] | null;
  prediction: Prediction | null;
  shards: Array<Omit<MachineShard, 'attempts'> & { attempts: Array<Omit<MachineAttempt, 'modelHash'> & { modelHash: string | null } & AttemptRow> | null }>;
}

const lockRun = {
  name: 'lock-run',
  text: 'SELECT user_id, state, plan_version, priority, error, fresh, state_version FROM runs WHERE id = $1 FOR UPDATE',
};

/** A statement of its own, after the lock: a statement that waited for a lock still sees its own old snapshot of other tables. */
const readSteps = {
  name: 'read-steps',
  text: `WITH tries AS (
      SELECT a.step_id, a.shard, json_agg(json_build_object('number', a.number, 'edgeId', a.edge_id, 'modelId', a.model_id, 'modelHash', a.model_hash, 'state', a.state,
        'id', a.id, 'fence', a.fence, 'predictedSeconds', a.predicted_seconds) ORDER BY a.number) AS list
      FROM attempts a WHERE a.run_id = $1 GROUP BY a.step_id, a.shard),
    parts AS (
      SELECT h.step_id, json_agg(json_build_object('index', h.index, 'rank', h.rank, 'done', h.done, 'cached', h.cached, 'failures', h.failures,
        'losses', h.losses, 'avoid', h.avoid, 'attempts', t.list) ORDER BY h.index) AS list
      FROM shards h LEFT JOIN tries t ON t.step_id = h.step_id AND t.shard = h.index WHERE h.run_id = $1 GROUP BY h.step_id)
    SELECT s.step_id, s.task, s.parameters, s.inputs, s.work, s.dimensions, s.state, s.reads, s.remaining, s.bound_edge, s.bound_model, s.sharing, s.prediction, p.list AS shards
    FROM steps s JOIN parts p ON p.step_id = s.step_id WHERE s.run_id = $1 ORDER BY s.position`,
};

/** Shards of runs that are kept in memory, some hundred bytes each. */
const usualShards = 200_000;

/**
 * Locks runs and gives their state. It is kept in memory by its version, so that the result of one shard of thousands does not
 * cost reading all of them; a version that the row does not have is read again.
 */
export class RunStates {
  readonly #kept = new Map<RunId, LoadedRun>();
  readonly #mostShards: number;
  #shards = 0;

  /** @param mostShards that are kept in memory; the run that was used longest ago goes first, the newest stays however large */
  constructor(mostShards = usualShards) {
    this.#mostShards = mostShards;
  }

  /** Locks a run. @throws AtelierError `not-found` */
  async load(tx: PoolClient, runId: RunId): Promise<LoadedRun> {
    const row = (await tx.query({ ...lockRun, values: [runId] })).rows[0];
    if (!row) throw new AtelierError('not-found', 'There is no such run.');
    const kept = this.#kept.get(runId);
    if (kept && kept.version === row.state_version) return { ...kept, error: row.error };
    const read = (await tx.query({ ...readSteps, values: [runId] })).rows as ReadStep[];
    return {
      id: runId,
      userId: row.user_id,
      priority: row.priority,
      fresh: row.fresh,
      error: row.error,
      version: row.state_version,
      machine: { state: row.state, planVersion: row.plan_version, steps: new Map(read.map((step) => [step.step_id, machineStep(step, row.fresh)])) },
      attempts: new Map(read.flatMap(liveRows)),
      steps: new Map(read.map((step) => [step.step_id, stepRow(step)])),
      facts: new Map(),
    };
  }

  /** What the row of a step says, where its run is kept. */
  stepOf(runId: RunId, stepId: string): StepRow | undefined {
    return this.#kept.get(runId)?.steps.get(stepId);
  }

  /** Takes over what was committed. */
  keep(run: LoadedRun, ended: boolean): void {
    this.#drop(run.id);
    if (ended) return;
    this.#kept.set(run.id, run);
    this.#shards += shardsOf(run);
    for (const oldest of this.#kept.keys()) {
      if (this.#shards <= this.#mostShards || oldest === run.id) return;
      this.#drop(oldest);
    }
  }

  #drop(runId: RunId): void {
    const kept = this.#kept.get(runId);
    if (kept) this.#shards -= shardsOf(kept);
    this.#kept.delete(runId);
  }
}

const shardsOf = (run: LoadedRun) => [...run.machine.steps.values()].reduce((sum, step) => sum + step.shards.length, 0);

/** Seconds that a step occupies its edge. */
export function secondsOnEdge(prediction: Prediction): number {
  return prediction.transferSeconds + prediction.loadSeconds + prediction.runSeconds;
}

function stepRow({ task, parameters, inputs, work, dimensions, prediction, sharing }: ReadStep): StepRow {
  return { task, parameters, inputs, work, dimensions, predictedSeconds: prediction ? secondsOnEdge(prediction) : 0, sharing: sharing ?? [] };
}

/** That the result cache was asked is not written down: it was, once anything of the step has begun. */
function machineStep(row: ReadStep, fresh: boolean): MachineStep {
  const begun = row.shards.some((shard) => shard.done || shard.attempts !== null);
  return {
    id: row.step_id,
    reads: row.reads,
    remaining: row.remaining,
    state: row.state,
    asked: fresh || begun,
    sharing: bindingsOfRow(row),
    shards: row.shards.map(({ attempts, ...shard }) => ({
      ...shard,
      attempts: (attempts ?? []).map(({ number, edgeId, modelId, modelHash, state }) => ({
        number,
        edgeId,
        modelId,
        modelHash: modelHash ?? undefined,
        state,
      })),
    })),
  };
}

function bindingsOfRow({ bound_edge: edgeId, bound_model: modelId, sharing, prediction }: ReadStep): Binding[] {
  if (!edgeId || !modelId) return [];
  if (sharing && sharing.length > 0) return sharing.map(bindingOfShare);
  return [{ edgeId, modelId, slots: 1, secondsPerShard: prediction ? secondsOnEdge(prediction) : 0 }];
}

/** A share of a plan as the state machine knows it. */
export function bindingOfShare({ offer, slots, secondsPerShard, modelHash }: PlannedShare): Binding {
  return { edgeId: offer.edgeId, modelId: offer.modelId, slots, secondsPerShard, modelHash };
}

function liveRows(row: ReadStep): Array<[string, AttemptRow]> {
  return row.shards.flatMap((shard) => {
    const last = shard.attempts?.at(-1);
    if (!last || (last.state !== 'queued' && last.state !== 'leased')) return [];
    const { id, fence, predictedSeconds } = last;
    return [[attemptKey({ stepId: row.step_id, shard: shard.index, number: last.number }), { id, fence, predictedSeconds }]];
  });
}
