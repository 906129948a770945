import type { AttemptView, OutputView, RunId, RunInputView, RunSummary, RunView, StepView } from '@atelier/protocol';
import { AtelierError, type Page } from '@atelier/protocol';
import { type Database, schema } from '@atelier/store';
import { and, asc, desc, eq, inArray, lt } from 'drizzle-orm';
import type { Viewer } from './core.ts';
import type { Fleet } from './fleet.ts';

type RunRow = typeof schema.runs.$inferSelect;
type StepRow = typeof schema.steps.$inferSelect;

/** One moment of the database: statements that are read in it agree with each other. */
type Snapshot = Pick<Database['db'], 'select' | 'selectDistinctOn'>;

/** Reads in one snapshot, so that no view shows a step as done whose results it does not show. */
function inSnapshot<T>(database: Database, read: (snapshot: Snapshot) => Promise<T>): Promise<T> {
  return database.db.transaction(read, { isolationLevel: 'repeatable read', accessMode: 'read only' });
}

/** A run as its reader sees it. @throws AtelierError `not-found` where it is not theirs to see */
export async function readRun(database: Database, fleet: Fleet, viewer: Viewer, runId: RunId): Promise<RunView> {
  const { rows, stepRows, attempts, outputs, inputs } = await inSnapshot(database, async (snapshot) => ({
    rows: await snapshot.select().from(schema.runs).where(eq(schema.runs.id, runId)),
    stepRows: await snapshot.select().from(schema.steps).where(eq(schema.steps.runId, runId)).orderBy(asc(schema.steps.position)),
    attempts: await readAttempts(snapshot, fleet, runId),
    outputs: await readOutputs(snapshot, [runId]),
    inputs: await readInputs(snapshot, runId),
  }));
  const run = rows[0];
  if (!run || !maySee(viewer, run.userId)) throw notFound();
  const steps = stepRows.map((row) =>
    stepView(
      row,
      attempts.get(row.stepId) ?? [],
      outputs.filter((output) => output.stepId === row.stepId),
    ),
  );
  return {
    ...summaryFields(run),
    chain: run.chain,
    plan: run.plan,
    planVersion: run.planVersion,
    priority: run.priority,
    inputs,
    steps,
  };
}

/** Runs of the viewer, or all for an owner, newest first. */
export async function listRuns(database: Database, viewer: Viewer, page: Page): Promise<RunSummary[]> {
  return inSnapshot(database, (snapshot) => readSummaries(snapshot, viewer, page));
}

async function readSummaries(snapshot: Snapshot, viewer: Viewer, page: Page): Promise<RunSummary[]> {
  const runs = await snapshot
    .select()
    .from(schema.runs)
    .where(
      and(
        viewer.role === 'owner' ? undefined : eq(schema.runs.userId, viewer.id),
        page.before ? lt(schema.runs.id, page.before) : undefined,
        page.state ? eq(schema.runs.state, page.state) : undefined,
        page.task ? inArray(schema.runs.id, snapshot.select({ id: schema.steps.runId }).from(schema.steps).where(eq(schema.steps.task, page.task))) : undefined,
      ),
    )
    .orderBy(desc(schema.runs.id))
    .limit(page.limit);
  const ids = runs.map((run) => run.id);
  if (ids.length === 0) return [];
  const { runId, stepId, task, state, reused, position } = schema.steps;
  const steps = await snapshot
    .select({ runId, id: stepId, task, state, reused, position })
    .from(schema.steps)
    .where(inArray(runId, ids))
    .orderBy(asc(position));
  const lastOutputs = await readLastOutputs(snapshot, ids);
  return runs.map((run) => {
    const own = steps.filter((step) => step.runId === run.id);
    const lastOutput = lastOutputs.get(run.id) ?? null;
    return { ...summaryFields(run), steps: own.map(({ id, task, state, reused }) => ({ id, task, state, reused })), lastOutput };
  });
}

export function maySee(viewer: Viewer, userId: string): boolean {
  return viewer.role === 'owner' || viewer.id === userId;
}

