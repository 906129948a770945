import { denoise } from './denoise.ts';
import { type DiffusionModel, decodeLatents, latentShape, type PictureSize, pictureSize, refuseNotANumber } from './model.ts';
import { latentPreview, type RgbPicture } from './preview.ts';
import { createScheduler, type SchedulerName } from './scheduler/index.ts';
import { seededNormals } from './seeded-noise.ts';
import { elementCount, type FloatTensor, floatTensor } from './tensor.ts';
import { textStates } from './text-states.ts';

export interface TextToImageRequest extends Partial<PictureSize> {
  readonly prompt: string;
  readonly negativePrompt: string;
  readonly steps: number;
  readonly guidanceScale: number;
  readonly scheduler: SchedulerName;
  /** Whole number of 32 bits: the same seed gives the same picture. */
  readonly seed: number;
  /** Standard normal noise to begin with, instead of the seed's. Shape 1 x channels x height x width of the latent. */
  readonly noise?: FloatTensor;
}

export interface TextToImageWatcher {
  onStep(done: number, steps: number): void;
  onPreview(picture: RgbPicture): void;
}

/** A preview this often, in steps: about five for a common picture. */
const stepsPerPreview = 4;

/**
 * Draws a picture of a text.
 * @returns the latent (scaled) and the picture, shape 1 x 3 x height x width, about -1 to 1
 * @throws AtelierError `parameter-out-of-bounds` for a size the model cannot draw, `step-failed` where it computes no numbers
 * @example const { picture } = await drawText(model, { prompt: 'a red apple', negativePrompt: '', steps: 20, guidanceScale: 4, scheduler: 'ddim', seed: 7 });
 */
export async function drawText(
  model: DiffusionModel,
  request: TextToImageRequest,
  watcher?: TextToImageWatcher,
): Promise<{ latent: FloatTensor; picture: FloatTensor }> {
  const scheduler = createScheduler(request.scheduler, model.config.scheduler, request.steps);
  const shape = latentShape(model, pictureSize(model, request));
  const noise = request.noise?.data ?? seededNormals(request.seed, 0, elementCount(shape));
  const positive = await textStates(model.text, request.prompt);
  const negative = request.guidanceScale > 1 ? await textStates(model.text, request.negativePrompt) : positive;
  const start = floatTensor(
    shape,
    noise.map((value) => value * scheduler.initialNoiseScale),
  );
  const latent = await denoise(model, start, {
    scheduler,
    guidance: { positive, negative, scale: request.guidanceScale },
    firstStep: 0,
    onStep: (done, { clean }) => {
      watcher?.onStep(done, request.steps);
      if (done % stepsPerPreview !== 0 || done === request.steps) return;
      const preview = latentPreview(model.config, floatTensor(shape, clean));
      if (preview !== undefined) watcher?.onPreview(preview);
    },
  });
  refuseNotANumber(latent.data);
  return { latent, picture: await decodeLatents(model, latent) };
}
