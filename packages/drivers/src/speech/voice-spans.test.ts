import { expect, test } from 'vitest';
import { frameSamples, usualVoice, type VoiceOptions, voiceSpans } from './voice-spans.ts';

/** Likelihoods of stretches of so many seconds each. */
function frames(...stretches: ReadonlyArray<readonly [seconds: number, likelihood: number]>): number[] {
  return stretches.flatMap(([seconds, likelihood]) => Array.from({ length: Math.round((seconds * 16_000) / frameSamples) }, () => likelihood));
}

function spansOf(likelihoods: readonly number[], options: Partial<VoiceOptions> = {}) {
  const spans = voiceSpans(likelihoods, likelihoods.length * frameSamples, { ...usualVoice, ...options });
  return spans.map(({ start, end }) => [start / 16_000, end / 16_000].map((seconds) => Math.round(seconds * 10) / 10));
}

test('speech is kept with its padding, and silence around it is not', () => {
  expect(spansOf(frames([2, 0.01], [3, 0.9], [4, 0.01]))).toEqual([[1.8, 5.2]]);
});

test('a short pause does not end a stretch, a long one does', () => {
  expect(spansOf(frames([1, 0.9], [0.2, 0.05], [1, 0.9]))).toEqual([[0, 2.2]]);
  expect(spansOf(frames([1, 0.9], [1, 0.05], [1, 0.9]))).toEqual([
    [0, 1.2],
    [1.8, 3],
  ]);
});

test('what keeps speech going would not begin it', () => {
  expect(spansOf(frames([1, 0.4]))).toEqual([]);
  expect(spansOf(frames([1, 0.9], [2, 0.4], [1, 0.01]))).toEqual([[0, 3.2]]);
});

test('a click is no speech', () => {
  expect(spansOf(frames([1, 0.01], [0.1, 0.95], [1, 0.01]))).toEqual([]);
});

test('two stretches that lie close share the pause and do not overlap', () => {
  const [first, second] = spansOf(frames([1, 0.9], [0.3, 0.01], [1, 0.9]), { shortestPauseSeconds: 0.2 });
  expect(first?.[1]).toBe(second?.[0]);
});

test('speech that is too long is cut at the longest pause of its second half, and stays whole without a pause', () => {
  const long = frames([12, 0.9], [0.3, 0.05], [6, 0.9], [0.15, 0.05], [5, 0.9], [0.25, 0.05], [12, 0.9]);
  const cut = spansOf(long);
  expect(cut.length).toBe(2);
  expect(cut[0]?.[1]).toBeCloseTo(23.5, 0);
  expect(spansOf(frames([80, 0.9]))).toEqual([[0, 80]]);
});

test('every sample of long speech stays in one of its spans', () => {
  const spans = voiceSpans(frames([20, 0.9], [0.2, 0.05], [20, 0.9], [0.2, 0.05], [20, 0.9]), 60.4 * 16_000);
  for (const [index, span] of spans.slice(1).entries()) expect(span.start - (spans[index]?.end ?? 0)).toBeLessThanOrEqual(1);
});
