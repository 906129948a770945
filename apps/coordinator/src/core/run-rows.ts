import {
  AtelierError,
  type AttemptState,
  type EdgeId,
  type ErrorBody,
  newId,
  type Offer,
  type Plan,
  type Prediction,
  type RunId,
  type RunState,
} from '@atelier/protocol';
import { type AttemptRef, attemptOf, type MachineAttempt, type MachineShard, type MachineStep, type RunMachineState } from '@atelier/runs';
import type { PoolClient } from 'pg';

/** What a row of an attempt holds beyond what the machine knows. */
interface AttemptRow {
  readonly id: string;
  readonly fence: number | null;
  readonly predictedSeconds: number;
}

/** A run under its row lock. */
export interface LoadedRun {
  readonly id: RunId;
  readonly userId: string;
  readonly priority: number;
  readonly error: ErrorBody | null;
  readonly machine: RunMachineState;
  /** By {@link attemptKey}. */
  readonly rows: ReadonlyMap<string, AttemptRow>;
  /** What each bound step is expected to take on its edge, by step. */
  readonly predictions: ReadonlyMap<string, number>;
  readonly tasks: ReadonlyMap<string, string>;
}

export const attemptKey = (ref: AttemptRef) => `${ref.stepId}/${ref.shard}/${ref.number}`;

interface StepRow {
  step_id: string;
  task: string;
  state: MachineStep['state'];
  reads: string[];
  remaining: number;
  bound_edge: EdgeId | null;
  bound_model: string | null;
  prediction: Prediction | null;
  shards: Array<Omit<MachineShard, 'attempts'> & { attempts: Array<MachineAttempt & AttemptRow> | null }>;
}

const lockRun = { name: 'lock-run', text: 'SELECT user_id, state, plan_version, priority, error FROM runs WHERE id = $1 FOR UPDATE' };

/** A statement of its own, after the lock: a statement that waited for a lock still sees its own old snapshot of other tables. */
const readSteps = {
  name: 'read-steps',
  text: `SELECT s.step_id, s.task, s.state, s.reads, s.remaining, s.bound_edge, s.bound_model, s.prediction,
      (SELECT json_agg(json_build_object('index', h.index, 'done', h.done, 'failures', h.failures, 'losses', h.losses, 'avoid', h.avoid,
          'attempts', (SELECT json_agg(json_build_object('number', a.number, 'edgeId', a.edge_id, 'modelId', a.model_id, 'state', a.state,
              'id', a.id, 'fence', a.fence, 'predictedSeconds', a.predicted_seconds) ORDER BY a.number)
            FROM attempts a WHERE a.run_id = h.run_id AND a.step_id = h.step_id AND a.shard = h.index)) ORDER BY h.index)
        FROM shards h WHERE h.run_id = s.run_id AND h.step_id = s.step_id) AS shards
    FROM steps s WHERE s.run_id = $1 ORDER BY s.position`,
};

/** Locks and reads a run. @throws AtelierError `not-found` */
export async function loadRun(tx: PoolClient, runId: RunId): Promise<LoadedRun> {
  const run = (await tx.query({ ...lockRun, values: [runId] })).rows[0];
  if (!run) throw new AtelierError('not-found', 'There is no such run.');
  const rows = (await tx.query({ ...readSteps, values: [runId] })).rows as StepRow[];
  return {
    id: runId,
    userId: run.user_id,
    priority: run.priority,
    error: run.error,
    machine: { state: run.state, planVersion: run.plan_version, steps: new Map(rows.map((row) => [row.step_id, machineStep(row)])) },
    rows: new Map(rows.flatMap(attemptRows)),
    predictions: new Map(rows.map((row) => [row.step_id, row.prediction ? secondsOnEdge(row.prediction) : 0])),
    tasks: new Map(rows.map((row) => [row.step_id, row.task])),
  };
}

/** Seconds that a step occupies its edge. */
export function secondsOnEdge(prediction: Prediction): number {
  return prediction.transferSeconds + prediction.loadSeconds + prediction.runSeconds;
}