/** Says the same for what is not there and for what is not theirs. */
export function notFound(what = 'run'): AtelierError {
  return new AtelierError('not-found', `There is no such ${what}.`, { hint: what === 'run' ? 'List yours with: atelier runs.' : undefined });
}

function summaryFields(run: RunRow) {
  const { id, name, state, parentRunId, error } = run;
  return { id, name, state, parentRunId, error, createdAt: run.createdAt.toISOString(), startedAt: iso(run.startedAt), endedAt: iso(run.endedAt) };
}

const iso = (date: Date | null) => date?.toISOString() ?? null;

function stepView(row: StepRow, attempts: AttemptView[], outputs: OutputView[]): StepView {
  const { task, state, parameters, offer, prediction, reused, error } = row;
  return {
    id: row.stepId,
    task,
    state,
    parameters,
    offer,
    prediction,
    reused,
    sharing: [],
    shards: null,
    cached: 0,
    error,
    attempts,
    outputs,
    startedAt: iso(row.startedAt),
    endedAt: iso(row.endedAt),
  };
}

async function readAttempts(snapshot: Snapshot, fleet: Fleet, runId: RunId): Promise<Map<string, AttemptView[]>> {
  const rows = await snapshot
    .select()
    .from(schema.attempts)
    .where(eq(schema.attempts.runId, runId))
    .orderBy(asc(schema.attempts.shard), asc(schema.attempts.number));
  const byStep = new Map<string, AttemptView[]>();
  for (const row of rows) {
    const { shard, edgeId, modelId, state, fence, timings, error, log } = row;
    const view = { id: row.id as AttemptView['id'], shard, edgeId, edgeName: fleet.nameOf(edgeId), modelId, state, fence, timings, error, log };
    const times = { queuedAt: row.queuedAt.toISOString(), startedAt: iso(row.startedAt), endedAt: iso(row.endedAt) };
    byStep.set(row.stepId, [...(byStep.get(row.stepId) ?? []), { ...view, ...times }]);
  }
  return byStep;
}

async function readOutputs(snapshot: Snapshot, runIds: RunId[]): Promise<OutputView[]> {
  const { outputs, artifacts } = schema;
  const rows = await snapshot
    .select()
    .from(outputs)
    .innerJoin(artifacts, eq(artifacts.hash, outputs.hash))
    .where(inArray(outputs.runId, runIds))
    .orderBy(asc(outputs.port), asc(outputs.index));
  return rows.map(outputView);
}

/** The first result of the last step that made any, of each run; a step may have thousands. */
async function readLastOutputs(snapshot: Snapshot, runIds: RunId[]): Promise<Map<RunId, OutputView>> {
  const { outputs, artifacts, steps } = schema;
  const rows = await snapshot
    .selectDistinctOn([outputs.runId], { outputs, artifacts })
    .from(outputs)
    .innerJoin(artifacts, eq(artifacts.hash, outputs.hash))
    .innerJoin(steps, and(eq(steps.runId, outputs.runId), eq(steps.stepId, outputs.stepId)))
    .where(inArray(outputs.runId, runIds))
    .orderBy(asc(outputs.runId), desc(steps.position), asc(outputs.port), asc(outputs.index));
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

async function readInputs(snapshot: Snapshot, runId: RunId): Promise<RunInputView[]> {
  const { runInputs, outputs, artifacts } = schema;
  const rows = await snapshot
    .select()
    .from(runInputs)
    .innerJoin(outputs, eq(outputs.id, runInputs.outputId))
    .innerJoin(artifacts, eq(artifacts.hash, outputs.hash))
    .where(eq(runInputs.runId, runId))
    .orderBy(asc(runInputs.name));
  return rows.map(({ run_inputs: input, outputs: output, artifacts: artifact }) => {
    const { name, outputId, text } = input;
    return { name, outputId, text, hash: output.hash, mediaType: output.mediaType, sizeBytes: artifact.sizeBytes };
  });
}
