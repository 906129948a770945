import { createHash } from 'node:crypto';
import type { Measurement } from '@atelier/planner';
import {
  AtelierError,
  type ErrorBody,
  type ErrorCode,
  type FromEdge,
  findTask,
  mayCarry,
  newId,
  type OutputId,
  type Recipe,
  type RunId,
  type StepOutput,
} from '@atelier/protocol';
import { attemptOf, hasSeveral } from '@atelier/runs';
import type { Database } from '@atelier/store';
import type { PoolClient } from 'pg';
import type { Logger } from '../contracts/index.ts';
import type { KnownEdge, ModelStanding } from '../fleet/index.ts';
import { type Advancing, advanceLoaded, unchanged } from './advance.ts';
import { attemptKey, type LoadedRun, type StepRow } from './loaded-run.ts';
import type { RunChanges } from './run-changes.ts';
import { settleControls } from './steering.ts';
import { cacheKey, factsOf } from './step-facts.ts';
import type { EventDetail } from './write-run.ts';

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

export type Report = Result | Failure;

/** What is known of a report besides what it says. */
export interface Reported {
  /** Hashes that its edge has proven to hold. */
  readonly proven: ReadonlySet<string>;
  /** Its attempt, if that is known in memory. @property startedAt when it was leased, by `performance.now()` */
  readonly attempt: (AttemptPlace & { readonly startedAt: number | null }) | undefined;
}

/**
 * What became of a report. The first two can be acknowledged; for the third its edge has to prove first that it holds these hashes.
 * @property outside hashes of results whose bytes are not in the database: they have to be copied from their edge
 */
export type Committed =
  | { readonly kind: 'committed'; readonly measurement: Measurement | undefined; readonly outside: readonly string[] }
  | { readonly kind: 'refused' }
  | { readonly kind: 'unproven'; readonly hashes: readonly string[] };

/** Names that a result has no right to yet. Thrown so that nothing of it is written. */
class Unproven extends Error {
  readonly hashes: readonly string[];

  constructor(hashes: readonly string[]) {
    super('unproven');
    this.hashes = hashes;
  }
}

interface Committing {
  readonly database: Database;
  readonly standing: ModelStanding;
  readonly log: Logger;
  readonly changes: RunChanges;
  readonly advancing: Advancing;
}

/**
 * Commits a result or failure if its fencing number is still current, and if the edge may name what it names: bytes that are new here, that it
 * made before, that its step was given, or that it has proven to hold.
 */
export async function commitReport(committing: Committing, edge: KnownEdge, report: Report, reported: Reported): Promise<Committed> {
  try {
    return await commit(committing, edge, report, reported);
  } catch (thrown) {
    if (thrown instanceof Unproven) return { kind: 'unproven', hashes: thrown.hashes };
    throw thrown;
  }
}

async function commit(committing: Committing, edge: KnownEdge, report: Report, { attempt, proven }: Reported): Promise<Committed> {
  const place = attempt ?? (await findAttempt(committing.database, report.attemptId));
  if (!place) return { kind: 'refused' };
  const { changes, advancing, log } = committing;
  const { advanced, value: measurement } = await changes.change<Measurement | undefined>(place.runId, async (tx) => {
    const run = await advancing.states.load(tx, place.runId);
    if (!holdsLease(run, place, edge, report)) return { advanced: unchanged(run), value: undefined };
    if (report.kind === 'failure') return commitFailure(advancing, tx, run, place, report);
    return commitResult(committing, tx, run, { place, edge, result: report, proven, startedAt: attempt?.startedAt ?? null });
  });
  if (advanced.accepted) return { kind: 'committed', measurement, outside: report.kind === 'result' ? outsideOf(report) : [] };
  const { runId, stepId, shard } = place;
  log.info({ runId, stepId, shard, attemptId: report.attemptId, edgeId: edge.id, fence: report.fence }, 'a stale report was refused');
  return { kind: 'refused' };
}

async function findAttempt(database: Database, attemptId: string): Promise<AttemptPlace | undefined> {
  const { rows } = await database.pool.query('SELECT run_id AS "runId", step_id AS "stepId", shard, number FROM attempts WHERE id = $1', [attemptId]);
  return rows[0];
}

function holdsLease(run: LoadedRun, place: AttemptPlace, edge: KnownEdge, report: Result | Failure): boolean {
  const attempt = run.machine.steps.get(place.stepId)?.shards[place.shard]?.attempts[place.number - 1];
  const row = run.attempts.get(attemptKey(place));
  return attempt?.state === 'leased' && attempt.edgeId === edge.id && row?.id === report.attemptId && Number(row.fence) === report.fence;
}

