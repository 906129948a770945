import { AtelierError } from '@atelier/protocol';
import { type RgbPicture, readPicture } from './picture.ts';
import { readTransparentPicture, type TransparentPicture } from './transparency.ts';

export interface MaskOptions {
  /** What transparency of the mask means: `told` by how the mask is made, see {@link readMask}, or always what is `drawn`, as in OpenAI's API. */
  readonly transparency?: 'told' | 'drawn';
}

/**
 * Reads a mask for a picture: white is drawn again, black is kept. A mask with transparency is read in one of two ways, and refused if neither is sure:
 * - paint of one colour, whichever, on transparent ground: the paint is drawn again. So an empty layer of a paint program that was painted on.
 * - a transparent hole in the picture itself, or in ground of one colour: the hole is drawn again. So OpenAI's masks.
 *
 * For one colour the border of the mask tells which is the ground: at least three quarters of it must be ground.
 * @returns a picture of the same size; what is lighter than middle grey is drawn again
 * @throws AtelierError as {@link readPicture}; `invalid-input` if the sizes differ, if nothing is to be drawn, or if the transparency can be read both ways
 */
export async function readMask(bytes: Uint8Array, picture: RgbPicture, { transparency = 'told' }: MaskOptions = {}): Promise<RgbPicture> {
  const given = await readTransparentPicture(bytes);
  const { width, height } = given.picture;
  if (width !== picture.width || height !== picture.height) {
    throw new AtelierError('invalid-input', `The mask has ${width} x ${height} pixels, but the image ${picture.width} x ${picture.height}.`, {
      hint: 'Give a mask of the size of the image: white is drawn again, black is kept.',
    });
  }
  const clear = given.alpha && clearParts(given.alpha);
  const mask = clear?.includes(1) ? asPicture(drawnParts(given, clear, picture, transparency), width, height) : await readPicture(bytes);
  requireSomething(mask, clear?.includes(1) ?? false);
  return mask;
}

/** 1 for each pixel of a mask that is to be drawn again, else 0: lighter than middle grey or not (ITU-R BT.601 luma). */
export function maskValues({ data }: RgbPicture): Float32Array {
  return Float32Array.from({ length: data.length / 3 }, (_, pixel) => {
    const [red, green, blue] = data.subarray(pixel * 3, pixel * 3 + 3) as unknown as [number, number, number];
    return 0.299 * red + 0.587 * green + 0.114 * blue >= 127.5 ? 1 : 0;
  });
}

/** 1 where less than half of the most visible pixel can be seen, so that paint of half opacity is paint too. */
function clearParts(alpha: Uint8Array): Uint8Array {
  const most = alpha.reduce((greatest, value) => Math.max(greatest, value), 0);
  return most === 0 ? new Uint8Array(alpha.length).fill(1) : alpha.map((value) => (2 * value < most ? 1 : 0));
}

/** 1 for each pixel that is to be drawn again. */
function drawnParts(mask: TransparentPicture, clear: Uint8Array, picture: RgbPicture, transparency: 'told' | 'drawn'): Uint8Array {
  if (transparency === 'drawn') return clear;
  if (!clear.includes(0)) throw ambiguous('is transparent throughout');
  if (!isOneColour(mask, clear)) {
    if (showsThePicture(mask.picture, clear, picture)) return clear;
    throw ambiguous('has transparent parts, and its visible parts are of several colours but not those of the image');
  }
  const share = clearShareOfBorder(clear, picture.width, picture.height);
  if (share <= 0.25) return clear;
  if (share >= 0.75) return clear.map((value) => 1 - value);
  throw ambiguous('has transparent parts, and its border does not tell whether these are the ground or a hole');
}

/** How far two values of a colour may lie apart and still count as one: what JPEG and WebP change. */
const sameColour = 24;

/** Whether all that can be seen has one colour. Pixels at a soft edge may hold any colour in some programs, so only the most visible ones count. */
function isOneColour({ picture, alpha }: TransparentPicture, clear: Uint8Array): boolean {
  const most = alpha?.reduce((greatest, value) => Math.max(greatest, value), 0) ?? 0;
  const least = [255, 255, 255];
  const greatest = [0, 0, 0];
  for (let i = 0; i < picture.data.length; i++) {
    const pixel = Math.floor(i / 3);
    if (clear[pixel] === 1 || (alpha?.[pixel] ?? 0) < 0.9 * most) continue;
    const value = picture.data[i] as number;
    least[i % 3] = Math.min(least[i % 3] as number, value);
    greatest[i % 3] = Math.max(greatest[i % 3] as number, value);
  }
  return greatest.every((value, colour) => value - (least[colour] as number) <= sameColour);
}

/** Whether at least 95 of 100 visible pixels are those of the picture. */
function showsThePicture(mask: RgbPicture, clear: Uint8Array, picture: RgbPicture): boolean {
  let same = 0;
  let visible = 0;
  for (let pixel = 0; pixel < clear.length; pixel++) {
    if (clear[pixel] === 1) continue;
    visible += 1;
    const isSame = [0, 1, 2].every(
      (colour) => Math.abs((mask.data[3 * pixel + colour] as number) - (picture.data[3 * pixel + colour] as number)) <= sameColour,
    );
    if (isSame) same += 1;
  }
  return same >= 0.95 * visible;
}

function clearShareOfBorder(clear: Uint8Array, width: number, height: number): number {
  let total = 0;
  let count = 0;
  for (let pixel = 0; pixel < clear.length; pixel++) {
    const [x, y] = [pixel % width, Math.floor(pixel / width)];
    if (x > 0 && y > 0 && x < width - 1 && y < height - 1) continue;
    total += clear[pixel] as number;
    count += 1;
  }
  return total / count;
}

function asPicture(parts: Uint8Array, width: number, height: number): RgbPicture {
  return { width, height, data: Uint8Array.from({ length: 3 * parts.length }, (_, i) => 255 * (parts[Math.floor(i / 3)] as number)) };
}

function requireSomething(mask: RgbPicture, isByTransparency: boolean): void {
  if (maskValues(mask).includes(1)) return;
  const what = isByTransparency ? 'The mask leaves nothing to draw.' : 'The mask is black throughout, so there is nothing to draw.';
  throw new AtelierError('invalid-input', what, { hint: 'Paint white what is to be drawn again, and the rest black.' });
}

function ambiguous(what: string): AtelierError {
  return new AtelierError('invalid-input', `The mask ${what}.`, {
    hint: 'Give a mask without transparency: white is drawn again, black is kept. Or paint one colour on a transparent layer, or cut a hole into the image itself.',
  });
}
