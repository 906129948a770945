import { expect, test } from 'vitest';
import { halves } from './halves.ts';

const second = 16_000;
const span = (start: number, end: number) => ({ start: start * second, end: end * second });

test('several stretches are parted between two of them', () => {
  const spans = [span(0, 2), span(3, 9), span(10, 11), span(12, 13)];
  expect(halves(spans, new Float32Array())).toEqual([spans.slice(0, 2), spans.slice(2)]);
});

test('one stretch is cut where its middle is quietest, and nothing of it is lost', () => {
  const samples = new Float32Array(10 * second).fill(0.3);
  samples.fill(0.001, 6.2 * second, 6.4 * second);
  const [first, last] = halves([span(0, 10)], samples) ?? [];
  expect(first?.[0]?.end).toBe(last?.[0]?.start);
  expect((first?.[0]?.end ?? 0) / second).toBeGreaterThan(6.2);
  expect((first?.[0]?.end ?? 0) / second).toBeLessThan(6.4);
});

test('what is short is not cut', () => {
  expect(halves([span(0, 4)], new Float32Array(4 * second))).toBeUndefined();
});
