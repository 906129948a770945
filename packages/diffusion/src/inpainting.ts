import { encodePictures } from './autoencoder.ts';
import { type Beginning, type Drawn, drawPicture, type PictureWatcher } from './draw.ts';
import type { ImageToImageRequest } from './image-to-image.ts';
import { inpaintingChannels, latentMask } from './inpainting-channels.ts';
import type { DiffusionModel } from './model.ts';
import type { PictureNoise } from './noise.ts';
import { type Scheduler, stepAtStrength } from './scheduler/index.ts';
import type { FloatTensor } from './tensor.ts';

export interface InpaintingRequest extends ImageToImageRequest {
  /** One value a pixel, 0 or 1; 1 is redrawn. Shape 1 x 1 x height x width. */
  readonly mask: FloatTensor;
}

/**
 * Redraws the masked part of a picture. A model made for inpainting is shown the mask and what is kept; any other is led by putting
 * the kept part, as noisy as it should be, back after every step, as diffusers' inpainting pipeline does. The result is the
 * model's whole picture: the kept part is close to the original but not the same, see `pasteMasked`. The last result is remembered.
 * @throws AtelierError `invalid-input` if the model has no encoder, and as {@link drawText}
 */
export function inpaintPicture(model: DiffusionModel, request: InpaintingRequest, watcher?: PictureWatcher): Promise<Drawn> {
  const { picture, mask, noise, stepNoise, ...settings } = request;
  const compute = () => inpaint(model, request, watcher);
  // Functions cannot be compared: what comes of them is not remembered.
  if (stepNoise !== undefined || request.guidance !== undefined) return compute();
  return model.memory.painted.get(JSON.stringify(settings), [picture.data, mask.data, ...(noise === undefined ? [] : [noise.data])], compute);
}

async function inpaint(model: DiffusionModel, request: InpaintingRequest, watcher?: PictureWatcher): Promise<Drawn> {
  const { picture, mask, strength } = request;
  const latent = await encodePictures(model, picture);
  const isMadeForIt = model.config.unetChannels > model.config.latentChannels;
  const shown = isMadeForIt ? await inpaintingChannels(model, picture, mask.data) : undefined;
  const [, , height = 1, width = 1] = latent.shape;
  const drawnAnew = latentMask(mask.data, picture.shape, height, width);
  const begin = (scheduler: Scheduler, noise: PictureNoise): Beginning => {
    const firstStep = stepAtStrength(scheduler, strength);
    const sample = strength >= 1 ? noise.start.map((value) => value * scheduler.initialNoiseScale) : scheduler.addNoise(latent.data, noise.start, firstStep);
    if (shown !== undefined) return { firstStep, sample, shown };
    return { firstStep, sample, afterStep: (current, index) => blended(current, keptAt(scheduler, latent.data, noise.start, index + 1), drawnAnew) };
  };
  return drawPicture(model, request, latent.shape, begin, watcher);
}

/** The kept part with as much noise as a step begins with; with none after the last. */
function keptAt(scheduler: Scheduler, latent: Float32Array, noise: Float32Array, index: number): Float32Array {
  return index < scheduler.timesteps.length ? scheduler.addNoise(latent, noise, index) : latent;
}

function blended(current: Float32Array, kept: Float32Array, mask: Float32Array): Float32Array {
  return current.map((value, i) => ((mask[i % mask.length] as number) > 0 ? value : (kept[i] as number)));
}
