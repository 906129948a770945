import { decodeLatents, encodePictures } from './autoencoder.ts';
import { denoise } from './denoise.ts';
import type { Guidance } from './guidance.ts';
import { loopNoise } from './loop-noise.ts';
import type { DiffusionModel } from './model.ts';
import { createScheduler, type SchedulerName, stepAtStrength } from './scheduler/index.ts';
import { batchRows, elementCount, type FloatTensor, floatTensor, joinBatch } from './tensor.ts';
import { textConditions } from './text-states.ts';

export interface ImageToVideoRequest {
  /** What the picture shows; without it, the model is led by the picture alone. */
  readonly prompt: string | undefined;
  readonly frames: number;
  /** The share of the schedule that each frame goes through, 0 to 1: how far it may leave the picture. */
  readonly strength: number;
  /** Of the circle in latent noise that the film goes round, 0 to 1. */
  readonly radius: number;
  /** Steps of the whole schedule. */
  readonly steps: number;
  readonly guidanceScale: number;
  readonly scheduler: SchedulerName;
  /** Whole number of 32 bits: the same seed gives the same film. */
  readonly seed: number;
}

/** Frames times latent pixels that are denoised at once: four frames of the starter model, fewer of a larger one. */
const latentPixelsAtOnce = 1024;

/**
 * Brings a picture to life: the same latent, noised by a noise that goes round a circle, is denoised once a frame, so that what the model
 * adds moves smoothly and the last frame leads into the first.
 * @param picture shape 1 x 3 x height x width, -1 to 1, of a size that the model's encoder takes
 * @param onStep told after each step of each batch, with the share done so far, 0 to 1
 * @yields every frame in order, shape 1 x 3 x height x width, about -1 to 1
 * @throws AtelierError `invalid-input` if the model has no encoder, `step-failed` if it computes no numbers
 */
export async function* animatePicture(
  model: DiffusionModel,
  picture: FloatTensor,
  request: ImageToVideoRequest,
  onStep?: (share: number) => void,
): AsyncGenerator<FloatTensor> {
  const scheduler = createScheduler(request.scheduler, model.config.scheduler, request.steps);
  const firstStep = stepAtStrength(scheduler, request.strength);
  const guidance = await guidanceOf(model, request);
  const latent = await encodePictures(model, picture);
  const noiseAt = loopNoise(request.seed, request.radius, elementCount(latent.shape));
  const [, , height = 1, width = 1] = latent.shape;
  const atOnce = Math.max(1, Math.floor(latentPixelsAtOnce / (width * height)));
  for (let frame = 0; frame < request.frames; frame += atOnce) {
    const count = Math.min(atOnce, request.frames - frame);
    const noised = Array.from({ length: count }, (_, i) => {
      const noise = noiseAt((2 * Math.PI * (frame + i)) / request.frames);
      return floatTensor(latent.shape, scheduler.addNoise(latent.data, noise, firstStep));
    });
    const stepsPerFrame = scheduler.timesteps.length - firstStep;
    const clean = await denoise(model, joinBatch(noised), {
      scheduler,
      guidance,
      firstStep,
      onStep: (done) => onStep?.((frame + (count * done) / stepsPerFrame) / request.frames),
    });
    const pictures = await decodeLatents(model, clean);
    for (let i = 0; i < count; i++) yield batchRows(pictures, i, i + 1);
  }
}

/** Without a prompt there is nothing to be guided to, and one pass a step is enough. */
async function guidanceOf(model: DiffusionModel, { prompt, guidanceScale }: ImageToVideoRequest): Promise<Guidance> {
  const [negative, positive] = (await textConditions(model, ['', prompt ?? ''])) as [Guidance['negative'], Guidance['positive']];
  return prompt === undefined ? { positive: negative, negative, scale: 1 } : { positive, negative, scale: guidanceScale };
}

/**
 * The same loop begun where it moves least, so that playing it once ends where the eye sees the least jump.
 * @param frames in order, of one size; the first follows the last
 */
export function stillestFirst<T extends { readonly data: Float32Array }>(frames: readonly T[]): T[] {
  const change = frames.map((frame, index) => meanDifference(frame.data, (frames.at(index - 1) as T).data));
  const start = change.indexOf(Math.min(...change));
  return [...frames.slice(start), ...frames.slice(0, start)];
}

/** The mean absolute difference of two pictures. */
export function meanDifference(a: Float32Array, b: Float32Array): number {
  return a.reduce((sum, value, i) => sum + Math.abs(value - (b[i] as number)), 0) / a.length;
}
