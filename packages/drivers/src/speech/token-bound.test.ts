import { expect, test } from 'vitest';
import { sampleRate } from './span.ts';
import { tokenBound } from './token-bound.ts';

const whisper = 224;

test('a window of some seconds may have all tokens of the model, and no window more', () => {
  for (const seconds of [4, 10, 30]) expect(tokenBound(seconds * sampleRate, whisper)).toBe(whisper);
  expect(tokenBound(30 * sampleRate, 100)).toBe(100);
});

test('six syllables a second of ten tokens fit, for each length up to a full window', () => {
  for (const seconds of [0.3, 1, 2, 3]) expect(tokenBound(seconds * sampleRate, whisper)).toBeGreaterThanOrEqual(Math.min(whisper, 60 * seconds));
});

test('a short stretch that repeats itself is ended sooner', () => {
  expect(tokenBound(0.5 * sampleRate, whisper)).toBeLessThan(whisper / 3);
});
