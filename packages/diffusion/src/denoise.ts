import { AtelierError } from '@atelier/protocol';
import { conditionInputs, type Guidance, guidedPrediction, isGuided } from './guidance.ts';
import type { DiffusionModel } from './model.ts';
import type { Scheduler, SchedulerStep, StepNoise } from './scheduler/index.ts';
import { type FloatTensor, floatOutput, floatTensor, integerTensor, modelHint, repeatBatch, type Tensor, type TensorSession } from './tensor.ts';

export interface DenoiseOptions {
  readonly scheduler: Scheduler;
  readonly guidance: Guidance;
  /** The first step to take; what comes before is left out when a picture is only partly noised. */
  readonly firstStep: number;
  /** The step to stop before; left out, all are taken. */
  readonly endStep?: number;
  /** For schedulers that add noise on the way. */
  readonly stepNoise?: StepNoise;
  /** Channels that the unet is shown after those of the sample, 1 x channels x height x width: what an inpainting model must know. */
  readonly shown?: FloatTensor;
  /** What becomes of a sample after a step. */
  readonly afterStep?: (sample: Float32Array, index: number) => Float32Array;
  readonly onStep?: (done: number, step: SchedulerStep) => void | Promise<void>;
}

/**
 * Takes noise away from a batch of samples, step by step.
 * @param samples shape B x channels x height x width, noised as `firstStep` expects
 * @returns the scaled latents, of the same shape
 */
export async function denoise(model: Pick<DiffusionModel, 'config' | 'unet'>, samples: FloatTensor, options: DenoiseOptions): Promise<FloatTensor> {
  const { scheduler, guidance, firstStep, onStep, afterStep } = options;
  const unet = await model.unet();
  const told = conditionInputs(model, unet, guidance, samples.shape);
  const guided = isGuided(model, guidance);
  let current = samples;
  for (let index = firstStep; index < (options.endStep ?? scheduler.timesteps.length); index++) {
    const input = withChannels(floatTensor(current.shape, scheduler.scaleInput(current.data, index)), options.shown);
    const output = await predict(unet, guided ? repeatBatch(input, 2) : input, scheduler.timesteps[index] as number, told);
    const step = scheduler.step(guided ? guidedPrediction(output, guidance) : output.data, index, current.data, options.stepNoise);
    current = floatTensor(current.shape, afterStep?.(step.sample, index) ?? step.sample);
    await onStep?.(index + 1 - firstStep, step);
  }
  return current;
}

/** Appends channels to every row. */
function withChannels(samples: FloatTensor, shown: FloatTensor | undefined): FloatTensor {
  if (shown === undefined) return samples;
  const [batch = 1, channels = 1, height = 1, width = 1] = samples.shape;
  const own = channels * height * width;
  const whole = own + shown.data.length;
  const data = new Float32Array(batch * whole);
  for (let row = 0; row < batch; row++) {
    data.set(samples.data.subarray(row * own, (row + 1) * own), row * whole);
    data.set(shown.data, row * whole + own);
  }
  return floatTensor([batch, channels + (shown.shape[1] ?? 0), height, width], data);
}

async function predict(unet: TensorSession, sample: FloatTensor, timestep: number, told: Record<string, Tensor>): Promise<FloatTensor> {
  return floatOutput(unet, await unet.run({ ...told, sample, timestep: timestepTensor(unet, timestep, sample.shape[0] ?? 1) }), 'out_sample');
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
 * @throws AtelierError `invalid-input` if it asks for inputs that the pipelines do not give
 */
export function checkUnet(unet: TensorSession): void {
  const needed = ['sample', 'timestep', 'encoder_hidden_states'];
  const given = [...needed, 'text_embeds', 'time_ids', 'timestep_cond'];
  const unknown = unet.inputNames.filter((name) => !given.includes(name));
  const missing = needed.filter((name) => !unet.inputNames.includes(name));
  if (unknown.length + missing.length === 0) return;
  const what = unknown.length > 0 ? `asks for ${unknown.join(', ')}` : `takes no ${missing.join(', ')}`;
  throw new AtelierError('invalid-input', `The unet ${what}; only models built like Stable Diffusion 1, 2 and XL are run here.`, { hint: modelHint });
}
