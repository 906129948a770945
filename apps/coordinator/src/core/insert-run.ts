import type { Place } from '@atelier/planner';
import { findTask, newId, type Plan, type RunId } from '@atelier/protocol';
import type { RunCommand, RunMachineState } from '@atelier/runs';
import type { PoolClient } from 'pg';
import type { Advanced, AdvancedAttempt } from './advance.ts';
import type { RunDraft } from './create-run.ts';
import { secondsOnEdge } from './run-rows.ts';

/** A step whose results are those of another run's. */
export interface ReusedStep {
  readonly stepId: string;
  readonly fromRunId: RunId;
  readonly outputs: Readonly<Record<string, { bytes: number; at: Place[] }>>;
}

export interface NewRunRows {
  readonly runId: RunId;
  readonly userId: string;
  readonly draft: RunDraft;
  readonly plan: Plan;
  readonly machine: RunMachineState;
  readonly commands: readonly RunCommand[];
}

/** Writes a run with everything that belongs to it. @returns nothing where the user's key was taken */
export async function insertRun(tx: PoolClient, rows: NewRunRows): Promise<Advanced | undefined> {
  const { runId, userId, draft, machine } = rows;
  const run = await tx.query({
    name: 'insert-run',
    text: `INSERT INTO runs (id, user_id, name, state, chain, plan, plan_version, priority, parent_run_id, idempotency_key, request_hash, ended_at)
      VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, CASE WHEN $4 = 'succeeded' THEN now() END)
      ON CONFLICT (user_id, idempotency_key) DO NOTHING`,
    values: [
      runId,
      userId,
      draft.name,
      machine.state,
      JSON.stringify(draft.chain),
      JSON.stringify(rows.plan),
      machine.planVersion,
      draft.priority,
      draft.parentRunId,
      draft.idempotencyKey,
      draft.requestHash,
    ],
  });
  if (run.rowCount === 0) return undefined;
  await insertInputs(tx, rows);
  const attempts = newAttempts(rows);
  await insertSteps(tx, rows, attempts);
  await copyOutputs(tx, rows);
  const stepIds = draft.chain.steps.map((step) => step.id);
  return { runId, userId, priority: draft.priority, accepted: true, state: machine.state, commands: rows.commands, attempts, stepIds };
}

async function insertInputs(tx: PoolClient, { runId, userId, draft }: NewRunRows): Promise<void> {
  const made = draft.inputs.filter((input) => input.isNew);
  if (made.length > 0) {
    await tx.query(
      `INSERT INTO outputs (id, user_id, hash, media_type, port, modality)
      SELECT x.id, $1, x.hash, x.media_type, x.name, 'text' FROM jsonb_to_recordset($2::jsonb) AS x(id uuid, hash text, media_type text, name text)`,
      [userId, JSON.stringify(made.map(({ outputId, hash, mediaType, name }) => ({ id: outputId, hash, media_type: mediaType, name })))],
    );
  }
  await tx.query(
    `INSERT INTO run_inputs (run_id, name, output_id, text)
    SELECT $1, x.name, x.output_id, x.text FROM jsonb_to_recordset($2::jsonb) AS x(name text, output_id uuid, text text)`,
    [runId, JSON.stringify(draft.inputs.map(({ name, outputId, text }) => ({ name, output_id: outputId, text })))],
  );
}

