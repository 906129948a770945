import type { EdgeId, FromEdge } from '@atelier/protocol';
import { limits, newId } from '@atelier/protocol';
import { expect, test } from 'vitest';
import { Budget } from './budget.ts';

const attempt = { attemptId: newId<never>(), fence: 1 };
const progress: FromEdge = { kind: 'progress', ...attempt, fraction: 0.5, message: null };
const heartbeat: FromEdge = { kind: 'heartbeat', holding: [], diskFreeBytes: 0, draining: false };

function budget() {
  const clock = { ms: 0 };
  const warnings: unknown[] = [];
  return { clock, warnings, budget: new Budget({ warn: (fields) => void warnings.push(fields) }, () => clock.ms) };
}

test('news over the rate is left out with one warning, and comes through again after a while', () => {
  const { clock, warnings, budget: one } = budget();
  const edge = newId<EdgeId>();
  const { atOnce, perSecond } = limits.edgeRates.news;
  const passed = Array.from({ length: atOnce + 1000 }, () => one.allows(edge, progress)).filter(Boolean).length;
  expect([passed, warnings.length]).toEqual([atOnce, 1]);
  clock.ms += 1000;
  expect(Array.from({ length: 2 * perSecond }, () => one.allows(edge, progress)).filter(Boolean).length).toBe(perSecond);
  expect(warnings.length).toBe(1);
  expect(one.allows(newId<EdgeId>(), progress)).toBe(true);
});

test('a text that comes in many short pieces has no hole, and is bounded by its characters', () => {
  const { budget: one } = budget();
  const edge = newId<EdgeId>();
  const { atOnce } = limits.edgeRates.newsBytes;
  const piece = (delta: string): FromEdge => ({ kind: 'text', ...attempt, delta });
  const pieces = 2 * limits.edgeRates.news.atOnce;
  expect(Array.from({ length: pieces }, () => one.allows(edge, piece('word '))).every(Boolean)).toBe(true);
  const large = piece('x'.repeat(limits.textBytes));
  const passed = Array.from({ length: 2 * Math.ceil(atOnce / limits.textBytes) }, () => one.allows(edge, large)).filter(Boolean).length;
  expect(passed).toBe(Math.floor((atOnce - 5 * pieces) / limits.textBytes));
});

test('large previews are bounded by their size', () => {
  const { budget: one, warnings } = budget();
  const preview: FromEdge = { kind: 'preview', ...attempt, mediaType: 'image/png', base64: 'a'.repeat(limits.previewBytes) };
  const edge = newId<EdgeId>();
  const passed = Array.from({ length: 1000 }, () => one.allows(edge, preview)).filter(Boolean).length;
  expect([passed, warnings.length]).toEqual([limits.edgeRates.newsBytes.atOnce / limits.previewBytes, 1]);
});

test('an edge that floods with its own state is cut off, and results have no rate', () => {
  const { budget: one } = budget();
  const edge = newId<EdgeId>();
  for (let count = 0; count < limits.edgeRates.state.atOnce; count += 1) one.allows(edge, heartbeat);
  expect(() => one.allows(edge, heartbeat)).toThrow(/more "heartbeat" messages/);
  const failure: FromEdge = { kind: 'failure', ...attempt, error: { code: 'step-failed', message: 'no' }, log: '' };
  for (let count = 0; count < 10_000; count += 1) expect(one.allows(edge, failure)).toBe(true);
});
