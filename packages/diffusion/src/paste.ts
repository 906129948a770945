import type { RgbPicture } from './preview.ts';

/**
 * Puts what was drawn into the picture it was drawn for: where the mask is 1 the drawn one, where it is 0 the very pixels of the original,
 * and between them a mixture over `blur` pixels to each side of the mask's edge.
 * @param mask one value a pixel, 0 to 1
 * @param blur pixels; farther away from the edge than this, nothing is mixed
 */
export function pasteMasked(original: RgbPicture, drawn: RgbPicture, mask: Float32Array, blur: number): RgbPicture {
  const { width, height } = original;
  const share = blur === 0 ? mask : softened(mask, width, height, blur);
  const data = original.data.map((value, i) => Math.round(value + (share[Math.floor(i / 3)] as number) * ((drawn.data[i] as number) - value)));
  return { width, height, data };
}

/** The mean over a square of 2 blur + 1 pixels, columns after rows; beyond the border the mask goes on. */
function softened(mask: Float32Array, width: number, height: number, blur: number): Float32Array {
  const rows = meanAlong(mask, { lines: height, length: width, betweenLines: width, between: 1 }, blur);
  return meanAlong(rows, { lines: width, length: height, betweenLines: 1, between: width }, blur);
}

interface Lines {
  readonly lines: number;
  readonly length: number;
  readonly betweenLines: number;
  readonly between: number;
}

/** By running sums: the time does not depend on `reach`. Sums of 0 and 1 in float64 are exact, so that even parts stay exactly 0 or 1. */
function meanAlong(values: Float32Array, { lines, length, betweenLines, between }: Lines, reach: number): Float32Array {
  const mean = new Float32Array(values.length);
  const sums = new Float64Array(length + 2 * reach + 1);
  for (let line = 0; line < lines; line++) {
    const at = (place: number) => values[line * betweenLines + Math.max(0, Math.min(length - 1, place)) * between] as number;
    for (let i = 0; i < sums.length - 1; i++) sums[i + 1] = (sums[i] as number) + at(i - reach);
    for (let i = 0; i < length; i++) mean[line * betweenLines + i * between] = ((sums[i + 2 * reach + 1] as number) - (sums[i] as number)) / (2 * reach + 1);
  }
  return mean;
}
