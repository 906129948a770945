import { expect, test } from 'vitest';
import { interpolateRows, lerp, slerp } from './interpolate.ts';
import { seededNormals } from './seeded-noise.ts';
import { floatTensor } from './tensor.ts';

const length = (values: Float32Array) => Math.sqrt(values.reduce((sum, value) => sum + value * value, 0));
const cosine = (a: Float32Array, b: Float32Array) => a.reduce((sum, value, i) => sum + value * (b[i] as number), 0) / (length(a) * length(b));

const one = seededNormals(11, 0, 4096);
const other = seededNormals(12, 0, 4096);

test('both ways begin exactly at the one and end exactly at the other', () => {
  for (const way of [lerp, slerp]) {
    expect(way(one, other, 0)).toEqual(one);
    expect(way(one, other, 1)).toEqual(other);
  }
});

test('noise half way along the arc is as long as noise, half way along the chord it is not', () => {
  expect(length(slerp(one, other, 0.5)) / length(one)).toBeCloseTo(1, 1);
  expect(length(lerp(one, other, 0.5)) / length(one)).toBeCloseTo(Math.SQRT1_2, 1);
});

test('equal steps of share turn noise by equal angles', () => {
  const longer = length(one) / length(other);
  const equallyLong = other.map((value) => value * longer);
  const angle = Math.acos(cosine(one, equallyLong));
  for (const share of [0.1, 0.25, 0.8]) expect(Math.acos(cosine(one, slerp(one, equallyLong, share)))).toBeCloseTo(share * angle, 3);
});

test('directions that are nearly one, opposite or empty go straight and stay finite', () => {
  const near = one.map((value, i) => value + 0.01 * (other[i] as number));
  expect(slerp(one, near, 0.3)).toEqual(lerp(one, near, 0.3));
  const opposite = one.map((value) => -value);
  expect(slerp(one, opposite, 0.25)).toEqual(lerp(one, opposite, 0.25));
  expect(slerp(new Float32Array(3), Float32Array.of(1, 2, 3), 0.5)).toEqual(Float32Array.of(0.5, 1, 1.5));
});

test('each token turns by itself', () => {
  const from = floatTensor([1, 2, 2], Float32Array.of(1, 0, 0, 2));
  const to = floatTensor([1, 2, 2], Float32Array.of(0, 1, 2, 0));
  const middle = interpolateRows(from, to, 0.5, 'slerp').data;
  for (const [i, value] of [Math.SQRT1_2, Math.SQRT1_2, Math.SQRT2, Math.SQRT2].entries()) expect(middle[i]).toBeCloseTo(value, 6);
  expect(interpolateRows(from, to, 0.5, 'lerp').data).toEqual(Float32Array.of(0.5, 0.5, 1, 1));
});
