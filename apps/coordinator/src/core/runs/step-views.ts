import { type AttemptView, findTask, type OutputId, type OutputView, type RunId, type ShardView, type StepView } from '@atelier/protocol';
import { type Database, schema } from '@atelier/store';
import { and, asc, desc, eq, inArray } from 'drizzle-orm';
import { readControlViews } from '../controls/index.ts';
import type { Fleet } from '../fleet/index.ts';
import { shardState } from '../state/index.ts';

/** One moment of the database: statements that are read in it agree with each other. */
export type Snapshot = Pick<Database['db'], 'select' | 'selectDistinctOn' | 'execute'>;

type StepRow = typeof schema.steps.$inferSelect;
type ShardRow = Pick<typeof schema.shards.$inferSelect, 'stepId' | 'index' | 'done' | 'cached'>;
type LastAttempt = Pick<typeof schema.attempts.$inferSelect, 'stepId' | 'shard' | 'state' | 'edgeId'>;

/** Attempts of a step with several shards that are worth showing: thousands went well. */
const shownStates = ['queued', 'leased', 'failed', 'lost'] as const;

/** Steps of a run in their order, all or some. */
export async function readSteps(snapshot: Snapshot, fleet: Fleet, runId: RunId, stepIds?: readonly string[]): Promise<StepView[]> {
  const { steps, shards } = schema;
  const rows = await snapshot
    .select()
    .from(steps)
    .where(and(eq(steps.runId, runId), stepIds && inArray(steps.stepId, [...stepIds])))
    .orderBy(asc(steps.position));
  const ids = rows.map((row) => row.stepId);
  const { stepId, index, done, cached } = shards;
  const parts = await snapshot
    .select({ stepId, index, done, cached })
    .from(shards)
    .where(and(eq(shards.runId, runId), inArray(stepId, ids)))
    .orderBy(asc(index));
  const partsByStep = Map.groupBy(parts, (part) => part.stepId);
  const several = ids.filter((id) => (partsByStep.get(id)?.length ?? 0) > 1);
  const single = ids.filter((id) => !several.includes(id));
  const attempts = [...(await readAttempts(snapshot, fleet, runId, single)), ...(await readAttempts(snapshot, fleet, runId, several, shownStates))];
  const attemptsByStep = Map.groupBy(attempts, ([id]) => id);
  const lastByStep = Map.groupBy(await readLastAttempts(snapshot, runId, several), (attempt) => attempt.stepId);
  const outputsByStep = Map.groupBy(await readOutputs(snapshot, runId, ids), ({ view }) => view.stepId);
  const steerable = rows.filter(({ task }) => Object.keys(findTask(task).controls).length > 0).map((row) => row.stepId);
  const controlsByStep = await readControlViews(snapshot, runId, steerable);
  return rows.map((row) => {
    const made = outputsByStep.get(row.stepId) ?? [];
    const shardRows = partsByStep.get(row.stepId) ?? [];
    const first = new Map(made.toReversed().map(({ shard, view }) => [shard, view.id]));
    const stepAttempts = (attemptsByStep.get(row.stepId) ?? []).map(([, view]) => view);
    const each = shardRows.length > 1 ? shardViews(row, shardRows, lastByStep.get(row.stepId) ?? [], first) : null;
    return stepView(row, { shardRows, each, attempts: stepAttempts, outputs: made.map(({ view }) => view), controls: controlsByStep.get(row.stepId) });
  });
}

function shardViews(row: StepRow, shards: readonly ShardRow[], last: readonly LastAttempt[], outputIds: ReadonlyMap<number | null, OutputId>): ShardView[] {
  const lastByShard = new Map(last.map((attempt) => [attempt.shard, attempt]));
  return shards.map((shard) => ({
    index: shard.index,
    ...shardState(row.state, shard, lastByShard.get(shard.index)),
    outputId: outputIds.get(shard.index) ?? null,
  }));
}

interface StepParts {
  readonly shardRows: readonly ShardRow[];
  readonly each: ShardView[] | null;
  readonly attempts: AttemptView[];
  readonly outputs: OutputView[];
  readonly controls: StepView['controls'];
}

function stepView(row: StepRow, { shardRows, each, attempts, outputs, controls }: StepParts): StepView {
  const { task, state, parameters, offer, prediction, reused, error } = row;
  return {
    id: row.stepId,
    task,
    state,
    parameters,
    offer,
    prediction,
    reused,
    sharing: (row.sharing ?? []).map((share) => share.offer),
    shards: each && { total: each.length, done: shardRows.filter((shard) => shard.done).length, each },
    cached: shardRows.filter((shard) => shard.cached).length,
    error,
    attempts,
    outputs: inPortOrder(task, outputs),
    startedAt: iso(row.startedAt),
    endedAt: iso(row.endedAt),
    ...(controls && { controls }),
    notice: state === 'succeeded' ? findTask(task).notice(outputs) : null,
  };
}