async function commitFailure(advancing: Advancing, tx: PoolClient, run: LoadedRun, place: AttemptPlace, failure: Pick<Failure, 'error' | 'log'>) {
  const event = { kind: 'failed', attempt: place, final: finalCodes.has(failure.error.code) } as const;
  const { error, log } = failure;
  const hint = error.hint === undefined ? {} : { hint: storable(error.hint) };
  const detail: EventDetail = { error: { ...error, message: storable(error.message), ...hint }, log: storable(log) };
  return { advanced: await advanceLoaded(advancing, tx, run, event, detail), value: undefined };
}

/** A result, of which attempt and edge, and what that edge has proven for it. */
interface Made {
  readonly place: AttemptPlace;
  readonly edge: KnownEdge;
  readonly result: Result;
  readonly proven: ReadonlySet<string>;
  readonly startedAt: number | null;
}

async function commitResult(committing: Committing, tx: PoolClient, run: LoadedRun, made: Made) {
  const { place, result } = made;
  const { task } = run.steps.get(place.stepId) as StepRow;
  const wrong = wrongOutputs(task, result.outputs);
  if (wrong) return commitFailure(committing.advancing, tx, run, place, { error: wrong, log: '' });
  const otherFiles = wrongModel(run, made);
  if (otherFiles) return commitFailure(committing.advancing, tx, run, place, { error: otherFiles, log: '' });
  // Before the run advances: steps that read these are looked up in the result cache when they are about to begin.
  const { measurement, firstId, facts } = await insertOutputs(committing.standing, tx, run, made);
  const known = { ...run, facts: new Map(run.facts).set(place.stepId, facts) };
  const event = { kind: 'succeeded', attempt: place, seconds: wallSeconds(made) } as const;
  const advanced = await advanceLoaded(committing.advancing, tx, known, event, { timings: result.timings }, firstId);
  return { advanced, value: measurement };
}

/** What the attempt took as its fellows will: from its lease to its result, but for what is done once. */
function wallSeconds({ startedAt, result: { timings } }: Made): number {
  const measured = timings.transferSeconds + timings.runSeconds;
  if (startedAt === null) return measured;
  return Math.max(measured, (performance.now() - startedAt) / 1000 - timings.loadSeconds);
}

/** With what a result was made, as its edge says; one of an older release says it only of what it offers. */
function modelUsed(run: LoadedRun, { place, edge, result }: Made) {
  const modelId = attemptOf(run.machine, place)?.modelId ?? '';
  const model = edge.models.find((one) => one.manifest.id === modelId);
  return { modelId, modelHash: result.modelHash || (model?.modelHash ?? ''), model };
}

/** Holds the edges that share a step to the files that it was planned with, now and when this attempt began. */
function wrongModel(run: LoadedRun, made: Made): ErrorBody | undefined {
  const { modelId, modelHash } = modelUsed(run, made);
  const planned = [attemptOf(run.machine, made.place)?.modelHash, run.machine.steps.get(made.place.stepId)?.sharing[0]?.modelHash];
  if (planned.every((hash) => hash === undefined || hash === modelHash)) return undefined;
  const hint = 'Pull the model again on this edge, or update Atelier there; until then it shares no step.';
  return new AtelierError('step-failed', `${made.edge.name} has other files of ${modelId} than this step is shared with.`, { hint }).toJSON();
}

/** Holds an edge to what the task declares. */
function wrongOutputs(taskName: string, outputs: readonly StepOutput[]): ErrorBody | undefined {
  const task = findTask(taskName);
  for (const output of outputs) {
    const port = task.outputs[output.port];
    if (!port) return new AtelierError('step-failed', `The model made "${output.port}", which ${taskName} does not have.`).toJSON();
    if (output.text !== null && !isTextOf(output, output.text)) {
      return new AtelierError('hash-mismatch', `The text of "${output.port}" is not the one that its hash names.`).toJSON();
    }
    if (!mayCarry(port.modality, output.mediaType)) {
      return new AtelierError('step-failed', `The model made ${output.mediaType} for "${output.port}", which should be ${port.modality}.`).toJSON();
    }
  }
  const missing = Object.entries(task.outputs).find(([name, port]) => port.required && !outputs.some((output) => output.port === name));
  return missing ? new AtelierError('step-failed', `The model made no "${missing[0]}".`).toJSON() : undefined;
}

function isTextOf({ hash, sizeBytes }: StepOutput, text: string): boolean {
  return Buffer.byteLength(text) === sizeBytes && createHash('sha256').update(text, 'utf8').digest('hex') === hash;
}

