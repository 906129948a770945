import { expect, test } from 'vitest';
import { choose, forbid, logSum, type TokenRules } from './token-rules.ts';
import { tokenSegments } from './token-segments.ts';

/** A vocabulary of ten words (0-9), an end (10), no timestamps (11) and 20 timestamps (12-31). */
const rules: TokenRules = { end: 10, noTimestamps: 11, suppressed: [9], suppressedFirst: [0], latestFirstTimestamp: 5 };
const vocabulary = 32;

function allowed(written: readonly number[], logits = new Float32Array(vocabulary)): number[] {
  forbid(logits, written, rules);
  return [...logits.keys()].filter((token) => logits[token] !== Number.NEGATIVE_INFINITY);
}

/** Words that are so likely that no timestamp forces itself in. */
const wordy = () => new Float32Array(vocabulary).fill(5, 0, 11);

test('a text begins with a timestamp, and not a late one', () => {
  expect(allowed([])).toEqual([12, 13, 14, 15, 16, 17]);
});

test('behind the opening timestamp come words', () => {
  expect(allowed([12], wordy())).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 10]);
});

test('behind words may come words, the end, or a later timestamp', () => {
  expect(allowed([14, 1], wordy())).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 10, ...Array.from({ length: 17 }, (_, index) => 15 + index)]);
});

test('a closing timestamp is followed by an opening one that is no earlier, or by the end', () => {
  expect(allowed([12, 1, 20], wordy())).toEqual([10, ...Array.from({ length: 12 }, (_, index) => 20 + index)]);
});

test('a timestamp comes when all of them together are likelier than any word', () => {
  const logits = new Float32Array(vocabulary).fill(-2);
  logits[3] = 0.5;
  expect(allowed([12, 1], logits).every((token) => token >= 12)).toBe(true);
});

test('temperature 0 takes the likeliest, a higher one draws as likely as they are', () => {
  const logits = Float32Array.from([0, Math.log(3), Number.NEGATIVE_INFINITY]);
  expect(choose(logits, 0, () => 0).token).toBe(1);
  const drawn = Array.from({ length: 1000 }, (_, index) => choose(logits, 1, () => (index + 0.5) / 1000).token);
  expect(drawn.filter((token) => token === 1).length).toBe(750);
  expect(drawn).not.toContain(2);
  expect(choose(logits, 0, () => 0).logProbability).toBeCloseTo(Math.log(0.75), 6);
});

test('a sum of large logits does not overflow', () => {
  expect(logSum(Float32Array.from([1000, 1000]))).toBeCloseTo(1000 + Math.LN2, 3);
});

test('segments are what stands between timestamps; the last may be open', () => {
  expect(tokenSegments([12, 1, 2, 14, 14, 3, 16, 17, 4], rules)).toEqual([
    { start: 0, end: 0.04, tokens: [1, 2] },
    { start: 0.04, end: 0.08, tokens: [3] },
    { start: 0.1, end: undefined, tokens: [4] },
  ]);
  expect(tokenSegments([12, 14], rules)).toEqual([]);
});
