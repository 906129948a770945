import {
  findTask,
  type OutputId,
  type Recipe,
  type RecipeDocument,
  type RecipeInput,
  type RecordedControls,
  type ResolvedChain,
  type ResolvedStep,
  readsFrom,
} from '@atelier/protocol';
import { type Database, schema } from '@atelier/store';
import { eq } from 'drizzle-orm';

const { outputs, runs } = schema;

/** Which model made what a step gave. */
interface ModelOfStep {
  readonly stepId: string;
  readonly modelId: string;
  readonly modelHash: string;
}

/**
 * How an output was made, with all that is needed to make it again. Permission must be checked before.
 * @returns null for an upload, and for what was made before recipes were kept
 */
export async function readRecipeDocument(database: Database, id: OutputId): Promise<RecipeDocument | null> {
  const [row] = await database.db
    .select({ output: outputs, chain: runs.chain })
    .from(outputs)
    .innerJoin(runs, eq(runs.id, outputs.runId))
    .where(eq(outputs.id, id));
  const own = row?.output.recipe;
  if (!row || !own || row.output.stepId === null || row.output.port === null) return null;
  const { stepId, port, runId } = row.output;
  const steps = ancestors(row.chain, stepId).map((step) => (step.id === stepId ? alone(step, row.output.shard ?? 0) : step));
  const models = await modelsOf(database, runId as string, [...steps.map((step) => step.id).filter((name) => name !== stepId)]);
  const made = [...models, { stepId, modelId: own.modelId, modelHash: own.modelHash }];
  if (!steps.some((step) => step.id === stepId) || steps.some((step) => !made.some((model) => model.stepId === step.id))) return null;
  const known = await inputsOf(database, runId as string);
  const controls = await controlsOf(database, runId as string, steps, isAlone(row.chain, stepId) ? { stepId, shard: row.output.shard ?? 0 } : null);
  const used = inputNames(steps);
  return {
    atelier: 1,
    chain: { name: row.chain.name, inputs: pick(row.chain.inputs, used), steps: steps.map((step) => pinned(step, made)) },
    inputs: pick(known, used),
    modelHashes: Object.fromEntries(made.map(({ stepId: name, modelId, modelHash }) => [name, { modelId, modelHash }])),
    ...(Object.keys(controls).length > 0 && { controls }),
    // A shard's number is its value's, where a step has several.
    result: { stepId, port, index: isAlone(row.chain, stepId) ? 0 : Math.max(row.output.shard ?? 0, row.output.index ?? 0) },
  };
}

/** A step and all that it needs, in the chain's order. */
function ancestors(chain: ResolvedChain, stepId: string): ResolvedStep[] {
  const needed = new Set([stepId]);
  // Each step stands after what it reads, so one way from the end is enough.
  for (const step of chain.steps.toReversed()) if (needed.has(step.id)) for (const name of readsFrom(step)) needed.add(name);
  return chain.steps.filter((step) => needed.has(step.id));
}

/** Whether a step's shards are made again one by one. */
const isAlone = (chain: ResolvedChain, stepId: string) => findTask(chain.steps.find((step) => step.id === stepId)?.task ?? '').shards?.alone !== undefined;

/** A picture of a batch is made again by its own seed, without the others. */
function alone(step: ResolvedStep, shard: number): ResolvedStep {
  const { shards } = findTask(step.task);
  return shards?.alone ? { ...step, parameters: shards.alone(step.parameters, shard) } : step;
}

/** With the model that it really ran on, and without the machine: that says nothing elsewhere. */
function pinned(step: ResolvedStep, models: readonly ModelOfStep[]): ResolvedStep {
  const { id, task, parameters, inputs } = step;
  return { id, task, model: models.find((made) => made.stepId === id)?.modelId as ResolvedStep['model'] & string, parameters, inputs };
}

async function modelsOf(database: Database, runId: string, stepIds: string[]): Promise<ModelOfStep[]> {
  if (stepIds.length === 0) return [];
  const { rows } = await database.pool.query<{ stepId: string; recipe: Recipe }>(
    `SELECT DISTINCT ON (step_id) step_id AS "stepId", recipe FROM outputs WHERE run_id = $1 AND step_id = ANY($2) AND recipe IS NOT NULL ORDER BY step_id, shard, index`,
    [runId, stepIds],
  );
  return rows.map(({ stepId, recipe }) => ({ stepId, modelId: recipe.modelId, modelHash: recipe.modelHash }));
}

/** What the run was given: texts as they were, everything else by its hash. */
async function inputsOf(database: Database, runId: string): Promise<Record<string, RecipeInput>> {
  const { rows } = await database.pool.query(
    `SELECT i.name, COALESCE(i.text, o.text) AS text, o.hash, o.media_type AS "mediaType", a.size_bytes AS "sizeBytes"
    FROM run_inputs i JOIN outputs o ON o.id = i.output_id JOIN artifacts a ON a.hash = o.hash WHERE i.run_id = $1 ORDER BY i.name`,
    [runId],
  );
  return Object.fromEntries(
    rows.map(({ name, text, hash, mediaType, sizeBytes }) => [name, text === null ? { hash, mediaType, sizeBytes: Number(sizeBytes) } : { text }]),
  );
}

/** What the steps followed, and where. @param alone the shard that its step is made of in the document, where it has the number 0 */
async function controlsOf(
  database: Database,
  runId: string,
  steps: readonly ResolvedStep[],
  alone: { readonly stepId: string; readonly shard: number } | null,
): Promise<RecordedControls> {
  const steerable = steps.filter(({ task }) => Object.keys(findTask(task).controls).length > 0).map(({ id }) => id);
  if (steerable.length === 0) return {};
  const { rows } = await database.pool.query<{ stepId: string; shard: number; at: string; kind: string; value: Record<string, unknown> }>(
    `SELECT p.step_id AS "stepId", p.shard, p.at, c.kind, c.value FROM control_positions p
      JOIN controls c ON c.run_id = p.run_id AND c.step_id = p.step_id AND c.number = p.number
    WHERE p.run_id = $1 AND p.step_id = ANY($2) AND p.at IS NOT NULL AND p.done ORDER BY p.step_id, p.shard, p.at, p.number`,
    [runId, steerable],
  );
  const wanted = rows.filter(({ stepId, shard }) => stepId !== alone?.stepId || shard === alone.shard);
  const numbered = wanted.map(({ stepId, shard, at, kind, value }) => ({ stepId, shard: stepId === alone?.stepId ? 0 : shard, at: Number(at), kind, value }));
  const byStep = [...Map.groupBy(numbered, ({ stepId }) => stepId)];
  return Object.fromEntries(byStep.map(([name, own]) => [name, own.map(({ shard, at, kind, value }) => ({ ...(shard > 0 && { shard }), at, kind, value }))]));
}

/** The chain's inputs that some of the steps read. */
function inputNames(steps: readonly ResolvedStep[]): ReadonlySet<string> {
  const sources = steps.flatMap((step) => Object.values(step.inputs).flat());
  return new Set(sources.flatMap((source) => (typeof source === 'string' && source.startsWith('inputs.') ? [source.slice('inputs.'.length)] : [])));
}

function pick<T>(all: Readonly<Record<string, T>>, names: ReadonlySet<string>): Record<string, T> {
  return Object.fromEntries(Object.entries(all).filter(([name]) => names.has(name)));
}
