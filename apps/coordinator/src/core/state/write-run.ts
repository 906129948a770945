import { type AttemptState, type EdgeId, type ErrorBody, newId, type Offer, type Plan, type PlannedShare, type RunState } from '@atelier/protocol';
import { type AttemptRef, attemptOf, hasSeveral, type MachineShard, type MachineStep, type RunMachineState } from '@atelier/runs';
import type { PoolClient } from 'pg';
import { type AttemptRow, attemptKey, type LoadedRun, type StepRow } from './loaded-run.ts';
import { secondsOnEdge } from './run-rows.ts';

/** An attempt that a transition made or moved on. */
export interface ChangedAttempt extends AttemptRef {
  readonly id: string;
  readonly edgeId: EdgeId;
  readonly modelId: string;
  /** Of a step that edges share: the only hash with which it may be computed. */
  readonly modelHash: string | undefined;
  readonly state: AttemptState;
  readonly isNew: boolean;
  readonly predictedSeconds: number;
}

/** What an event tells beyond the machine's part of it. */
export interface EventDetail {
  /** With `planned`: the plan of the steps that it binds. */
  readonly plan?: Plan;
  /** With `shared`: the edges that join, with their names for people. */
  readonly sharing?: readonly PlannedShare[];
  /** With `succeeded` and `failed`. */
  readonly timings?: object;
  readonly error?: ErrorBody;
  readonly log?: string;
}

/** What a transition changed, ready to be written. */
export interface RunChange {
  readonly run: LoadedRun;
  readonly after: RunMachineState;
  readonly detail: EventDetail;
  /** The attempt that the event is about. */
  readonly attemptId: string | undefined;
  /** Of attempts without a row that have their id already, by {@link attemptKey}. */
  readonly ids: ReadonlyMap<string, string>;
  readonly error: ErrorBody | null;
  readonly leaseMs: number;
}

/** What was written, and the run as it is then. */
export interface Written {
  readonly next: LoadedRun;
  readonly attempts: ReadonlyArray<ChangedAttempt & { readonly fence: number | null }>;
}

/** Names of rows are given as arrays too: of those PostgreSQL knows that they are few, and looks them up instead of reading whole tables. */
const writeChanges = {
  name: 'write-changes',
  text: `WITH run AS (
      UPDATE runs SET state = $2, plan_version = $3, plan = COALESCE($4::jsonb, plan), error = $5::jsonb, state_version = $14,
        started_at = CASE WHEN $6 THEN COALESCE(started_at, now()) ELSE started_at END,
        ended_at = CASE WHEN $7 THEN COALESCE(ended_at, now()) END
      WHERE id = $1
    ), step AS (
      UPDATE steps SET state = x.state, remaining = x.remaining, bound_edge = x.bound_edge, bound_model = x.bound_model, sharing = x.sharing,
        offer = COALESCE(x.offer, steps.offer), prediction = COALESCE(x.prediction, steps.prediction), error = x.error,
        started_at = CASE WHEN x.state IN ('running', 'succeeded') THEN COALESCE(started_at, now()) ELSE started_at END,
        ended_at = CASE WHEN x.state IN ('succeeded', 'failed', 'cancelled') THEN COALESCE(ended_at, now()) END
      FROM jsonb_to_recordset($8::jsonb) AS x(step_id text, state text, remaining int, bound_edge uuid, bound_model text, sharing jsonb, offer jsonb, prediction jsonb, error jsonb)
      WHERE steps.run_id = $1 AND steps.step_id = x.step_id
    ), shard AS (
      UPDATE shards SET done = x.done, cached = x.cached, failures = x.failures, losses = x.losses, avoid = ARRAY(SELECT jsonb_array_elements_text(x.avoid))
      FROM jsonb_to_recordset($9::jsonb) AS x(step_id text, index int, done boolean, cached boolean, failures int, losses int, avoid jsonb)
      WHERE shards.run_id = $1 AND shards.step_id = x.step_id AND shards.index = x.index AND shards.step_id = ANY($15) AND shards.index = ANY($16)
    ), made AS (
      INSERT INTO attempts (id, run_id, step_id, shard, number, edge_id, model_id, model_hash, state, priority, predicted_seconds, fence, lease_expires_at, started_at)
      SELECT x.id, $1, x.step_id, x.shard, x.number, x.edge_id, x.model_id, x.model_hash, x.state, $12, x.seconds,
        CASE WHEN x.state = 'leased' THEN nextval('fence_number') END, CASE WHEN x.state = 'leased' THEN now() + $13 * interval '1 millisecond' END,
        CASE WHEN x.state = 'leased' THEN now() END
      FROM jsonb_to_recordset($10::jsonb) AS x(id uuid, step_id text, shard int, number int, edge_id uuid, model_id text, model_hash text, state text, seconds float8)
      RETURNING id, fence
    ), moved AS (
    UPDATE attempts SET state = x.state,
      fence = CASE WHEN x.state = 'leased' THEN nextval('fence_number') ELSE fence END,
      lease_expires_at = CASE WHEN x.state = 'leased' THEN now() + $13 * interval '1 millisecond' END,
      started_at = CASE WHEN x.state = 'leased' THEN now() ELSE started_at END,
      ended_at = CASE WHEN x.state = 'leased' THEN NULL ELSE now() END,
      timings = x.timings, error = x.error, log = x.log
    FROM jsonb_to_recordset($11::jsonb) AS x(id uuid, state text, timings jsonb, error jsonb, log text)
    WHERE attempts.id = x.id AND attempts.id = ANY($17)
    RETURNING attempts.id, attempts.fence)
    SELECT id, fence FROM made UNION ALL SELECT id, fence FROM moved`,
};

