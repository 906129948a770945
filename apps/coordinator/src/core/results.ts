import type { Measurement } from '@atelier/planner';
import {
  AtelierError,
  type ErrorBody,
  type ErrorCode,
  type FromEdge,
  findTask,
  mayCarry,
  newId,
  type Recipe,
  type RunId,
  type StepOutput,
} from '@atelier/protocol';
import type { PoolClient } from 'pg';
import { type Advanced, advanceLoaded } from './advance.ts';
import type { CoreContext } from './context.ts';
import type { KnownEdge } from './fleet.ts';
import { attemptKey, type EventDetail, type LoadedRun, loadRun } from './run-rows.ts';

type Result = Extract<FromEdge, { kind: 'result' }>;
type Failure = Extract<FromEdge, { kind: 'failure' }>;

/** Failures for which another attempt would end the same way. */
const finalCodes: ReadonlySet<ErrorCode> = new Set([
  'invalid-input',
  'unknown-task',
  'modality-mismatch',
  'parameter-out-of-bounds',
  'too-large',
  'unsupported-media',
  'damaged-media',
]);

/** Where an attempt stands in the database. */
interface AttemptPlace {
  readonly runId: RunId;
  readonly stepId: string;
  readonly shard: number;
  readonly number: number;
}

/** Commits a result or failure if its fencing number is still current. @returns whether it was; either way it is decided and can be acknowledged */
export async function commitReport(context: CoreContext, edge: KnownEdge, report: Result | Failure): Promise<boolean> {
  const place = await findAttempt(context, report.attemptId);
  if (!place) return false;
  const { advanced, value: measurement } = await context.changes.change<Measurement | undefined>(place.runId, async (tx) => {
    const run = await loadRun(tx, place.runId);
    if (!holdsLease(run, place, edge, report)) return { advanced: refused(run), value: undefined };
    return report.kind === 'result' ? commitResult(context, tx, run, place, edge, report) : commitFailure(context, tx, run, place, report);
  });
  if (measurement) context.history.follow(measurement);
  if (!advanced.accepted) context.log.info({ ...place, attemptId: report.attemptId, edgeId: edge.id, fence: report.fence }, 'a stale report was refused');
  return advanced.accepted;
}

async function findAttempt(context: CoreContext, attemptId: string): Promise<AttemptPlace | undefined> {
  const live = context.live.get(attemptId);
  if (live) return { runId: live.runId, stepId: live.stepId, shard: live.shard, number: live.number };
  const { rows } = await context.database.pool.query('SELECT run_id AS "runId", step_id AS "stepId", shard, number FROM attempts WHERE id = $1', [attemptId]);
  return rows[0];
}

function holdsLease(run: LoadedRun, place: AttemptPlace, edge: KnownEdge, report: Result | Failure): boolean {
  const attempt = run.machine.steps.get(place.stepId)?.shards[place.shard]?.attempts[place.number - 1];
  const row = run.rows.get(attemptKey(place));
  return attempt?.state === 'leased' && attempt.edgeId === edge.id && row?.id === report.attemptId && Number(row.fence) === report.fence;
}

function refused(run: LoadedRun): Advanced {
  const { id: runId, userId, priority, machine } = run;
  return { runId, userId, priority, accepted: false, state: machine.state, commands: [], attempts: [], stepIds: [] };
}

async function commitFailure(context: CoreContext, tx: PoolClient, run: LoadedRun, place: AttemptPlace, failure: Pick<Failure, 'error' | 'log'>) {
  const event = { kind: 'failed', attempt: place, final: finalCodes.has(failure.error.code) } as const;
  const detail: EventDetail = { error: failure.error, log: failure.log };
  return { advanced: await advanceLoaded(tx, run, event, detail, context.times.leaseMs), value: undefined };
}

async function commitResult(context: CoreContext, tx: PoolClient, run: LoadedRun, place: AttemptPlace, edge: KnownEdge, result: Result) {
  const task = run.tasks.get(place.stepId) as string;
  const wrong = wrongOutputs(task, result.outputs);
  if (wrong) return commitFailure(context, tx, run, place, { error: wrong, log: '' });
  const advanced = await advanceLoaded(tx, run, { kind: 'succeeded', attempt: place }, { timings: result.timings }, context.times.leaseMs);
  const modelId = advanced.attempts.find((attempt) => attempt.id === result.attemptId)?.modelId ?? '';
  const modelHash = edge.models.find((model) => model.manifest.id === modelId)?.modelHash ?? '';
  return { advanced, value: await insertOutputs(tx, run, place, edge, { task, modelId, modelHash }, result) };
}

