import { type RgbPicture, resizePicture } from '@atelier/media';
import type { UpscalingNetwork } from './network.ts';
import { enlargeInTiles, type Tiling } from './tiles.ts';

type OnShare = (share: number) => void;

/**
 * Brings a picture to `factor` times its size. A network that enlarges by more is scaled down from, by a Lanczos filter, a band of rows at a
 * time; one that enlarges by less is applied again, on a picture that was first brought to the size from which the last time leads to the asked one.
 * So nothing is ever held that is much larger than the result.
 */
export async function enlargePicture(picture: RgbPicture, factor: number, network: UpscalingNetwork, tiling: Tiling, onShare: OnShare): Promise<RgbPicture> {
  const { scale } = network;
  if (factor < scale) return enlargeInBands(picture, factor, network, tiling, onShare);
  const target = { width: picture.width * factor, height: picture.height * factor };
  let passes = 1;
  while (scale ** passes < factor) passes += 1;
  // The work of a pass is proportional to the pixels that it begins with.
  const begins = Array.from({ length: passes }, (_, pass) => (pass === 0 ? 1 : (factor / scale ** (passes - pass)) ** 2));
  const work = begins.reduce((sum, pixels) => sum + pixels, 0);
  let current = picture;
  let done = 0;
  for (let pass = 0; pass < passes; pass++) {
    const share = (begins[pass] as number) / work;
    const before = done;
    if (pass > 0) current = await reducedTo(current, target, scale ** (passes - pass));
    current = await enlargeInTiles(current, scale, fitting(tiling, current, network), network.enlarge, (part) => onShare(before + share * part));
    done += share;
  }
  return isSize(current, target) ? current : resizePicture(current, target);
}

/** A size from which `scale` leads to the target, or a pixel beyond it. */
function reducedTo(picture: RgbPicture, target: Size, scale: number): Promise<RgbPicture> | RgbPicture {
  const size = { width: Math.ceil(target.width / scale), height: Math.ceil(target.height / scale) };
  return isSize(picture, size) ? picture : resizePicture(picture, size);
}

async function enlargeInBands(picture: RgbPicture, factor: number, network: UpscalingNetwork, tiling: Tiling, onShare: OnShare): Promise<RgbPicture> {
  const { width, height } = picture;
  const result: RgbPicture = { width: width * factor, height: height * factor, data: new Uint8Array(3 * width * height * factor * factor) };
  const rows = Math.max(tiling.height, Math.floor(tiling.bandPixels / (width * network.scale ** 2)));
  for (let top = 0; top < height; top += rows) {
    const bottom = Math.min(height, top + rows);
    const from = Math.max(0, top - tiling.overlap);
    const band = rowsOf(picture, from, Math.min(height, bottom + tiling.overlap));
    const onPart = (share: number) => onShare((top + share * (bottom - top)) / height);
    const large = await enlargeInTiles(band, network.scale, fitting(tiling, band, network), network.enlarge, onPart);
    const asked = await resizePicture(large, { width: width * factor, height: band.height * factor });
    result.data.set(rowsOf(asked, (top - from) * factor, (bottom - from) * factor).data, 3 * width * factor * factor * top);
  }
  return result;
}

interface Size {
  readonly width: number;
  readonly height: number;
}

function isSize(picture: Size, size: Size): boolean {
  return picture.width === size.width && picture.height === size.height;
}

function rowsOf({ width, data }: RgbPicture, from: number, to: number): RgbPicture {
  return { width, height: to - from, data: data.subarray(3 * width * from, 3 * width * to) };
}

/** The greatest side of a tile, in times of a square's: of a thin picture tiles are as thin, and longer, so that few pixels beyond its border are computed. */
const mostStretch = 8;

/**
 * Fits tiles to a picture: small pictures are one tile, and tiles of thin ones have the pixels of a square too, while the graph leaves the choice.
 * @param tiling whose tiles are squares
 */
export function fitting(tiling: Tiling, { width, height }: Size, { fixedSide }: Pick<UpscalingNetwork, 'fixedSide'>): Tiling {
  const { overlap } = tiling;
  if (fixedSide !== undefined) return { ...tiling, width: fixedSide, height: fixedSide, overlap: Math.min(overlap, Math.floor(fixedSide / 3)) };
  const margins = 2 * Math.ceil(overlap / 3);
  const [across, down] = [width + margins, height + margins];
  const pixels = tiling.width * tiling.height;
  const along = (own: number, other: number, square: number) =>
    Math.min(own, Math.max(square, Math.min(mostStretch * square, Math.floor(pixels / Math.min(other, square)))));
  return { ...tiling, width: along(across, down, tiling.width), height: along(down, across, tiling.height) };
}
