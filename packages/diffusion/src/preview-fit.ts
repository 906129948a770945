import type { LatentToRgb } from './model-config.ts';
import type { FloatTensor } from './tensor.ts';

/** Pulls weights towards 0 where the latents seen so far say nothing of a channel; in latent pixels of unit variance. */
const ridge = 1;

/**
 * Finds the linear map from latents to colours that fits a decoder best, by least squares over every latent pixel that it was shown,
 * against the mean colour of the pixels it becomes. It keeps sums only, however much it is shown.
 */
export class RgbFit {
  /** Upper-left (channels + 1) squared: products of the inputs; then three columns: products with the colours. */
  #sums: Float64Array[] = [];
  #map: LatentToRgb | undefined;

  /**
   * @param latent scaled, shape 1 x channels x height x width
   * @param picture what it decodes to, shape 1 x 3 x (height n) x (width n)
   */
  add(latent: FloatTensor, picture: FloatTensor): void {
    const [, channels = 0, height = 0, width = 0] = latent.shape;
    const size = channels + 1;
    if (this.#sums.length !== size) this.#sums = Array.from({ length: size }, () => new Float64Array(size + 3));
    const colours = meanColours(picture, height, width);
    const pixels = height * width;
    for (let pixel = 0; pixel < pixels; pixel++) {
      const row = Array.from({ length: channels }, (_, channel) => latent.data[channel * pixels + pixel] as number);
      row.push(1, colours[0]?.[pixel] ?? 0, colours[1]?.[pixel] ?? 0, colours[2]?.[pixel] ?? 0);
      this.#addRow(row, size);
    }
    this.#map = undefined;
  }

  #addRow(row: readonly number[], size: number): void {
    for (let i = 0; i < size; i++) {
      const sums = this.#sums[i] as Float64Array;
      for (let j = 0; j < row.length; j++) sums[j] = (sums[j] as number) + (row[i] as number) * (row[j] as number);
    }
  }

  /** The best map so far; undefined before anything was shown. */
  map(): LatentToRgb | undefined {
    if (this.#sums.length === 0) return undefined;
    this.#map ??= solved(this.#sums);
    return this.#map;
  }
}

/** Three planes of the mean of each block of pixels. */
function meanColours({ data, shape }: FloatTensor, height: number, width: number): Float32Array[] {
  const [, , pictureHeight = 1, pictureWidth = 1] = shape;
  const [tall, wide] = [pictureHeight / height, pictureWidth / width];
  return [0, 1, 2].map((colour) => {
    const plane = data.subarray(colour * pictureHeight * pictureWidth, (colour + 1) * pictureHeight * pictureWidth);
    const mean = new Float32Array(height * width);
    for (const [i, value] of plane.entries()) {
      const block = Math.floor(Math.floor(i / pictureWidth) / tall) * width + Math.floor((i % pictureWidth) / wide);
      mean[block] = (mean[block] as number) + value / (tall * wide);
    }
    return mean;
  });
}

/** Gauss-Jordan elimination on the normal equations, which the ridge keeps away from singular. */
function solved(sums: readonly Float64Array[]): LatentToRgb {
  const size = sums.length;
  const rows = sums.map((row, i) => {
    const copy = Float64Array.from(row);
    if (i < size - 1) copy[i] = (copy[i] as number) + ridge;
    return copy;
  });
  for (const [i, pivot] of rows.entries()) {
    const divisor = pivot[i] as number;
    for (let j = 0; j < pivot.length; j++) pivot[j] = (pivot[j] as number) / divisor;
    for (const other of rows) if (other !== pivot) takeAway(other, pivot, other[i] as number);
  }
  const column = (colour: number) => rows.map((row) => row[size + colour] as number);
  const columns = [column(0), column(1), column(2)];
  return { weight: columns.map((values) => values.slice(0, -1)), bias: columns.map((values) => values.at(-1) as number) };
}

function takeAway(row: Float64Array, pivot: Float64Array, factor: number): void {
  for (let j = 0; j < row.length; j++) row[j] = (row[j] as number) - factor * (pivot[j] as number);
}
