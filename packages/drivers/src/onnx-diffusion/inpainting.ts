import { type DiffusionModel, type FloatTensor, floatTensor, inpaintPicture, pasteMasked, sizeForPicture } from '@atelier/diffusion';
import { floatsToPicture, pictureToFloats, type RgbPicture, readPicture, resizePicture } from '@atelier/media';
import { AtelierError } from '@atelier/protocol';
import type { StepRequest, StepResult } from '../driver.ts';
import { inputPicture, pictureRequest, pictureResult, watchDrawing } from './picture-step.ts';

/**
 * Draws the masked part of a picture anew. The model sees the picture at a size that it can draw; the result has the picture's own,
 * and what the mask keeps are the very pixels that were given.
 * @throws AtelierError `invalid-input` where picture and mask differ in size, or the mask is black throughout
 */
export async function runInpainting(model: DiffusionModel, request: StepRequest): Promise<StepResult> {
  const original = await readPicture(await inputPicture(request, 'image'));
  const mask = await readPicture(await inputPicture(request, 'mask'));
  requireFittingMask(original, mask);
  const size = await sizeForPicture(model, original);
  const shape = [size.height, size.width];
  const given = floatTensor([1, 3, ...shape], pictureToFloats(await scaled(original, size)));
  const { strength, maskBlur } = request.parameters as { strength: number; maskBlur: number };
  const masked: FloatTensor = floatTensor([1, 1, ...shape], whiteParts(await scaled(mask, size)));
  const { watcher, finished } = watchDrawing(request.report);
  const { picture } = await inpaintPicture(model, { ...(await drawingOf(model, request)), picture: given, mask: masked, strength }, watcher);
  await finished();
  const drawn = await scaled(floatsToPicture(picture.data, size.width, size.height), original);
  return pictureResult(request, pasteMasked(original, drawn, whiteParts(mask), maskBlur));
}

/** Without the soft edge, which is a matter of pasting: a step that differs in it alone is not drawn again. */
async function drawingOf(model: DiffusionModel, request: StepRequest) {
  const { maskBlur: _pasting, count: _shards, ...parameters } = request.parameters;
  return pictureRequest(model, { ...request, parameters });
}

function requireFittingMask(picture: RgbPicture, mask: RgbPicture): void {
  if (picture.width !== mask.width || picture.height !== mask.height) {
    throw new AtelierError('invalid-input', `The mask has ${mask.width} x ${mask.height} pixels, but the picture ${picture.width} x ${picture.height}.`, {
      hint: 'Give a mask of the size of the picture: white is drawn anew, black is kept.',
    });
  }
  if (!whiteParts(mask).includes(1)) {
    throw new AtelierError('invalid-input', 'The mask is black throughout, so there is nothing to draw.', { hint: 'Paint white what is to be drawn anew.' });
  }
}

async function scaled(picture: RgbPicture, { width, height }: { readonly width: number; readonly height: number }): Promise<RgbPicture> {
  return picture.width === width && picture.height === height ? picture : resizePicture(picture, { width, height });
}

/** 1 where a picture is lighter than middle grey (ITU-R BT.601 luma), else 0. */
function whiteParts({ data }: RgbPicture): Float32Array {
  return Float32Array.from({ length: data.length / 3 }, (_, pixel) => {
    const [red, green, blue] = data.subarray(pixel * 3, pixel * 3 + 3) as unknown as [number, number, number];
    return 0.299 * red + 0.587 * green + 0.114 * blue >= 127.5 ? 1 : 0;
  });
}
