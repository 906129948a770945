import { expect, test } from 'vitest';
import { peaksOf } from './peaks.ts';

test('every sample counts in one stretch, and the loudest stretch is 1', () => {
  expect(peaksOf(new Float32Array([0, 0.25, -0.5, 0.1, 0.5, 0]), 3)).toEqual([0.5, 1, 1]);
  const last = new Float32Array(1001);
  last[1000] = 0.2;
  expect(peaksOf(last, 7)).toEqual([0, 0, 0, 0, 0, 0, 1]);
});

test('silence, and a recording of fewer samples than bars, are drawn flat where nothing is', () => {
  expect(peaksOf(new Float32Array(8), 4)).toEqual([0, 0, 0, 0]);
  expect(peaksOf(new Float32Array([1, 0.5]), 4)).toEqual([0, 1, 0, 0.5]);
});
