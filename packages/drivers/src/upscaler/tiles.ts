import type { RgbPicture } from '@atelier/media';

/** How a picture is cut. All lengths are in pixels of the picture that comes in. */
export interface Tiling {
  /** Of one tile. */
  readonly width: number;
  readonly height: number;
  /** That neighbours share; the seam is feathered within its middle third, so that what a network sees at a tile's rim never shows. */
  readonly overlap: number;
  /** Pixels that a network may draw before they are scaled down to the asked size; so many are held at once. */
  readonly bandPixels: number;
}

/**
 * Enlarges one tile.
 * @param planes red, green and blue, height x width values each, 0 to 1
 * @returns the same, `scale` times as wide and high
 */
export type EnlargeTile = (planes: Float32Array, size: TileSize) => Promise<Float32Array>;

export type TileSize = Pick<Tiling, 'width' | 'height'>;

/**
 * Sends a picture through a network tile by tile. Besides the result, in bytes, memory holds one row of tiles. Beyond the picture's border its
 * outermost pixels go on.
 * @param scale that `enlarge` gives
 * @param onTile is told the share of tiles that are done
 */
export async function enlargeInTiles(
  picture: RgbPicture,
  scale: number,
  tiling: Tiling,
  enlarge: EnlargeTile,
  onTile: (share: number) => void,
): Promise<RgbPicture> {
  const { overlap } = tiling;
  const rows = tileStarts(picture.height, tiling.height, overlap);
  const columns = tileStarts(picture.width, tiling.width, overlap);
  const result: RgbPicture = {
    width: picture.width * scale,
    height: picture.height * scale,
    data: new Uint8Array(3 * picture.width * picture.height * scale * scale),
  };
  const large = { width: tiling.width * scale, height: tiling.height * scale };
  const [across, down] = [seamWeights(large.width, overlap * scale), seamWeights(large.height, overlap * scale)];
  let strip = new Strip(result.width, large.height, scale * (rows[0] as number));
  for (const [row, top] of rows.entries()) {
    for (const [column, left] of columns.entries()) {
      const tile = await enlarge(cutTile(picture, left, top, tiling), tiling);
      strip.add(tile, large, left * scale, { x: across(column === 0, column === columns.length - 1), y: down(row === 0, row === rows.length - 1) });
      onTile((row * columns.length + column + 1) / (rows.length * columns.length));
    }
    const next = rows[row + 1];
    strip.writeRows(result, next === undefined ? large.height : (next - top) * scale);
    if (next !== undefined) strip = strip.movedTo(next * scale);
  }
  return result;
}

/**
 * Where tiles begin along one side: a third of the overlap before the picture, and each so that it shares `overlap` with the one before.
 * @param side of a tile along it
 */
export function tileStarts(length: number, side: number, overlap: number): number[] {
  const margin = Math.ceil(overlap / 3);
  const starts = [-margin];
  while ((starts.at(-1) as number) + side < length + margin) starts.push((starts.at(-1) as number) + side - overlap);
  return starts;
}

/**
 * How much a tile counts along one axis: nothing in the outer third of an overlap, all beyond its inner third, rising evenly between. The weights of two
 * neighbours add up to 1.
 */
function seamWeights(length: number, overlap: number): (isFirst: boolean, isLast: boolean) => Float32Array {
  const rim = Math.floor(overlap / 3);
  const rise = (distance: number) => Math.min(1, Math.max(0, (distance + 0.5 - rim) / (overlap - 2 * rim)));
  return (isFirst, isLast) => Float32Array.from({ length }, (_, place) => (isFirst ? 1 : rise(place)) * (isLast ? 1 : rise(length - 1 - place)));
}

function cutTile({ width, height, data }: RgbPicture, left: number, top: number, size: TileSize): Float32Array {
  const plane = size.width * size.height;
  const planes = new Float32Array(3 * plane);
  for (let y = 0; y < size.height; y++) {
    const row = Math.min(height - 1, Math.max(0, top + y)) * width;
    for (let x = 0; x < size.width; x++) {
      const from = 3 * (row + Math.min(width - 1, Math.max(0, left + x)));
      for (let colour = 0; colour < 3; colour++) planes[colour * plane + y * size.width + x] = (data[from + colour] as number) / 255;
    }
  }
  return planes;
}

/** A row of enlarged tiles as they add up, as wide as the result. */
class Strip {
  readonly #width: number;
  readonly #height: number;
  readonly #top: number;
  readonly #sums: Float32Array;

  constructor(width: number, height: number, top: number, sums = new Float32Array(3 * width * height)) {
    this.#width = width;
    this.#height = height;
    this.#top = top;
    this.#sums = sums;
  }

  add(tile: Float32Array, size: TileSize, left: number, weights: { readonly x: Float32Array; readonly y: Float32Array }): void {
    const from = Math.max(0, -left);
    const to = Math.min(size.width, this.#width - left);
    for (let y = 0; y < size.height; y++) {
      for (let x = from; x < to; x++) {
        const weight = (weights.x[x] as number) * (weights.y[y] as number);
        const place = 3 * (y * this.#width + left + x);
        for (let colour = 0; colour < 3; colour++) {
          this.#sums[place + colour] = (this.#sums[place + colour] as number) + weight * (tile[(colour * size.height + y) * size.width + x] as number);
        }
      }
    }
  }

  /** Writes the upper rows, to which nothing more will be added. */
  writeRows(result: RgbPicture, rows: number): void {
    for (let y = Math.max(0, -this.#top); y < rows && this.#top + y < result.height; y++) {
      const to = 3 * result.width * (this.#top + y);
      const from = 3 * this.#width * y;
      for (let i = 0; i < 3 * this.#width; i++) result.data[to + i] = Math.round(255 * Math.min(1, Math.max(0, this.#sums[from + i] as number)));
    }
  }

  /** The strip that begins lower, with what this one holds of it already. */
  movedTo(top: number): Strip {
    const sums = new Float32Array(this.#sums.length);
    sums.set(this.#sums.subarray(3 * this.#width * (top - this.#top)));
    return new Strip(this.#width, this.#height, top, sums);
  }
}
