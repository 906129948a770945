import sharp from 'sharp';
import { type RgbPicture, sharpOf } from './picture.ts';

/** Colours of a GIF, three bytes each; the place after the last is kept for pixels that stay as they are. */
export type Palette = Uint8Array;

export const paletteColours = 255;
/** The lesser side of what is looked at of each frame; larger ones are thinned out, not blurred, so that no colours arise. */
const sampleSide = 160;

/**
 * Chooses one palette for many pictures, by libvips' quantiser (median cut with k-means, as libimagequant does it). Colours of
 * which there is much, as of a plain background, are in it exactly.
 * @returns up to 255 colours
 */
export async function paletteOf(sample: AsyncIterable<RgbPicture> | Iterable<RgbPicture>): Promise<Palette> {
  const tiles: Buffer[] = [];
  for await (const picture of sample) {
    tiles.push(await sharpOf(picture).resize(sampleSide, sampleSide, { fit: 'fill', kernel: 'nearest' }).raw().toBuffer());
  }
  const pixels = Buffer.concat(tiles);
  const sheet = sharp(pixels, { raw: { width: sampleSide, height: sampleSide * tiles.length, channels: 3 } });
  const png = await sheet.png({ palette: true, colours: paletteColours, quality: 100, dither: 0, effort: 7 }).toBuffer();
  const palette = coloursIn(png);
  for (const colour of frequentColours(pixels)) palette.set(colour, 3 * nearestColour(palette, colour));
  return palette.length / 3 > paletteColours ? withoutTwin(palette) : palette;
}

type Colour = readonly [number, number, number];

/** Colours that at least every hundredth pixel has. */
function frequentColours(pixels: Uint8Array): Colour[] {
  const counts = new Map<number, number>();
  for (let i = 0; i < pixels.length; i += 3) {
    const key = ((pixels[i] as number) << 16) | ((pixels[i + 1] as number) << 8) | (pixels[i + 2] as number);
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  const frequent = [...counts].filter(([, count]) => count >= pixels.length / 300);
  return frequent.sort(([, a], [, b]) => a - b).map(([key]) => [key >> 16, (key >> 8) & 255, key & 255]);
}

/** How much each channel's difference counts. */
const weights = [3, 6, 2] as const;

/** The place in a palette of the colour that differs least; `except` is passed over. */
export function nearestColour(palette: Palette, [red, green, blue]: Colour, except = -1): number {
  let best = 0;
  let least = Number.POSITIVE_INFINITY;
  for (let index = 0; 3 * index < palette.length; index++) {
    const distance = weightedSquares(
      (palette[3 * index] as number) - red,
      (palette[3 * index + 1] as number) - green,
      (palette[3 * index + 2] as number) - blue,
    );
    if (distance >= least || index === except) continue;
    least = distance;
    best = index;
  }
  return best;
}

function weightedSquares(red: number, green: number, blue: number): number {
  return weights[0] * red * red + weights[1] * green * green + weights[2] * blue * blue;
}

function colourAt(palette: Palette, index: number): Colour {
  return [palette[3 * index] as number, palette[3 * index + 1] as number, palette[3 * index + 2] as number];
}

/** Drops the colour that another one is nearest to. */
function withoutTwin(palette: Palette): Palette {
  const gaps = Array.from({ length: palette.length / 3 }, (_, index) => {
    const [red, green, blue] = colourAt(palette, index);
    const other = colourAt(palette, nearestColour(palette, [red, green, blue], index));
    return weightedSquares(red - other[0], green - other[1], blue - other[2]);
  });
  const twin = gaps.indexOf(Math.min(...gaps));
  return palette.filter((_, place) => Math.floor(place / 3) !== twin);
}

/** The chunk `PLTE` of a PNG. */
function coloursIn(png: Buffer): Palette {
  for (let start = 8; start + 12 <= png.length; start += 12 + png.readUInt32BE(start)) {
    if (png.toString('latin1', start + 4, start + 8) === 'PLTE') return Uint8Array.from(png.subarray(start + 8, start + 8 + png.readUInt32BE(start)));
  }
  return Uint8Array.from([0, 0, 0, 255, 255, 255]);
}