/** Holds an edge to what the task declares. */
function wrongOutputs(taskName: string, outputs: readonly StepOutput[]): ErrorBody | undefined {
  const task = findTask(taskName);
  for (const output of outputs) {
    const port = task.outputs[output.port];
    if (!port) return new AtelierError('step-failed', `The model made "${output.port}", which ${taskName} does not have.`).toJSON();
    if (!mayCarry(port.modality, output.mediaType)) {
      return new AtelierError('step-failed', `The model made ${output.mediaType} for "${output.port}", which should be ${port.modality}.`).toJSON();
    }
  }
  const missing = Object.entries(task.outputs).find(([name, port]) => port.required && !outputs.some((output) => output.port === name));
  return missing ? new AtelierError('step-failed', `The model made no "${missing[0]}".`).toJSON() : undefined;
}

const insertResult = {
  name: 'insert-result',
  text: `WITH made AS (SELECT * FROM jsonb_to_recordset($5::jsonb) AS x(id uuid, port text, index int, hash text, "mediaType" text, "sizeBytes" bigint, modality text, text text, listed boolean)),
      bytes AS (INSERT INTO artifacts (hash, size_bytes) SELECT DISTINCT hash, "sizeBytes" FROM made ON CONFLICT DO NOTHING),
      place AS (INSERT INTO replicas (hash, place) SELECT DISTINCT hash, $6 FROM made ON CONFLICT DO NOTHING),
      step AS (SELECT parameters, inputs, work FROM steps WHERE run_id = $2 AND step_id = $3),
      wires AS (SELECT w.key AS port, w.value AS sources FROM step, jsonb_each(step.inputs) AS w),
      known AS (
        SELECT o.step_id || '.' || o.port AS source, o.hash FROM outputs o WHERE o.run_id = $2 AND o.step_id IS NOT NULL
        UNION ALL SELECT 'inputs.' || i.name, o.hash FROM run_inputs i JOIN outputs o ON o.id = i.output_id WHERE i.run_id = $2),
      read AS (
        SELECT wires.port, jsonb_agg(COALESCE(known.hash, encode(sha256(convert_to(source.value ->> 'text', 'UTF8')), 'hex')) ORDER BY source.ordinality) AS hashes
        FROM wires, jsonb_array_elements(wires.sources) WITH ORDINALITY AS source LEFT JOIN known ON known.source = source.value #>> '{}'
        GROUP BY wires.port),
      recipe AS (SELECT $7::jsonb || jsonb_build_object('parameters', step.parameters, 'inputs', COALESCE((SELECT jsonb_object_agg(port, hashes) FROM read), '{}')) AS value FROM step),
      output AS (
        INSERT INTO outputs (id, user_id, run_id, step_id, shard, port, index, hash, media_type, recipe, modality, text, listed)
        SELECT made.id, $1, $2, $3, $4, made.port, made.index, made.hash, made."mediaType", recipe.value, made.modality, made.text, made.listed FROM made, recipe)
    INSERT INTO measurements (edge_id, model_id, task, work, cold, run_seconds, load_seconds, output_bytes)
    SELECT $8, $7::jsonb ->> 'modelId', $7::jsonb ->> 'task', step.work, $9, $10, $11, $12 FROM step RETURNING work`,
};

/** Writes what a step made, with the recipe to make it again, and what was measured. */
async function insertOutputs(
  tx: PoolClient,
  run: LoadedRun,
  place: AttemptPlace,
  edge: KnownEdge,
  recipe: Pick<Recipe, 'task' | 'modelId' | 'modelHash'>,
  result: Result,
): Promise<Measurement> {
  const { task, modelId } = recipe;
  const { cold, runSeconds, loadSeconds } = result.timings;
  const { outputs: ports } = findTask(task);
  const outputs = result.outputs.map((output) => {
    const port = ports[output.port];
    return { ...output, id: newId<string>(), modality: port?.modality, listed: port?.listed ?? false };
  });
  const outputBytes: Record<string, number> = {};
  for (const output of outputs) outputBytes[output.port] = (outputBytes[output.port] ?? 0) + output.sizeBytes;
  const values = [
    run.userId,
    run.id,
    place.stepId,
    place.shard,
    JSON.stringify(outputs),
    edge.id,
    JSON.stringify(recipe),
    edge.id,
    cold,
    runSeconds,
    loadSeconds,
    JSON.stringify(outputBytes),
  ];
  const { rows } = await tx.query({ ...insertResult, values });
  return { edgeId: edge.id, modelId, task, work: rows[0].work, cold, runSeconds, loadSeconds, outputBytes };
}
