import type { RgbPicture } from '@atelier/media';

/** Pixels around what can be seen that a network may look at. */
const reach = 12;

/**
 * Lets the colours of what can be seen run out into what is fully transparent, where files often hold black: else a dark seam would
 * be drawn around everything.
 * @param alpha one value a pixel
 */
export function spreadColours({ width, height, data }: RgbPicture, alpha: Uint8Array): RgbPicture {
  const spread = Uint8Array.from(data);
  const isKnown = Uint8Array.from(alpha, (value) => (value > 0 ? 1 : 0));
  let unknown: number[] = [];
  for (const [place, value] of alpha.entries()) if (value === 0) unknown.push(place);
  for (let round = 0; round < reach && unknown.length > 0; round++) unknown = spreadOnce(spread, isKnown, unknown, width, height);
  return { width, height, data: spread };
}

/** Fills what touches known colours with their mean. @returns what is still unknown */
function spreadOnce(data: Uint8Array, isKnown: Uint8Array, unknown: readonly number[], width: number, height: number): number[] {
  const filled: number[] = [];
  const left: number[] = [];
  for (const place of unknown) {
    const known = neighbours(place, width, height).filter((other) => isKnown[other] === 1);
    if (known.length === 0) {
      left.push(place);
      continue;
    }
    for (let colour = 0; colour < 3; colour++) {
      data[3 * place + colour] = Math.round(known.reduce((sum, other) => sum + (data[3 * other + colour] as number), 0) / known.length);
    }
    filled.push(place);
  }
  for (const place of filled) isKnown[place] = 1;
  return left;
}

function neighbours(place: number, width: number, height: number): number[] {
  const x = place % width;
  const found: number[] = [];
  if (x > 0) found.push(place - 1);
  if (x < width - 1) found.push(place + 1);
  if (place >= width) found.push(place - width);
  if (place < width * (height - 1)) found.push(place + width);
  return found;
}
