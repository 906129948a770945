import { type Drawn, drawPicture, type PictureRequest, type PictureWatcher } from './draw.ts';
import { type DiffusionModel, latentShape, pictureSize } from './model.ts';

export interface TextToImageRequest extends PictureRequest {
  /** Pixels; left out, what the model was trained on. */
  readonly width?: number | undefined;
  readonly height?: number | undefined;
}

/**
 * Draws a picture of a text.
 * @throws AtelierError `parameter-out-of-bounds` for a size the model cannot draw, `invalid-input` for a prompt or scheduler that
 * cannot be used, `step-failed` if it computes no numbers
 * @example const { picture } = await drawText(model, { prompt: 'a red apple', negativePrompt: '', steps: 20, guidanceScale: 4, scheduler: 'ddim', seed: 7 });
 */
export async function drawText(model: DiffusionModel, request: TextToImageRequest, watcher?: PictureWatcher): Promise<Drawn> {
  const shape = latentShape(model, await pictureSize(model, request));
  return drawPicture(
    model,
    request,
    shape,
    ({ initialNoiseScale }, { start }) => ({ firstStep: 0, sample: start.map((value) => value * initialNoiseScale) }),
    watcher,
  );
}
