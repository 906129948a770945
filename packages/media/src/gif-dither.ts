import { nearestColour, type Palette } from './gif-palette.ts';
import type { RgbPicture } from './picture.ts';

/** How many palette colours are mixed for one colour. */
const mixed = 16;
/** How much of what is still missing is asked for with the next colour of a mixture: at 1 it is met best, and grains are coarsest. */
const strength = 0.5;
const lookupBits = 6;
/** Plans that are kept: 2 to this power. */
const keptBits = 15;

/**
 * Turns pictures into palette indices with ordered dithering by pattern (T. Knoll, US patent 6606166, expired in 2019): each colour becomes a
 * mixture of palette colours, sorted by brightness, and the place of a pixel in an 8 x 8 Bayer matrix chooses among them. Where the
 * picture stays still, so does the pattern: films do not flicker.
 */
export class PatternDither {
  readonly #palette: Palette;
  readonly #exact: ReadonlyMap<number, number>;
  readonly #nearest: Uint8Array;
  readonly #brightness: Float32Array;
  readonly #colours = new Int32Array(2 ** keptBits).fill(-1);
  readonly #plans = new Uint8Array(mixed * 2 ** keptBits);

  constructor(palette: Palette) {
    this.#palette = palette;
    this.#exact = new Map(Array.from({ length: palette.length / 3 }, (_, index) => [colourKey(palette, index), index]));
    this.#nearest = nearestTable(palette);
    this.#brightness = Float32Array.from({ length: palette.length / 3 }, (_, index) => brightness(palette, index));
  }

  /** @returns one index a pixel */
  apply({ width, height, data }: RgbPicture): Uint8Array {
    const indices = new Uint8Array(width * height);
    for (let y = 0, pixel = 0; y < height; y++) {
      for (let x = 0; x < width; x++, pixel++) {
        const plan = this.#planOf(data[3 * pixel] as number, data[3 * pixel + 1] as number, data[3 * pixel + 2] as number);
        indices[pixel] = this.#plans[plan + (bayer[(y & 7) * 8 + (x & 7)] as number)] as number;
      }
    }
    return indices;
  }

  /** Where the plan of a colour begins. The plans of colours that were seen lately are kept. */
  #planOf(red: number, green: number, blue: number): number {
    const colour = (red << 16) | (green << 8) | blue;
    const slot = Math.imul(colour, 0x9e3779b1) >>> (32 - keptBits);
    if (this.#colours[slot] !== colour) this.#mix(slot * mixed, red, green, blue);
    this.#colours[slot] = colour;
    return slot * mixed;
  }

  /** Fills the plan: each next colour is the one nearest to what is wanted with what the ones before have left missing. */
  #mix(plan: number, red: number, green: number, blue: number): void {
    const palette = this.#palette;
    const exact = this.#exact.get((red << 16) | (green << 8) | blue);
    if (exact !== undefined) {
      this.#plans.fill(exact, plan, plan + mixed);
      return;
    }
    let [missingRed, missingGreen, missingBlue] = [0, 0, 0];
    for (let step = 0; step < mixed; step++) {
      const index = this.#nearest[lookupKey(red + strength * missingRed, green + strength * missingGreen, blue + strength * missingBlue)] as number;
      this.#insert(plan, plan + step, index);
      missingRed += red - (palette[3 * index] as number);
      missingGreen += green - (palette[3 * index + 1] as number);
      missingBlue += blue - (palette[3 * index + 2] as number);
    }
  }

  /** Keeps the plan sorted by brightness. */
  #insert(start: number, end: number, index: number): void {
    const plans = this.#plans;
    const level = this.#brightness[index] as number;
    let place = end;
    while (place > start && (this.#brightness[plans[place - 1] as number] as number) > level) {
      plans[place] = plans[place - 1] as number;
      place -= 1;
    }
    plans[place] = index;
  }
}

/** Each place's rank in an 8 x 8 Bayer matrix, brought to the length of a plan. */
const bayer = Uint8Array.from({ length: 64 }, (_, place) => {
  const [x, y] = [place & 7, place >> 3];
  let rank = 0;
  for (let bit = 0; bit < 3; bit++) rank |= ((((x ^ y) >> bit) & 1) << (5 - 2 * bit)) | (((y >> bit) & 1) << (4 - 2 * bit));
  return Math.floor((rank * mixed) / 64);
});

function lookupKey(red: number, green: number, blue: number): number {
  const shift = 8 - lookupBits;
  return (((clamp(red) >> shift) << (2 * lookupBits)) | ((clamp(green) >> shift) << lookupBits) | (clamp(blue) >> shift)) >>> 0;
}

function clamp(value: number): number {
  return value < 0 ? 0 : value > 255 ? 255 : value;
}

/** The nearest colour of the palette for every colour of six bits a channel. */
function nearestTable(palette: Palette): Uint8Array {
  const side = 2 ** lookupBits;
  const table = new Uint8Array(side ** 3);
  const middle = (step: number) => ((step + 0.5) * 256) / side - 0.5;
  for (let key = 0; key < table.length; key++) {
    table[key] = nearestColour(palette, [middle(key >> (2 * lookupBits)), middle((key >> lookupBits) & (side - 1)), middle(key & (side - 1))]);
  }
  return table;
}

function colourKey(palette: Palette, index: number): number {
  return ((palette[3 * index] as number) << 16) | ((palette[3 * index + 1] as number) << 8) | (palette[3 * index + 2] as number);
}

/** Luma (ITU-R BT.601). */
function brightness(palette: Palette, index: number): number {
  return 0.299 * (palette[3 * index] as number) + 0.587 * (palette[3 * index + 1] as number) + 0.114 * (palette[3 * index + 2] as number);
}
