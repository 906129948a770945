import { expect, test } from 'vitest';
import { leftSeconds, longestWay } from './time-left.ts';

test('before anything is heard the prediction counts, and late work is not said to be done', () => {
  expect(leftSeconds({ predicted: 100, passed: 20, fraction: 0 })).toBe(80);
  expect(leftSeconds({ predicted: 100, passed: 500, fraction: 0 })).toBe(10);
});

test('work that is slower than predicted is found out while it goes on', () => {
  const left = (fraction: number) => leftSeconds({ predicted: 10, passed: 100 * fraction, fraction });
  expect(left(0.5)).toBeGreaterThan(20);
  expect(left(0.9)).toBeCloseTo(10, -1);
  expect(left(1)).toBe(0);
});

test('a branch does not add to the longer one, and what has ended costs nothing', () => {
  const steps = [
    { id: 'short', reads: ['ended'], seconds: 1 },
    { id: 'long', reads: ['ended'], seconds: 5 },
    { id: 'join', reads: ['short', 'long'], seconds: 2 },
  ];
  expect(longestWay(steps)).toBe(7);
});