/** As the task declares its ports: what it is for stands first. */
function inPortOrder(task: string, outputs: OutputView[]): OutputView[] {
  const ports = Object.keys(findTask(task).outputs);
  return ports.length > 1 ? outputs.toSorted((a, b) => ports.indexOf(a.port) - ports.indexOf(b.port)) : outputs;
}

async function readAttempts(
  snapshot: Snapshot,
  fleet: Fleet,
  runId: RunId,
  stepIds: readonly string[],
  states?: readonly AttemptView['state'][],
): Promise<Array<[string, AttemptView]>> {
  if (stepIds.length === 0) return [];
  const { attempts } = schema;
  const rows = await snapshot
    .select()
    .from(attempts)
    .where(and(eq(attempts.runId, runId), inArray(attempts.stepId, [...stepIds]), states && inArray(attempts.state, [...states])))
    .orderBy(asc(attempts.shard), asc(attempts.number));
  return rows.map((row) => {
    const { shard, edgeId, modelId, state, fence, timings, error, log } = row;
    const view = { id: row.id as AttemptView['id'], shard, edgeId, edgeName: fleet.nameOf(edgeId), modelId, state, fence, timings, error, log };
    return [row.stepId, { ...view, queuedAt: row.queuedAt.toISOString(), startedAt: iso(row.startedAt), endedAt: iso(row.endedAt) }];
  });
}

/** The last attempt of each shard that had any. */
async function readLastAttempts(snapshot: Snapshot, runId: RunId, stepIds: readonly string[]): Promise<LastAttempt[]> {
  if (stepIds.length === 0) return [];
  const { stepId, shard, number, state, edgeId } = schema.attempts;
  return snapshot
    .selectDistinctOn([stepId, shard], { stepId, shard, state, edgeId })
    .from(schema.attempts)
    .where(and(eq(schema.attempts.runId, runId), inArray(stepId, [...stepIds])))
    .orderBy(asc(stepId), asc(shard), desc(number));
}

async function readOutputs(snapshot: Snapshot, runId: RunId, stepIds: readonly string[]): Promise<Array<{ shard: number | null; view: OutputView }>> {
  const { outputs, artifacts } = schema;
  const rows = await snapshot
    .select()
    .from(outputs)
    .innerJoin(artifacts, eq(artifacts.hash, outputs.hash))
    .where(and(eq(outputs.runId, runId), inArray(outputs.stepId, [...stepIds])))
    .orderBy(asc(outputs.shard), asc(outputs.port), asc(outputs.index));
  return rows.map((row) => ({ shard: row.outputs.shard, view: outputView(row) }));
}

/** The first result of the last step that made any, of each run; a step may have thousands. */
export async function readLastOutputs(snapshot: Snapshot, runIds: RunId[]): Promise<Map<RunId, OutputView>> {
  const { outputs, artifacts, steps } = schema;
  const rows = await snapshot
    .selectDistinctOn([outputs.runId], { outputs, artifacts })
    .from(outputs)
    .innerJoin(artifacts, eq(artifacts.hash, outputs.hash))
    .innerJoin(steps, and(eq(steps.runId, outputs.runId), eq(steps.stepId, outputs.stepId)))
    .where(inArray(outputs.runId, runIds))
    .orderBy(asc(outputs.runId), desc(steps.position), desc(outputs.listed), asc(outputs.port), asc(outputs.index));
  return new Map(rows.map((row) => [row.outputs.runId as RunId, outputView(row)]));
}

type OutputRow = { outputs: typeof schema.outputs.$inferSelect; artifacts: typeof schema.artifacts.$inferSelect };

function outputView({ outputs: output, artifacts: artifact }: OutputRow): OutputView {
  return {
    id: output.id,
    runId: output.runId as RunId,
    stepId: output.stepId as string,
    port: output.port as string,
    index: output.index as number,
    hash: output.hash,
    mediaType: output.mediaType,
    sizeBytes: artifact.sizeBytes,
    recipe: output.recipe as OutputView['recipe'],
    createdAt: output.createdAt.toISOString(),
  };
}

export const iso = (date: Date | null) => date?.toISOString() ?? null;
