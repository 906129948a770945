import { expect, test } from 'vitest';
import { loopNoise } from './loop-noise.ts';
import { philox, seededNormals } from './seeded-noise.ts';

function moments(values: Float32Array): { mean: number; variance: number; kurtosis: number } {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const central = (power: number) => values.reduce((sum, value) => sum + (value - mean) ** power, 0) / values.length;
  return { mean, variance: central(2), kurtosis: central(4) / central(2) ** 2 };
}

const correlation = (a: Float32Array, b: Float32Array) => a.reduce((sum, value, i) => sum + value * (b[i] as number), 0) / a.length;

test('Philox gives the known answers of its authors (Random123, kat_vectors)', () => {
  const hex = (four: readonly number[]) => four.map((value) => value.toString(16).padStart(8, '0')).join(' ');
  expect(hex(philox([0, 0, 0, 0], [0, 0]))).toBe('6627e8d5 e169c58d bc57ac4c 9b00dbd8');
  const ones = 0xffff_ffff;
  expect(hex(philox([ones, ones, ones, ones], [ones, ones]))).toBe('408f276d 41c83b0e a20bc7c6 6d5451fd');
  expect(hex(philox([0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344], [0xa4093822, 0x299f31d0]))).toBe('d16cfe09 94fdcceb 5001e420 24126ea1');
});

test('the noise is standard normal and finite', () => {
  const { mean, variance, kurtosis } = moments(seededNormals(1, 0, 100_000));
  expect(Math.abs(mean)).toBeLessThan(0.015);
  expect(Math.abs(variance - 1)).toBeLessThan(0.02);
  expect(Math.abs(kurtosis - 3)).toBeLessThan(0.1);
});

test('a seed gives the same bytes, whatever the length; other seeds and streams are independent', () => {
  const noise = seededNormals(7, 0, 4096);
  expect(seededNormals(7, 0, 4096)).toEqual(noise);
  expect(seededNormals(7, 0, 10)).toEqual(noise.slice(0, 10));
  expect([...noise.slice(0, 3)]).toEqual([...seededNormals(7, 0, 3)]);
  for (const other of [seededNormals(8, 0, 4096), seededNormals(7, 1, 4096), seededNormals(0xffff_ffff, 0, 4096)]) {
    expect(Math.abs(correlation(noise, other))).toBeLessThan(0.06);
  }
});

test('every place of a loop is standard normal, neighbours are alike, and the loop closes', () => {
  const at = loopNoise(3, 0.6, 50_000);
  for (const angle of [0, 1, 2, 4]) expect(Math.abs(moments(at(angle)).variance - 1)).toBeLessThan(0.03);
  expect(correlation(at(0), at(0.1))).toBeGreaterThan(0.98);
  expect(correlation(at(0), at(Math.PI))).toBeLessThan(0.35);
  const [start, end] = [at(0), at(2 * Math.PI)];
  expect(Math.max(...start.map((value, i) => Math.abs(value - (end[i] as number))))).toBeLessThan(1e-5);
});

test('a radius of 0 stands still', () => {
  const at = loopNoise(3, 0, 100);
  expect(at(2)).toEqual(at(0));
});
