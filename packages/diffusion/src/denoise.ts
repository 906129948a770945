import { AtelierError } from '@atelier/protocol';
import type { DiffusionModel } from './model.ts';
import type { Scheduler, SchedulerStep } from './scheduler/index.ts';
import {
  batchRows,
  type FloatTensor,
  floatOutput,
  floatTensor,
  integerTensor,
  joinBatch,
  modelHint,
  repeatBatch,
  type Tensor,
  type TensorSession,
} from './tensor.ts';

/** What the text says, and how strongly to follow it. */
export interface Guidance {
  /** Shape 1 x tokens x width. */
  readonly positive: FloatTensor;
  /** What to go away from: the states of the negative prompt, or of an empty text. Not used at a scale of 1 and below. */
  readonly negative: FloatTensor;
  /** Guidance scale, as in Ho and Salimans, arXiv 2207.12598: 1 is the plain conditional model. */
  readonly scale: number;
}

export interface DenoiseOptions {
  readonly scheduler: Scheduler;
  readonly guidance: Guidance;
  /** The first step to take; what comes before is left out when a picture is only partly noised. */
  readonly firstStep: number;
  readonly onStep?: (done: number, step: SchedulerStep) => void;
}

/**
 * Takes noise away from a batch of samples, step by step.
 * @param samples shape B x channels x height x width, noised as `firstStep` expects
 * @returns the scaled latents, of the same shape
 */
export async function denoise(model: DiffusionModel, samples: FloatTensor, options: DenoiseOptions): Promise<FloatTensor> {
  const { scheduler, firstStep, onStep } = options;
  const batch = samples.shape[0] ?? 1;
  const isGuided = options.guidance.scale > 1;
  const { positive, negative, scale } = options.guidance;
  const states = isGuided ? joinBatch([repeatBatch(negative, batch), repeatBatch(positive, batch)]) : repeatBatch(positive, batch);
  let current = samples;
  for (let index = firstStep; index < scheduler.timesteps.length; index++) {
    const input = floatTensor(current.shape, scheduler.scaleInput(current.data, index));
    const output = await predict(model.unet, isGuided ? repeatBatch(input, 2) : input, scheduler.timesteps[index] as number, states);
    const prediction = isGuided ? guided(output, batch, scale) : output.data;
    const step = scheduler.step(prediction, index, current.data);
    current = floatTensor(current.shape, step.sample);
    onStep?.(index + 1 - firstStep, step);
  }
  return current;
}

/** Classifier-free guidance: away from the first half of the batch, towards the second. */
function guided(output: FloatTensor, batch: number, scale: number): Float32Array {
  const away = batchRows(output, 0, batch).data;
  const towards = batchRows(output, batch, 2 * batch).data;
  return away.map((value, i) => value + scale * ((towards[i] as number) - value));
}

async function predict(unet: TensorSession, sample: FloatTensor, timestep: number, states: FloatTensor): Promise<FloatTensor> {
  const inputs: Record<string, Tensor> = { sample, timestep: timestepTensor(unet, timestep, sample.shape[0] ?? 1), encoder_hidden_states: states };
  return floatOutput(unet, await unet.run(inputs), 'out_sample');
}

/** The timestep in the type and shape that the graph asks for: a scalar, one value, or one for every row. */
function timestepTensor(unet: TensorSession, timestep: number, rows: number): Tensor {
  const spec = unet.inputs.timestep ?? { type: 'int64', shape: [1] };
  const [size] = spec.shape;
  if (size === undefined) return integerTensor(spec.type, [timestep], []);
  const isPerRow = typeof size === 'string' && size === unet.inputs.sample?.shape[0];
  const length = isPerRow ? rows : 1;
  return integerTensor(spec.type, Array<number>(length).fill(timestep), [length]);
}

/**
 * Looks at a unet before it is used.
 * @throws AtelierError `invalid-input` where it asks for inputs that the pipelines do not give
 */
export function checkUnet(unet: TensorSession): void {
  const given = ['sample', 'timestep', 'encoder_hidden_states'];
  const unknown = unet.inputNames.filter((name) => !given.includes(name));
  const missing = given.filter((name) => !unet.inputNames.includes(name));
  if (unknown.length + missing.length === 0) return;
  const what = unknown.length > 0 ? `asks for ${unknown.join(', ')}` : `takes no ${missing.join(', ')}`;
  throw new AtelierError('invalid-input', `The unet ${what}; only models built like Stable Diffusion 1 and 2 are run here.`, { hint: modelHint });
}