function machineStep(row: StepRow): MachineStep {
  return {
    id: row.step_id,
    reads: row.reads,
    remaining: row.remaining,
    state: row.state,
    bound: row.bound_edge && row.bound_model ? { edgeId: row.bound_edge, modelId: row.bound_model } : null,
    shards: row.shards.map(({ attempts, ...shard }) => ({
      ...shard,
      attempts: (attempts ?? []).map(({ number, edgeId, modelId, state }) => ({ number, edgeId, modelId, state })),
    })),
  };
}

function attemptRows(row: StepRow): Array<[string, AttemptRow]> {
  return row.shards.flatMap((shard) =>
    (shard.attempts ?? []).map((attempt): [string, AttemptRow] => [
      attemptKey({ stepId: row.step_id, shard: shard.index, number: attempt.number }),
      { id: attempt.id, fence: attempt.fence, predictedSeconds: attempt.predictedSeconds },
    ]),
  );
}

/** An attempt that a transition made or moved on. */
export interface ChangedAttempt extends AttemptRef {
  readonly id: string;
  readonly edgeId: EdgeId;
  readonly modelId: string;
  readonly state: AttemptState;
  readonly isNew: boolean;
  readonly predictedSeconds: number;
}

/** All attempts that differ, with new ids for new ones. */
export function changedAttempts(run: LoadedRun, after: RunMachineState, predictions: ReadonlyMap<string, number>): ChangedAttempt[] {
  const changed: ChangedAttempt[] = [];
  for (const step of after.steps.values()) {
    if (run.machine.steps.get(step.id) === step) continue;
    for (const shard of step.shards) {
      for (const attempt of shard.attempts) {
        const ref = { stepId: step.id, shard: shard.index, number: attempt.number };
        if (attemptOf(run.machine, ref) === attempt) continue;
        const row = run.rows.get(attemptKey(ref));
        const predictedSeconds = row?.predictedSeconds ?? predictions.get(step.id) ?? 0;
        const { edgeId, modelId, state } = attempt;
        changed.push({ ...ref, edgeId, modelId, state, id: row?.id ?? newId(), isNew: row === undefined, predictedSeconds });
      }
    }
  }
  return changed;
}

/** What an event tells beyond the machine's part of it. */
export interface EventDetail {
  /** With `planned`: the plan of the steps that it binds. */
  readonly plan?: Plan;
  /** With `succeeded` and `failed`. */
  readonly timings?: object;
  readonly error?: ErrorBody;
  readonly log?: string;
}

/** Fields of the attempt that the event is about. */
interface AttemptDetail {
  readonly attemptId?: string | undefined;
  readonly detail: EventDetail;
}

const writeChanges = {
  name: 'write-changes',
  text: `WITH run AS (
      UPDATE runs SET state = $2, plan_version = $3, plan = COALESCE($4::jsonb, plan), error = $5::jsonb,
        started_at = CASE WHEN $6 THEN COALESCE(started_at, now()) ELSE started_at END,
        ended_at = CASE WHEN $7 THEN COALESCE(ended_at, now()) END
      WHERE id = $1
    ), step AS (
      UPDATE steps SET state = x.state, remaining = x.remaining, bound_edge = x.bound_edge, bound_model = x.bound_model,
        offer = COALESCE(x.offer, steps.offer), prediction = COALESCE(x.prediction, steps.prediction), error = x.error,
        started_at = CASE WHEN x.state = 'running' THEN COALESCE(started_at, now()) ELSE started_at END,
        ended_at = CASE WHEN x.state IN ('succeeded', 'failed', 'cancelled') THEN COALESCE(ended_at, now()) END
      FROM jsonb_to_recordset($8::jsonb) AS x(step_id text, state text, remaining int, bound_edge uuid, bound_model text, offer jsonb, prediction jsonb, error jsonb)
      WHERE steps.run_id = $1 AND steps.step_id = x.step_id
    ), shard AS (
      UPDATE shards SET done = x.done, failures = x.failures, losses = x.losses, avoid = ARRAY(SELECT jsonb_array_elements_text(x.avoid))
      FROM jsonb_to_recordset($9::jsonb) AS x(step_id text, index int, done boolean, failures int, losses int, avoid jsonb)
      WHERE shards.run_id = $1 AND shards.step_id = x.step_id AND shards.index = x.index
    ), made AS (
      INSERT INTO attempts (id, run_id, step_id, shard, number, edge_id, model_id, state, priority, predicted_seconds)
      SELECT x.id, $1, x.step_id, x.shard, x.number, x.edge_id, x.model_id, x.state, $12, x.seconds
      FROM jsonb_to_recordset($10::jsonb) AS x(id uuid, step_id text, shard int, number int, edge_id uuid, model_id text, state text, seconds float8)
    )
    UPDATE attempts SET state = x.state,
      fence = CASE WHEN x.state = 'leased' THEN nextval('fence_number') ELSE fence END,
      lease_expires_at = CASE WHEN x.state = 'leased' THEN now() + $13 * interval '1 millisecond' END,
      started_at = CASE WHEN x.state = 'leased' THEN now() ELSE started_at END,
      ended_at = CASE WHEN x.state = 'leased' THEN NULL ELSE now() END,
      timings = x.timings, error = x.error, log = x.log
    FROM jsonb_to_recordset($11::jsonb) AS x(id uuid, state text, timings jsonb, error jsonb, log text)
    WHERE attempts.id = x.id
    RETURNING attempts.id, attempts.fence`,
};

