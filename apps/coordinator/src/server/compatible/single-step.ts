import { Readable } from 'node:stream';
import { holdsSound } from '@atelier/artifacts';
import { AtelierError, endedRunStates, type NewRun, type OutputId, type OutputView, type RunEvent, type RunId, type RunView } from '@atelier/protocol';
import type { Core, Viewer } from '../../core/index.ts';
import type { Services } from '../services.ts';

/** What a foreign endpoint asks for, as one step. */
export interface SingleStep {
  readonly task: string;
  /** Only this model; without it the planner chooses among all. */
  readonly model: string | undefined;
  readonly parameters: Record<string, unknown>;
  readonly input: { text: string } | { outputId: OutputId };
}

export interface SingleStepResult {
  readonly run: RunView;
  readonly outputs: readonly OutputView[];
}

/** Words for `model` that leave the choice to the planner. */
export const anyModel = ['auto', 'atelier'];

/**
 * Plans and runs one step as any chain, and waits for its end. Where the asker hangs up, the run is cancelled.
 * @param onEvent is told everything that happens, such as text while it is written
 * @throws AtelierError why the run failed; `cancelled`
 */
export async function runSingleStep(
  { core, log }: Services,
  viewer: Viewer,
  step: SingleStep,
  options: { signal: AbortSignal; onEvent?: (event: RunEvent) => void },
): Promise<SingleStepResult> {
  await checkModel(core, step.model);
  const run = await core.createRun(viewer, asRun(step), {});
  const cancel = () =>
    void core.cancelRun(viewer, run.id).catch((err) => log.warn({ err, runId: run.id }, 'A run that nobody waits for could not be cancelled.'));
  if (options.signal.aborted) cancel();
  options.signal.addEventListener('abort', cancel, { once: true });
  try {
    for await (const event of core.watchRun(viewer, run.id, options.signal)) options.onEvent?.(event);
    return resultOf(await core.getRun(viewer, run.id as RunId));
  } finally {
    options.signal.removeEventListener('abort', cancel);
  }
}

/** Ids of the models that some connected edge has ready. */
export async function offeredModels(core: Core): Promise<string[]> {
  const edges = (await core.listEdges()).filter((edge) => edge.state === 'online' || edge.state === 'draining');
  const ready = edges.flatMap((edge) => edge.models.filter((model) => model.state === 'ready').map((model) => model.manifest.id));
  return [...new Set(ready)].sort();
}

/** A name that nobody knows is the client's mistake; one of the catalogue that no edge has ready is for the planner to explain. */
async function checkModel(core: Core, model: string | undefined): Promise<void> {
  if (model === undefined || anyModel.includes(model)) return;
  const known = [...(await offeredModels(core)), ...(await core.models()).map((entry) => entry.manifest.id)];
  if (known.includes(model)) return;
  throw new AtelierError('unknown-model', `The model "${model}" does not exist here.`, { hint: 'GET /v1/models lists them; "auto" lets Atelier choose.' });
}

function asRun({ task, model, parameters, input }: SingleStep): NewRun {
  const pinned = model === undefined || anyModel.includes(model) ? {} : { model };
  const given = Object.fromEntries(Object.entries(parameters).filter(([, value]) => value !== undefined && value !== null));
  const chain = { inputs: {}, steps: [{ id: 'answer', task, ...pinned, parameters: given, inputs: {} }] };
  return { chain, inputs: { input }, set: {}, priority: 0, fresh: false };
}

function resultOf(run: RunView): SingleStepResult {
  if (run.state === 'succeeded') return { run, outputs: run.steps.flatMap((step) => step.outputs) };
  const error = run.error ?? run.steps.find((step) => step.error)?.error;
  if (error) throw AtelierError.from(error);
  throw new AtelierError('cancelled', endedRunStates.includes(run.state) ? 'The run was cancelled.' : 'Nobody waited for the run any more.');
}

/** The bytes of a result, brought here first where only an edge has them. */
export async function outputBytes({ core, artifacts }: Services, output: OutputView): Promise<Buffer> {
  if (!(await holdsSound(artifacts, output.hash))) await core.ensureStored(output.hash);
  const chunks: Uint8Array[] = [];
  for await (const chunk of await artifacts.get(output.hash)) chunks.push(chunk as Uint8Array);
  return Buffer.concat(chunks);
}

/** The text of the first output. */
export async function outputText(services: Services, { outputs }: SingleStepResult): Promise<string> {
  const [first] = outputs;
  if (!first) throw new AtelierError('internal', 'The step gave no result.');
  return (await outputBytes(services, first)).toString('utf8');
}

/** Makes a value that is no plain text an input: its bytes become an output of the asker's. */
export async function asInput({ artifacts, core }: Services, viewer: Viewer, text: string, mediaType: string): Promise<{ outputId: OutputId }> {
  const stored = await artifacts.put(Readable.from([Buffer.from(text)]), { mediaType });
  const { outputId } = await core.recordUpload(viewer, { ...stored, mediaType }, null);
  return { outputId };
}