/** Writes a transition in one statement: only what it changed. */
export async function writeRun(tx: PoolClient, change: RunChange): Promise<Written> {
  const { run, after, detail } = change;
  const changed = changedSteps(run, after);
  const steps = new Map([...run.steps, ...changed.map((step): [string, StepRow] => [step.id, rowAfter(step, change)])]);
  const attempts = changedAttempts(change, changed, steps);
  const moved = attempts.filter((attempt) => !attempt.isNew);
  const shards = changed.flatMap((step) => changedShards(run, step).map((shard) => ({ step_id: step.id, ...shard, attempts: undefined })));
  const values = [
    run.id,
    after.state,
    after.planVersion,
    detail.plan ? JSON.stringify(detail.plan) : null,
    change.error ? JSON.stringify(change.error) : null,
    changed.some((step) => step.state === 'running' || step.state === 'succeeded'),
    isEnded(after.state),
    JSON.stringify(changed.filter((step) => looksDifferent(run.machine.steps.get(step.id), step)).map((step) => stepValues(step, change, steps))),
    JSON.stringify(shards),
    JSON.stringify(attempts.filter((attempt) => attempt.isNew).map(newAttemptValues)),
    JSON.stringify(moved.map((attempt) => ({ id: attempt.id, state: attempt.state, ...(attempt.id === change.attemptId ? reported(detail) : {}) }))),
    run.priority,
    change.leaseMs,
    run.version + 1,
    [...new Set(shards.map((shard) => shard.step_id))],
    [...new Set(shards.map((shard) => shard.index))],
    moved.map((attempt) => attempt.id),
  ];
  const { rows } = await tx.query({ ...writeChanges, values });
  const fences = new Map(rows.filter((row) => row.fence !== null).map((row) => [row.id as string, Number(row.fence)]));
  const written = attempts.map((attempt) => ({ ...attempt, fence: fences.get(attempt.id) ?? null }));
  const next = { ...run, error: change.error, version: run.version + 1, machine: after, steps, attempts: liveAfter(run, written) };
  return { next, attempts: written };
}

export function changedSteps(run: LoadedRun, after: RunMachineState): MachineStep[] {
  return [...after.steps.values()].filter((step) => run.machine.steps.get(step.id) !== step);
}

export function changedShards(run: LoadedRun, step: MachineStep): MachineShard[] {
  const before = run.machine.steps.get(step.id)?.shards;
  return step.shards.filter((shard, index) => before?.[index] !== shard);
}

