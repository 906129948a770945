import { encodePictures } from './autoencoder.ts';
import { type Drawn, drawPicture, type PictureRequest, type PictureWatcher } from './draw.ts';
import type { DiffusionModel } from './model.ts';
import { stepAtStrength } from './scheduler/index.ts';
import type { FloatTensor } from './tensor.ts';

export interface ImageToImageRequest extends PictureRequest {
  /** Shape 1 x 3 x height x width, -1 to 1, of a size that the model can draw. */
  readonly picture: FloatTensor;
  /** The share of the steps that are taken, over 0 up to 1: how far the result may move away. */
  readonly strength: number;
}

/**
 * Redraws a picture as a text says: Meng et al., SDEdit, arXiv 2108.01073. The picture is noised as the first step taken expects.
 * @throws AtelierError `invalid-input` if the model has no encoder, and as {@link drawText}
 */
export async function redrawPicture(model: DiffusionModel, request: ImageToImageRequest, watcher?: PictureWatcher): Promise<Drawn> {
  const latent = await encodePictures(model, request.picture);
  const begin: Parameters<typeof drawPicture>[3] = (scheduler, { start }) => {
    const firstStep = stepAtStrength(scheduler, request.strength);
    return { firstStep, sample: scheduler.addNoise(latent.data, start, firstStep) };
  };
  return drawPicture(model, request, latent.shape, begin, watcher);
}
