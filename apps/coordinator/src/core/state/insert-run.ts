import type { Place } from '@atelier/planner';
import { type ExpectedStep, newId, type OutputId, type ResolvedChain, type RunId } from '@atelier/protocol';
import type { RunMachineState } from '@atelier/runs';
import type { PoolClient } from 'pg';
import type { LoadedRun, StepRow } from './loaded-run.ts';
import { type DraftControl, insertControls } from './steering.ts';

/** A step whose results are those of another run's. */
export interface ReusedStep {
  readonly stepId: string;
  readonly fromRunId: RunId;
  readonly outputs: Readonly<Record<string, { bytes: number; at: Place[] }>>;
}

/** A value of one of a run's inputs. */
export interface DraftInput {
  readonly name: string;
  readonly outputId: OutputId;
  readonly hash: string;
  readonly mediaType: string;
  readonly text: string | null;
  /** The output has to be made together with the run. */
  readonly isNew: boolean;
}

/** A run that is about to be written. */
export interface RunDraft {
  readonly chain: ResolvedChain;
  readonly name: string;
  readonly priority: number;
  readonly inputs: readonly DraftInput[];
  readonly parentRunId: RunId | null;
  /** Steps whose results are taken over from the parent. */
  readonly reused: readonly ReusedStep[];
  readonly idempotencyKey: string | null;
  readonly requestHash: string | null;
  /** Computes everything, whatever the result cache knows. */
  readonly fresh: boolean;
  /** What its steps are to follow, or did in the run from which they are taken over. */
  readonly controls: readonly DraftControl[];
}

export interface NewRunRows {
  readonly runId: RunId;
  readonly userId: string;
  readonly draft: RunDraft;
  /** Of each step, as it was planned with. */
  readonly expected: ReadonlyMap<string, ExpectedStep>;
  /** Before its first plan. */
  readonly machine: RunMachineState;
}

/** Writes a run with everything that belongs to it, but not planned yet. @returns nothing if the user's key was taken */
export async function insertRun(tx: PoolClient, rows: NewRunRows): Promise<LoadedRun | undefined> {
  const { runId, userId, draft, machine } = rows;
  const run = await tx.query({
    name: 'insert-run',
    text: `INSERT INTO runs (id, user_id, name, state, chain, plan_version, priority, parent_run_id, idempotency_key, request_hash, fresh)
      VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
      ON CONFLICT (user_id, idempotency_key) DO NOTHING`,
    values: [
      runId,
      userId,
      draft.name,
      machine.state,
      JSON.stringify(draft.chain),
      machine.planVersion,
      draft.priority,
      draft.parentRunId,
      draft.idempotencyKey,
      draft.requestHash,
      draft.fresh,
    ],
  });
  if (run.rowCount === 0) return undefined;
  await insertInputs(tx, rows);
  const steps = stepRows(rows);
  await insertSteps(tx, rows, steps);
  await copyOutputs(tx, rows);
  await insertControls(tx, runId, draft.controls);
  const { priority, fresh } = draft;
  return { id: runId, userId, priority, fresh, error: null, version: 0, machine, attempts: new Map(), steps, facts: new Map() };
}

function stepRows({ draft, expected }: NewRunRows): Map<string, StepRow> {
  return new Map(
    draft.chain.steps.map(({ id, task, parameters, inputs }) => {
      const { work, outputs: dimensions } = expected.get(id) as ExpectedStep;
      return [id, { task, parameters, inputs, work, dimensions, predictedSeconds: 0, sharing: [] }];
    }),
  );
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

async function insertSteps(tx: PoolClient, { runId, draft, machine }: NewRunRows, rows: ReadonlyMap<string, StepRow>): Promise<void> {
  const steps = draft.chain.steps.map((step, position) => {
    const state = machine.steps.get(step.id);
    return {
      step_id: step.id,
      position,
      task: step.task,
      state: state?.state,
      parameters: step.parameters,
      inputs: step.inputs,
      work: rows.get(step.id)?.work,
      dimensions: rows.get(step.id)?.dimensions,
      reads: state?.reads,
      remaining: state?.remaining,
      reused: draft.reused.some((reused) => reused.stepId === step.id),
      shards: state?.shards.map(({ index, rank, done }) => ({ index, rank, done })),
    };
  });
  await tx.query({
    name: 'insert-steps',
    text: `INSERT INTO steps (run_id, step_id, position, task, state, parameters, inputs, work, dimensions, reads, remaining, reused, started_at, ended_at)
      SELECT $1, x.step_id, x.position, x.task, x.state, x.parameters, x.inputs, x.work, x.dimensions, ARRAY(SELECT jsonb_array_elements_text(x.reads)), x.remaining,
        x.reused, CASE WHEN x.reused THEN now() END, CASE WHEN x.reused THEN now() END
      FROM jsonb_to_recordset($2::jsonb) AS x(step_id text, position int, task text, state text, parameters jsonb, inputs jsonb, work float8, dimensions jsonb, reads jsonb, remaining int, reused boolean)`,
    values: [runId, JSON.stringify(steps)],
  });
  await tx.query({
    name: 'insert-shards',
    text: `INSERT INTO shards (run_id, step_id, index, rank, done, failures, losses, avoid)
      SELECT $1, x.step_id, h.index, h.rank, h.done, 0, 0, '{}' FROM jsonb_to_recordset($2::jsonb) AS x(step_id text, shards jsonb),
        jsonb_to_recordset(x.shards) AS h(index int, rank int, done boolean)`,
    values: [runId, JSON.stringify(steps.map(({ step_id, shards }) => ({ step_id, shards })))],
  });
}

/** Results that are taken over become outputs of this run too: same bytes, same recipe. */
async function copyOutputs(tx: PoolClient, { runId, userId, draft }: NewRunRows): Promise<void> {
  const ids = draft.reused.map((step) => step.stepId);
  if (ids.length === 0) return;
  const { rows } = await tx.query('SELECT id FROM outputs WHERE run_id = $1 AND step_id = ANY($2)', [draft.parentRunId, ids]);
  await tx.query(
    `INSERT INTO outputs (id, user_id, run_id, step_id, shard, port, index, hash, media_type, name, recipe, modality, text, caption, listed, cache_key, maker, dimensions)
    SELECT x.id, $1, $2, o.step_id, o.shard, o.port, o.index, o.hash, o.media_type, o.name, o.recipe, o.modality, o.text, o.caption, false, o.cache_key, o.maker, o.dimensions
    FROM jsonb_to_recordset($3::jsonb) AS x(id uuid, "from" uuid) JOIN outputs o ON o.id = x."from"`,
    [userId, runId, JSON.stringify(rows.map((row) => ({ id: newId<string>(), from: row.id })))],
  );
}
