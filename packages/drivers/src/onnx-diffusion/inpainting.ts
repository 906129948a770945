import { type DiffusionModel, type FloatTensor, floatTensor, inpaintPicture, pasteMasked, sizeForPicture } from '@atelier/diffusion';
import { floatsToPicture, maskValues, pictureToFloats, type RgbPicture, readMask, readPicture, resizePicture } from '@atelier/media';
import type { StepRequest, StepResult } from '../driver.ts';
import { inputPicture, pictureRequest, pictureResult, watchDrawing } from './picture-step.ts';

/**
 * Redraws the masked part of a picture. The model sees the picture at a size that it can draw; the result has the picture's own,
 * and what the mask keeps are the very pixels that were given.
 * @throws AtelierError as `readMask`
 */
export async function runInpainting(model: DiffusionModel, request: StepRequest): Promise<StepResult> {
  const original = await readPicture(await inputPicture(request, 'image'));
  const mask = await readMask(await inputPicture(request, 'mask'), original);
  const size = await sizeForPicture(model, original);
  const shape = [size.height, size.width];
  const given = floatTensor([1, 3, ...shape], pictureToFloats(await scaled(original, size)));
  const { strength, maskBlur } = request.parameters as { strength: number; maskBlur: number };
  const masked: FloatTensor = floatTensor([1, 1, ...shape], maskValues(await scaled(mask, size)));
  const { watcher, finished } = watchDrawing(request.report);
  const { picture } = await inpaintPicture(model, { ...(await drawingOf(model, request)), picture: given, mask: masked, strength }, watcher);
  await finished();
  const drawn = await scaled(floatsToPicture(picture.data, size.width, size.height), original);
  return pictureResult(request, pasteMasked(original, drawn, maskValues(mask), maskBlur));
}

/** Without the soft edge, which is a matter of pasting: a step that differs in it alone is not drawn again. */
async function drawingOf(model: DiffusionModel, request: StepRequest) {
  const { maskBlur: _pasting, count: _shards, ...parameters } = request.parameters;
  return pictureRequest(model, { ...request, parameters });
}

async function scaled(picture: RgbPicture, { width, height }: { readonly width: number; readonly height: number }): Promise<RgbPicture> {
  return picture.width === width && picture.height === height ? picture : resizePicture(picture, { width, height });
}
