import { expect, test } from 'vitest';
import { pasteMasked } from './paste.ts';
import { seededNormals } from './seeded-noise.ts';

const [width, height] = [40, 20];
const picture = (seed: number) => ({ width, height, data: Uint8Array.from(seededNormals(seed, 0, width * height * 3), (value) => 128 + 40 * value) });
const [original, drawn] = [picture(1), picture(2)];
/** White from column 20 on. */
const half = Float32Array.from({ length: width * height }, (_, i) => (i % width >= 20 ? 1 : 0));
const pixelsOf = (one: { data: Uint8Array }, from: number, to: number) => [...one.data].filter((_, i) => (i / 3) % width >= from && (i / 3) % width < to);

test('without a soft edge every pixel is the one or the other', () => {
  const pasted = pasteMasked(original, drawn, half, 0);
  expect(pixelsOf(pasted, 0, 20)).toEqual(pixelsOf(original, 0, 20));
  expect(pixelsOf(pasted, 20, 40)).toEqual(pixelsOf(drawn, 20, 40));
});

test('farther from the edge than the blur nothing is changed by a single bit, and in between it is mixed', () => {
  const pasted = pasteMasked(original, drawn, half, 5);
  expect(pixelsOf(pasted, 0, 15)).toEqual(pixelsOf(original, 0, 15));
  expect(pixelsOf(pasted, 25, 40)).toEqual(pixelsOf(drawn, 25, 40));
  const difference = (from: number) =>
    pixelsOf(pasted, from, from + 1).reduce((sum, value, i) => sum + Math.abs(value - (pixelsOf(original, from, from + 1)[i] as number)), 0);
  expect(difference(19)).toBeGreaterThan(difference(15));
  expect(difference(19)).toBeGreaterThan(0);
});

test('a mask that is all white or all black is exact to the border', () => {
  expect(pasteMasked(original, drawn, new Float32Array(width * height).fill(1), 7).data).toEqual(drawn.data);
  expect(pasteMasked(original, drawn, new Float32Array(width * height), 7).data).toEqual(original.data);
});