/** What a transition changed, ready to be written. */
export interface RunChange extends AttemptDetail {
  readonly run: LoadedRun;
  readonly after: RunMachineState;
  readonly attempts: readonly ChangedAttempt[];
  readonly error: ErrorBody | null;
  readonly leaseMs: number;
}

/** Writes a transition in one statement. @returns fencing numbers of attempts that were leased by it, by id */
export async function writeRun(tx: PoolClient, change: RunChange): Promise<ReadonlyMap<string, number>> {
  const { run, after, attempts } = change;
  const steps = [...after.steps.values()].filter((step) => run.machine.steps.get(step.id) !== step);
  const running = [...after.steps.values()].some((step) => step.state === 'running');
  const moved = attempts.filter((attempt) => !attempt.isNew);
  const values = [
    run.id,
    after.state,
    after.planVersion,
    change.detail.plan ? JSON.stringify(change.detail.plan) : null,
    change.error ? JSON.stringify(change.error) : null,
    running,
    isEnded(after.state),
    JSON.stringify(steps.map((step) => stepValues(step, change))),
    JSON.stringify(steps.flatMap((step) => step.shards.map((shard) => ({ step_id: step.id, ...shard, attempts: undefined })))),
    JSON.stringify(attempts.filter((attempt) => attempt.isNew).map(newAttemptValues)),
    JSON.stringify(moved.map((attempt) => ({ id: attempt.id, state: attempt.state, ...(attempt.id === change.attemptId ? reported(change.detail) : {}) }))),
    run.priority,
    change.leaseMs,
  ];
  const { rows } = await tx.query({ ...writeChanges, values });
  return new Map(rows.filter((row) => row.fence !== null).map((row) => [row.id, Number(row.fence)]));
}

const isEnded = (state: RunState) => state === 'succeeded' || state === 'failed' || state === 'cancelled';

const reported = ({ timings, error, log }: EventDetail) => ({ timings, error, log });

function stepValues(step: MachineStep, change: RunChange): Record<string, unknown> {
  const planned = change.detail.plan?.steps.find((candidate) => candidate.stepId === step.id);
  const offer: Offer | undefined = step.bound ? planned?.offer : undefined;
  return {
    step_id: step.id,
    state: step.state,
    remaining: step.remaining,
    bound_edge: step.bound?.edgeId ?? null,
    bound_model: step.bound?.modelId ?? null,
    offer: offer ?? null,
    prediction: planned?.prediction ?? null,
    error: step.state === 'failed' ? (change.detail.error ?? null) : null,
  };
}

function newAttemptValues(attempt: ChangedAttempt): Record<string, unknown> {
  return {
    id: attempt.id,
    step_id: attempt.stepId,
    shard: attempt.shard,
    number: attempt.number,
    edge_id: attempt.edgeId,
    model_id: attempt.modelId,
    state: attempt.state,
    seconds: attempt.predictedSeconds,
  };
}