async function insertSteps(tx: PoolClient, { runId, draft, plan, machine }: NewRunRows, attempts: readonly AdvancedAttempt[]): Promise<void> {
  const steps = draft.chain.steps.map((step, position) => {
    const state = machine.steps.get(step.id);
    const planned = plan.steps.find((candidate) => candidate.stepId === step.id);
    return {
      step_id: step.id,
      position,
      task: step.task,
      state: state?.state,
      parameters: step.parameters,
      inputs: step.inputs,
      work: Math.max(findTask(step.task).work(step.parameters), 1e-9),
      reads: state?.reads,
      remaining: state?.remaining,
      bound_edge: state?.bound?.edgeId ?? null,
      bound_model: state?.bound?.modelId ?? null,
      offer: planned?.offer ?? null,
      prediction: planned?.prediction ?? null,
      reused: draft.reused.some((reused) => reused.stepId === step.id),
      shards: state?.shards.map(({ index, done }) => ({ index, done })),
    };
  });
  await tx.query({
    name: 'insert-steps',
    text: `INSERT INTO steps (run_id, step_id, position, task, state, parameters, inputs, work, reads, remaining, bound_edge, bound_model, offer, prediction, reused, started_at, ended_at)
      SELECT $1, x.step_id, x.position, x.task, x.state, x.parameters, x.inputs, x.work, ARRAY(SELECT jsonb_array_elements_text(x.reads)), x.remaining, x.bound_edge, x.bound_model,
        x.offer, x.prediction, x.reused, CASE WHEN x.reused THEN now() END, CASE WHEN x.reused THEN now() END
      FROM jsonb_to_recordset($2::jsonb) AS x(step_id text, position int, task text, state text, parameters jsonb, inputs jsonb, work float8, reads jsonb, remaining int,
        bound_edge uuid, bound_model text, offer jsonb, prediction jsonb, reused boolean)`,
    values: [runId, JSON.stringify(steps)],
  });
  await tx.query({
    name: 'insert-shards',
    text: `INSERT INTO shards (run_id, step_id, index, done, failures, losses, avoid)
      SELECT $1, x.step_id, h.index, h.done, 0, 0, '{}' FROM jsonb_to_recordset($2::jsonb) AS x(step_id text, shards jsonb),
        jsonb_to_recordset(x.shards) AS h(index int, done boolean)`,
    values: [runId, JSON.stringify(steps)],
  });
  await tx.query({
    name: 'insert-attempts',
    text: `INSERT INTO attempts (id, run_id, step_id, shard, number, edge_id, model_id, state, priority, predicted_seconds)
      SELECT x.id, $1, x."stepId", x.shard, x.number, x."edgeId", x."modelId", x.state, $3, x."predictedSeconds"
      FROM jsonb_to_recordset($2::jsonb) AS x(id uuid, "stepId" text, shard int, number int, "edgeId" uuid, "modelId" text, state text, "predictedSeconds" float8)`,
    values: [runId, JSON.stringify(attempts), draft.priority],
  });
}

function newAttempts({ draft, plan, machine }: NewRunRows): AdvancedAttempt[] {
  return [...machine.steps.values()].flatMap((step) =>
    step.shards.flatMap((shard) =>
      shard.attempts.map(({ number, edgeId, modelId, state }) => {
        const prediction = plan.steps.find((planned) => planned.stepId === step.id)?.prediction;
        const task = draft.chain.steps.find((other) => other.id === step.id)?.task ?? '';
        const predictedSeconds = prediction ? secondsOnEdge(prediction) : 0;
        return { id: newId<string>(), stepId: step.id, shard: shard.index, number, edgeId, modelId, state, isNew: true, predictedSeconds, task, fence: null };
      }),
    ),
  );
}

/** Results that are taken over become outputs of this run too: same bytes, same recipe. */
async function copyOutputs(tx: PoolClient, { runId, userId, draft }: NewRunRows): Promise<void> {
  const ids = draft.reused.map((step) => step.stepId);
  if (ids.length === 0) return;
  const { rows } = await tx.query('SELECT id FROM outputs WHERE run_id = $1 AND step_id = ANY($2)', [draft.parentRunId, ids]);
  await tx.query(
    `INSERT INTO outputs (id, user_id, run_id, step_id, shard, port, index, hash, media_type, name, recipe, modality, text, caption, listed, cache_key)
    SELECT x.id, $1, $2, o.step_id, o.shard, o.port, o.index, o.hash, o.media_type, o.name, o.recipe, o.modality, o.text, o.caption, false, o.cache_key
    FROM jsonb_to_recordset($3::jsonb) AS x(id uuid, "from" uuid) JOIN outputs o ON o.id = x."from"`,
    [userId, runId, JSON.stringify(rows.map((row) => ({ id: newId<string>(), from: row.id })))],
  );
}
