import { type DiffusionModel, drawText, type TextToImageRequest } from '@atelier/diffusion';
import { floatsToPicture } from '@atelier/media';
import type { StepRequest, StepResult } from '../driver.ts';
import { pictureRequest, pictureResult, watchDrawing } from './picture-step.ts';

/** Draws a picture of a text. */
export async function runTextToImage(model: DiffusionModel, request: StepRequest): Promise<StepResult> {
  const { watcher, finished } = watchDrawing(request.report);
  const { picture } = await drawText(model, (await pictureRequest(model, request)) as TextToImageRequest, watcher);
  await finished();
  const [, , height = 0, width = 0] = picture.shape;
  return pictureResult(request, floatsToPicture(picture.data, width, height));
}
