import { type DiffusionModel, floatTensor, type PictureSize, pictureSize, redrawPicture, sizeForPicture } from '@atelier/diffusion';
import { floatsToPicture, inspectPicture, pictureToFloats, readPictureCovering } from '@atelier/media';
import type { StepRequest, StepResult } from '../driver.ts';
import { inputPicture, pictureRequest, pictureResult, watchDrawing } from './picture-step.ts';

/** Redraws a picture. If a size is asked for, the picture is cut to its shape; otherwise the result is as large as the picture, if the model allows it. */
export async function runImageToImage(model: DiffusionModel, request: StepRequest): Promise<StepResult> {
  const bytes = await inputPicture(request, 'image');
  const { width, height, strength } = request.parameters as { width?: number; height?: number; strength: number };
  const isAsked = width !== undefined || height !== undefined;
  const size: PictureSize = isAsked ? await pictureSize(model, { width, height }) : await sizeForPicture(model, await inspectPicture(bytes));
  const given = floatTensor([1, 3, size.height, size.width], pictureToFloats(await readPictureCovering(bytes, size)));
  const { watcher, finished } = watchDrawing(request.report);
  const { picture } = await redrawPicture(model, { ...(await pictureRequest(model, request)), picture: given, strength }, watcher);
  await finished();
  return pictureResult(request, floatsToPicture(picture.data, size.width, size.height));
}
