import { inBackground } from '@atelier/background';
import {
  AtelierError,
  endedRunStates,
  findTask,
  limits,
  type NewRun,
  type OutputId,
  type OutputView,
  type RunEvent,
  type RunId,
  type RunView,
} from '@atelier/protocol';
import type { Viewer } from '../../core/index.ts';
import type { Services } from '../services.ts';
import { resolveModel } from './model-names.ts';

/** What a foreign endpoint asks for, as one step. */
export interface SingleStep {
  readonly task: string;
  /** Only this model; without it the planner chooses among all. */
  readonly model: string | undefined;
  readonly parameters: Record<string, unknown>;
  /** Values by input port of the task. */
  readonly inputs: Readonly<Record<string, StepInput>>;
}

export type StepInput = { readonly text: string } | { readonly outputId: OutputId };

export interface SingleStepResult {
  readonly run: RunView;
  readonly outputs: readonly OutputView[];
}

/**
 * Plans and runs one step as any chain, and waits for its end. Where the asker hangs up, the run is cancelled.
 * @param onEvent is told everything that happens, such as text while it is written
 * @throws AtelierError why the run failed; `cancelled`
 */
export async function runSingleStep(
  { core, database, log }: Services,
  viewer: Viewer,
  step: SingleStep,
  options: { signal: AbortSignal; onEvent?: (event: RunEvent) => void },
): Promise<SingleStepResult> {
  const run = await core.runs.create(viewer, asRun(step, await resolveModel({ core, database }, step.model)), {});
  const cancel = () => inBackground(log, `The run ${run.id}, which nobody waits for, could not be cancelled.`, core.runs.cancel(viewer, run.id));
  if (options.signal.aborted) cancel();
  options.signal.addEventListener('abort', cancel, { once: true });
  try {
    for await (const event of core.runs.watch(viewer, run.id, options.signal)) options.onEvent?.(event);
    return resultOf(await core.runs.get(viewer, run.id as RunId));
  } finally {
    options.signal.removeEventListener('abort', cancel);
  }
}

function asRun({ task, parameters, inputs }: SingleStep, model: string | undefined): NewRun {
  const ports = findTask(task).inputs;
  const given = Object.fromEntries(Object.entries(parameters).filter(([, value]) => value !== undefined && value !== null));
  const names = Object.keys(inputs);
  const step = {
    id: 'answer',
    task,
    ...(model === undefined ? {} : { model }),
    parameters: given,
    inputs: Object.fromEntries(names.map((name) => [name, `inputs.${name}`])),
  };
  const declared = Object.fromEntries(names.map((name) => [name, { modality: ports[name]?.modality ?? 'text' }]));
  return { chain: { inputs: declared, steps: [step] }, inputs: { ...inputs }, set: {}, priority: 0, fresh: false };
}

function resultOf(run: RunView): SingleStepResult {
  if (run.state === 'succeeded') return { run, outputs: run.steps.flatMap((step) => step.outputs) };
  const error = run.error ?? run.steps.find((step) => step.error)?.error;
  // There is one step, so that its name in front tells the asker nothing.
  if (error) throw AtelierError.from({ ...error, message: error.message.replace(/^answer: /, '') });
  throw new AtelierError('cancelled', endedRunStates.includes(run.state) ? 'The run was cancelled.' : 'Nobody waited for the run any more.');
}

/** The bytes of a result, brought here first if only an edge has them. @throws AtelierError `too-large` */
export async function outputBytes({ core, artifacts }: Services, output: OutputView, mostBytes: number = limits.resultTextBytes): Promise<Buffer> {
  if (output.sizeBytes > mostBytes)
    throw new AtelierError('too-large', `The result has ${output.sizeBytes} bytes, over ${mostBytes}.`, { hint: 'Download it.' });
  await core.bytes.ensureStored(output.hash);
  const chunks: Uint8Array[] = [];
  for await (const chunk of await artifacts.get(output.hash)) chunks.push(chunk as Uint8Array);
  return Buffer.concat(chunks);
}

/** The text that a step gave. */
export async function outputText(services: Services, { outputs }: SingleStepResult): Promise<string> {
  const text = outputs.find(({ port }) => port === 'text');
  if (!text) throw new AtelierError('internal', 'The step gave no text.');
  return (await outputBytes(services, text)).toString('utf8');
}