/** All attempts that differ, with new ids for new ones. */
function changedAttempts({ run, ids: given }: RunChange, steps: readonly MachineStep[], rows: ReadonlyMap<string, StepRow>): ChangedAttempt[] {
  const changed: ChangedAttempt[] = [];
  for (const step of steps) {
    for (const shard of changedShards(run, step).sort((a, b) => a.rank - b.rank)) {
      for (const attempt of shard.attempts) {
        const ref = { stepId: step.id, shard: shard.index, number: attempt.number };
        if (attemptOf(run.machine, ref) === attempt) continue;
        const row = run.attempts.get(attemptKey(ref));
        const { edgeId, modelId, modelHash, state } = attempt;
        const predictedSeconds = row?.predictedSeconds ?? secondsFor(step, edgeId, rows.get(step.id));
        changed.push({
          ...ref,
          edgeId,
          modelId,
          modelHash,
          state,
          id: row?.id ?? given.get(attemptKey(ref)) ?? '',
          isNew: row === undefined,
          predictedSeconds,
        });
      }
    }
  }
  // Of equal priority, attempts are taken in the order of their ids: what is best begun first has the first.
  const ids = changed.flatMap((attempt) => (attempt.id === '' ? [newId<string>()] : [])).sort();
  return changed.map((attempt) => (attempt.id === '' ? { ...attempt, id: ids.shift() as string } : attempt));
}

function secondsFor(step: MachineStep, edgeId: EdgeId, row: StepRow | undefined): number {
  if (!hasSeveral(step)) return row?.predictedSeconds ?? 0;
  return step.sharing.find((binding) => binding.edgeId === edgeId)?.secondsPerShard ?? 0;
}

function liveAfter(run: LoadedRun, written: Written['attempts']): ReadonlyMap<string, AttemptRow> {
  const live = new Map(run.attempts);
  for (const attempt of written) {
    const { id, fence, predictedSeconds, state } = attempt;
    if (state === 'queued' || state === 'leased') live.set(attemptKey(attempt), { id, fence, predictedSeconds });
    else live.delete(attemptKey(attempt));
  }
  return live;
}

/** What the row of a changed step says beyond the machine after it. */
function rowAfter(step: MachineStep, { run, detail }: RunChange): StepRow {
  const row = run.steps.get(step.id) as StepRow;
  const planned = detail.plan?.steps.find((candidate) => candidate.stepId === step.id);
  const named = [...(planned?.sharing ?? []), ...(detail.sharing ?? []), ...row.sharing];
  const sharing = step.sharing.flatMap(({ edgeId, slots, secondsPerShard, modelHash }) => {
    const offer = named.find((one) => one.offer.edgeId === edgeId)?.offer;
    return offer ? [{ offer, slots, secondsPerShard, modelHash }] : [];
  });
  return { ...row, predictedSeconds: planned ? secondsOnEdge(planned.prediction) : row.predictedSeconds, sharing: hasSeveral(step) ? sharing : [] };
}

/** Whether the row of a step changes: not where only its shards did, or what one of them takes. */
function looksDifferent(before: MachineStep | undefined, after: MachineStep): boolean {
  if (!before || before.state !== after.state || before.remaining !== after.remaining) return true;
  return before.sharing.length !== after.sharing.length || before.sharing.some((binding, index) => binding.edgeId !== after.sharing[index]?.edgeId);
}

const isEnded = (state: RunState) => state === 'succeeded' || state === 'failed' || state === 'cancelled';

const reported = ({ timings, error, log }: EventDetail) => ({ timings, error, log });

function stepValues(step: MachineStep, { detail }: RunChange, rows: ReadonlyMap<string, StepRow>): Record<string, unknown> {
  const planned = detail.plan?.steps.find((candidate) => candidate.stepId === step.id);
  const [bound] = step.sharing;
  const offer: Offer | undefined = bound ? planned?.offer : undefined;
  const sharing = rows.get(step.id)?.sharing ?? [];
  return {
    step_id: step.id,
    state: step.state,
    remaining: step.remaining,
    bound_edge: bound?.edgeId ?? null,
    bound_model: bound?.modelId ?? null,
    sharing: sharing.length > 0 ? sharing : null,
    offer: offer ?? null,
    prediction: planned?.prediction ?? null,
    error: step.state === 'failed' ? (detail.error ?? null) : null,
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
    model_hash: attempt.modelHash ?? null,
    state: attempt.state,
    seconds: attempt.predictedSeconds,
  };
}
