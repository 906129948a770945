import type { RgbPicture } from './picture.ts';

/**
 * A picture as networks want it.
 * @returns planar red, green, blue: 3 x height x width values in -1 to 1
 */
export function pictureToFloats({ width, height, data }: RgbPicture): Float32Array {
  const pixels = width * height;
  const floats = new Float32Array(3 * pixels);
  for (let i = 0; i < pixels; i++) {
    for (let colour = 0; colour < 3; colour++) floats[colour * pixels + i] = (data[i * 3 + colour] as number) / 127.5 - 1;
  }
  return floats;
}

/**
 * What a network drew as a picture; values beyond -1 to 1 are clipped.
 * @param floats planar red, green, blue: 3 x height x width values
 */
export function floatsToPicture(floats: Float32Array, width: number, height: number): RgbPicture {
  const pixels = width * height;
  const data = new Uint8Array(3 * pixels);
  for (let i = 0; i < pixels; i++) {
    for (let colour = 0; colour < 3; colour++) data[i * 3 + colour] = byteOf(floats[colour * pixels + i] as number);
  }
  return { width, height, data };
}

function byteOf(value: number): number {
  return Math.round((Math.max(-1, Math.min(1, value)) + 1) * 127.5);
}