/** Answers with the hashes that were known here before, and not as this edge's: one statement, and no other for a result of new bytes. */
const insertResult = {
  name: 'insert-result',
  text: `WITH made AS (SELECT * FROM jsonb_to_recordset($5::jsonb) AS x(id uuid, port text, index int, hash text, "mediaType" text, "sizeBytes" bigint, modality text, text text, listed boolean)),
      bytes AS (INSERT INTO artifacts (hash, size_bytes) SELECT DISTINCT hash, "sizeBytes" FROM made ON CONFLICT DO NOTHING RETURNING hash),
      place AS (INSERT INTO replicas (hash, place) SELECT DISTINCT hash, $6 FROM made ON CONFLICT DO NOTHING RETURNING hash),
      kept AS (INSERT INTO replicas (hash, place) SELECT DISTINCT hash, 'coordinator' FROM made WHERE octet_length(text) = "sizeBytes" ON CONFLICT DO NOTHING),
      output AS (
        INSERT INTO outputs (id, user_id, run_id, step_id, shard, port, index, hash, media_type, recipe, modality, text, listed, caption, cache_key, maker, dimensions)
        SELECT made.id, $1, $2, $3, $4, made.port, made.index, made.hash, made."mediaType", $7::jsonb, made.modality, made.text, made.listed, $13, $14, $8::uuid, $16::jsonb -> made.port FROM made),
      measured AS (INSERT INTO measurements (edge_id, model_id, task, work, cold, run_seconds, load_seconds, output_bytes)
        VALUES ($8::uuid, $7::jsonb ->> 'modelId', $7::jsonb ->> 'task', $15, $9, $10, $11, $12))
    SELECT hash FROM place WHERE hash NOT IN (SELECT hash FROM bytes)`,
};

/** Writes what a shard made, with the recipe to make it again, and what was measured. */
async function insertOutputs(standing: ModelStanding, tx: PoolClient, run: LoadedRun, made: Made) {
  const { place, edge, result, proven } = made;
  const step = run.steps.get(place.stepId) as StepRow;
  const { task, parameters, work, dimensions } = step;
  const facts = await factsOf(tx, run, place.stepId);
  const { modelId, modelHash, model } = modelUsed(run, made);
  const { steered, controls } = await toldOf(tx, task, place, result);
  const recipe: Recipe = { task, modelId, modelHash, parameters, inputs: facts.inputs as Recipe['inputs'], ...(controls.length > 0 && { controls }) };
  const { cold, runSeconds, loadSeconds } = result.timings;
  const outputs = rowsOf(run, place, result.outputs);
  const outputBytes: Record<string, number> = {};
  for (const output of outputs) outputBytes[output.port] = (outputBytes[output.port] ?? 0) + output.sizeBytes;
  const key = model && !steered && standing.mayCache(model, modelHash) ? cacheKey(step, recipe, place.shard, facts) : null;
  const what = [run.userId, run.id, place.stepId, place.shard, JSON.stringify(outputs), edge.id, JSON.stringify(recipe)];
  const measured = [edge.id, cold, runSeconds, loadSeconds, JSON.stringify(outputBytes)];
  const { rows } = await tx.query({ ...insertResult, values: [...what, ...measured, facts.caption, key, work, JSON.stringify(dimensions)] });
  const shown = new Set([...proven, ...Object.values(facts.inputs).flat(), ...result.outputs.flatMap(({ hash, text }) => (text === null ? [] : [hash]))]);
  const unproven = rows.map((row) => row.hash as string).filter((hash) => !shown.has(hash));
  if (unproven.length > 0) throw new Unproven(unproven);
  const measurement: Measurement = { edgeId: edge.id, modelId, task, work, cold, runSeconds, loadSeconds, outputBytes };
  return { measurement, facts, firstId: outputs[0]?.id };
}

/** What a result was told while it was made; nothing for tasks that take no controls. */
async function toldOf(tx: PoolClient, task: string, place: AttemptPlace, { applied = [] }: Result) {
  const takes = Object.keys(findTask(task).controls).length > 0;
  return takes ? settleControls(tx, place, applied) : { steered: false, controls: [] };
}

/** Where a step has several shards, the one value of a shard has the shard's number. */
function rowsOf(run: LoadedRun, place: AttemptPlace, outputs: readonly StepOutput[]) {
  const step = run.machine.steps.get(place.stepId);
  const { outputs: ports } = findTask(run.steps.get(place.stepId)?.task ?? '');
  return outputs.map((output) => {
    const port = ports[output.port];
    const alone = outputs.filter((other) => other.port === output.port).length === 1;
    const index = step && hasSeveral(step) && alone ? place.shard : output.index;
    const text = output.text === null ? null : storable(output.text);
    return { ...output, text, index, id: newId<OutputId>(), modality: port?.modality, listed: port?.listed ?? false };
  });
}

/** A short text stands in its output's row, byte for byte, if the database can keep it. */
function outsideOf({ outputs }: Result): string[] {
  return [...new Set(outputs.filter(({ text }) => text === null || storable(text) !== text).map(({ hash }) => hash))];
}

/** PostgreSQL keeps neither the character zero nor half a character, and what it refuses would be sent again for ever. */
const storable = (text: string) => text.replaceAll('\0', '').toWellFormed();
