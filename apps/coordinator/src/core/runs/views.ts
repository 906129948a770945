import type { Page, RunId, RunInputView, RunSummary, RunView } from '@atelier/protocol';
import { type Database, schema } from '@atelier/store';
import { and, asc, desc, eq, inArray, lt } from 'drizzle-orm';
import { maySee, notFound, type Viewer } from '../contracts/index.ts';
import type { Fleet } from '../fleet/index.ts';
import { iso, readLastOutputs, readSteps, type Snapshot } from './step-views.ts';

type RunRow = typeof schema.runs.$inferSelect;

/** Reads in one snapshot, so that no view shows a step as done whose results it does not show. */
function inSnapshot<T>(database: Database, read: (snapshot: Snapshot) => Promise<T>): Promise<T> {
  return database.db.transaction(read, { isolationLevel: 'repeatable read', accessMode: 'read only' });
}

/** A run as its reader sees it. @throws AtelierError `not-found` if it is not theirs to see */
export async function readRun(database: Database, fleet: Fleet, viewer: Viewer, runId: RunId): Promise<RunView> {
  const { run, steps, inputs } = await inSnapshot(database, async (snapshot) => ({
    run: await readRunRow(snapshot, viewer, runId),
    steps: await readSteps(snapshot, fleet, runId),
    inputs: await readInputs(snapshot, runId),
  }));
  return { ...runFields(run), chain: run.chain, inputs, steps };
}

/** A run itself and some steps of it, for those who know the rest. @throws AtelierError `not-found` */
export async function readChanges(database: Database, fleet: Fleet, viewer: Viewer, runId: RunId, stepIds: readonly string[]) {
  return inSnapshot(database, async (snapshot) => {
    const run = runFields(await readRunRow(snapshot, viewer, runId));
    return { run, steps: stepIds.length > 0 ? await readSteps(snapshot, fleet, runId, stepIds) : [] };
  });
}

async function readRunRow(snapshot: Snapshot, viewer: Viewer, runId: RunId): Promise<RunRow> {
  const [run] = await snapshot.select().from(schema.runs).where(eq(schema.runs.id, runId));
  if (!run || !maySee(viewer, run.userId)) throw notFound();
  return run;
}

function runFields(run: RunRow) {
  const { plan, planVersion, priority } = run;
  return { ...summaryFields(run), plan, planVersion, priority };
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

function summaryFields(run: RunRow) {
  const { id, name, state, parentRunId, error } = run;
  return { id, name, state, parentRunId, error, createdAt: run.createdAt.toISOString(), startedAt: iso(run.startedAt), endedAt: iso(run.endedAt) };
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
