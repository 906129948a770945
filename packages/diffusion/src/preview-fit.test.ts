import { expect, test } from 'vitest';
import { RgbFit } from './preview-fit.ts';
import { seededNormals } from './seeded-noise.ts';
import { floatTensor } from './tensor.ts';

const channels = 4;
const weight = [
  [0.3, -0.2, 0.1, 0],
  [0, 0.25, -0.1, 0.2],
  [-0.1, 0, 0.3, 0.1],
];
const bias = [0.1, -0.2, 0.05];

/** A decoder that is linear but for ripples with a mean of 0 inside of each block of 2 x 2 pixels. */
function decoded(latent: Float32Array, side: number): Float32Array {
  const picture = new Float32Array(3 * 4 * side * side);
  for (const i of picture.keys()) {
    const [colour, y, x] = [Math.floor(i / (4 * side * side)), Math.floor((i % (4 * side * side)) / (2 * side)), i % (2 * side)];
    const pixel = Math.floor(y / 2) * side + Math.floor(x / 2);
    const value = (weight[colour] as number[]).reduce((sum, w, channel) => sum + w * (latent[channel * side * side + pixel] as number), bias[colour] as number);
    picture[i] = value + ((x + y) % 2 === 0 ? 0.3 : -0.3);
  }
  return picture;
}

test('the map of a linear decoder is found again, from several pictures of several sizes', () => {
  const fit = new RgbFit();
  expect(fit.map()).toBeUndefined();
  for (const [seed, side] of [
    [1, 16],
    [2, 32],
  ] as const) {
    const latent = seededNormals(seed, 0, channels * side * side);
    fit.add(floatTensor([1, channels, side, side], latent), floatTensor([1, 3, 2 * side, 2 * side], decoded(latent, side)));
  }
  const map = fit.map();
  for (const colour of [0, 1, 2]) {
    for (const channel of [0, 1, 2, 3]) expect(map?.weight[colour]?.[channel]).toBeCloseTo(weight[colour]?.[channel] as number, 2);
    expect(map?.bias[colour]).toBeCloseTo(bias[colour] as number, 2);
  }
});

test('a channel that never changed gets no weight instead of a huge one', () => {
  const latent = seededNormals(3, 0, channels * 16);
  latent.fill(0, 3 * 16);
  const fit = new RgbFit();
  fit.add(floatTensor([1, channels, 4, 4], latent), floatTensor([1, 3, 8, 8], decoded(latent, 4)));
  for (const row of fit.map()?.weight ?? []) expect(Math.abs(row[3] as number)).toBeLessThan(1e-6);
});
