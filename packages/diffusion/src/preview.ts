import type { DiffusionConfig } from './model.ts';
import type { FloatTensor } from './tensor.ts';

/** Eight bits a channel, row by row, three bytes a pixel. */
export interface RgbPicture {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8Array;
}

/**
 * A rough picture of a latent by the model's linear map, one pixel a latent pixel; undefined where the model has no such map.
 * @param latent scaled, shape 1 x channels x height x width
 */
export function latentPreview(config: DiffusionConfig, latent: FloatTensor): RgbPicture | undefined {
  const map = config.latentToRgb;
  if (map === undefined) return undefined;
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
