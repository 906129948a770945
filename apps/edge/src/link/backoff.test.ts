import { expect, test } from 'vitest';
import { backoffMs } from './backoff.ts';

test('the first dial is at once, later ones wait longer with jitter, and none longer than the bound', () => {
  expect(backoffMs(0, 1)).toBe(0);
  expect([1, 2, 3].map((failures) => backoffMs(failures, 1))).toEqual([250, 500, 1000]);
  expect(backoffMs(3, 0)).toBe(250);
  expect(backoffMs(1000, 1)).toBe(5_000);
});
