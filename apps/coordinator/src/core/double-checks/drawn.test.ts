import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import { isDrawn } from './drawn.ts';

const key = (seed: string) => createHash('sha256').update(seed).digest();
const attempts = Array.from({ length: 4_000 }, (_, number) => `attempt ${number}`);
const drawn = (seed: string, percent: number) => attempts.filter((attempt) => isDrawn(key(seed), attempt, percent));

test('a share of the results is drawn, the same ones each time, and others by another key', () => {
  expect([drawn('a', 0).length, drawn('a', 100).length]).toEqual([0, attempts.length]);
  // Five standard deviations of the binomial distribution.
  for (const percent of [1, 10, 50]) {
    const expected = (attempts.length * percent) / 100;
    expect(Math.abs(drawn('a', percent).length - expected)).toBeLessThan(5 * Math.sqrt(expected * (1 - percent / 100)));
  }
  expect(drawn('a', 10)).toEqual(drawn('a', 10));
  const both = drawn('a', 10).filter((attempt) => isDrawn(key('b'), attempt, 10)).length;
  expect(both).toBeLessThan(attempts.length * 0.02);
});
