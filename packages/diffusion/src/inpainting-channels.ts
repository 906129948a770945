import { encodePictures } from './autoencoder.ts';
import type { DiffusionModel } from './model.ts';
import { type FloatTensor, floatTensor } from './tensor.ts';

/**
 * What a unet made for inpainting is shown besides the sample: the mask, and the latent of the picture with the masked part
 * painted grey. Channels as in Stable Diffusion inpainting.
 * @param picture shape 1 x 3 x height x width, -1 to 1
 * @param mask one value a pixel of the picture, 1 is redrawn
 * @returns shape 1 x (1 + latent channels) x latent height x latent width
 */
export async function inpaintingChannels(model: DiffusionModel, picture: FloatTensor, mask: Float32Array): Promise<FloatTensor> {
  const kept = floatTensor(
    picture.shape,
    picture.data.map((value, i) => value * (1 - (mask[i % mask.length] as number))),
  );
  const latent = await encodePictures(model, kept);
  const [, channels = 0, height = 0, width = 0] = latent.shape;
  const data = new Float32Array((1 + channels) * height * width);
  data.set(latentMask(mask, picture.shape, height, width));
  data.set(latent.data, height * width);
  return floatTensor([1, 1 + channels, height, width], data);
}

/** The same for a picture that is redrawn as a whole, so that a model for inpainting serves the other tasks too. */
export async function channelsForNothing(model: DiffusionModel, [, , height = 0, width = 0]: readonly number[]): Promise<FloatTensor> {
  const side = model.config.pixelsPerLatent;
  const pixels = height * side * width * side;
  return inpaintingChannels(model, floatTensor([1, 3, height * side, width * side]), new Float32Array(pixels).fill(1));
}

/** The mask at latent size, by the nearest pixel above and to the left, as torch's nearest interpolation takes it. */
export function latentMask(mask: Float32Array, [, , tall = 1, wide = 1]: readonly number[], height: number, width: number): Float32Array {
  return Float32Array.from({ length: height * width }, (_, i) => {
    const y = Math.floor((Math.floor(i / width) * tall) / height);
    const x = Math.floor(((i % width) * wide) / width);
    return mask[y * wide + x] as number;
  });
}
