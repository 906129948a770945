import { decodeLatents } from './autoencoder.ts';
import type { DiffusionModel } from './model.ts';
import type { LatentToRgb } from './model-config.ts';
import type { FloatTensor } from './tensor.ts';

/** Eight bits a channel, row by row, three bytes a pixel. */
export interface RgbPicture {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8Array;
}

/**
 * A rough picture of a latent by a linear map, one pixel a latent pixel.
 * @param latent scaled, shape 1 x channels x height x width
 */
export function latentPreview(map: LatentToRgb, latent: FloatTensor): RgbPicture {
  const [, channels = 0, height = 0, width = 0] = latent.shape;
  const pixels = width * height;
  const data = new Uint8Array(pixels * 3);
  for (let pixel = 0; pixel < pixels; pixel++) {
    for (let colour = 0; colour < 3; colour++) {
      let value = map.bias[colour] as number;
      for (let channel = 0; channel < channels; channel++) value += (map.weight[colour]?.[channel] ?? 0) * (latent.data[channel * pixels + pixel] as number);
      data[pixel * 3 + colour] = Math.round((Math.max(-1, Math.min(1, value)) + 1) * 127.5);
    }
  }
  return { width, height, data };
}

/**
 * What a latent looks like, roughly. A model whose configuration has no map for this gets one fitted to its own decoder: the first
 * preview is decoded in earnest, and with every picture that the model draws the map gets better.
 * @param latent scaled, shape 1 x channels x height x width
 */
export async function previewOf(model: DiffusionModel, latent: FloatTensor): Promise<RgbPicture> {
  const { latentToRgb } = model.config;
  if (latentToRgb === undefined && model.memory.previewFit.map() === undefined) model.memory.previewFit.add(latent, await decodeLatents(model, latent));
  return latentPreview((latentToRgb ?? model.memory.previewFit.map()) as LatentToRgb, latent);
}

/** Learns for later previews from a picture that was decoded anyway. */
export function learnPreview({ config, memory }: DiffusionModel, latent: FloatTensor, picture: FloatTensor): void {
  if (config.latentToRgb === undefined) memory.previewFit.add(latent, picture);
}
