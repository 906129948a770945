import { expect, test } from 'vitest';
import { brushRange, dabDiameter, emptyHistory, type MaskDeed, marksSomething, redone, standing, undone, withDeed } from './mask-history.ts';

const stroke = (erase = false): MaskDeed => ({ kind: 'stroke', erase, diameter: 8, points: [{ x: 1, y: 2, pressure: 0.5 }] });
const after = (...deeds: MaskDeed[]) => deeds.reduce(withDeed, emptyHistory);

test('what is undone comes back by redoing, until something else is done', () => {
  const two = after(stroke(), { kind: 'invert' });
  expect(standing(undone(two))).toEqual([stroke()]);
  expect(redone(undone(two))).toEqual(two);
  const other = withDeed(undone(two), stroke(true));
  expect(standing(redone(other))).toEqual([stroke(), stroke(true)]);
});

test('undoing and redoing at either end changes nothing', () => {
  expect(undone(emptyHistory)).toEqual(emptyHistory);
  expect(redone(after(stroke()))).toEqual(after(stroke()));
});

test('clearing wipes what came before and can itself be undone', () => {
  const cleared = after(stroke(), { kind: 'clear' });
  expect(standing(cleared)).toEqual([]);
  expect(standing(undone(cleared))).toEqual([stroke()]);
  expect(standing(withDeed(cleared, stroke(true)))).toEqual([stroke(true)]);
});

test('an empty mask, one that was only erased and one that was cleared mark nothing', () => {
  expect([emptyHistory, after(stroke(true)), after(stroke(), { kind: 'clear' })].map(marksSomething)).toEqual([false, false, false]);
  expect([after(stroke()), after({ kind: 'invert' })].map(marksSomething)).toEqual([true, true]);
});

test('a mouse draws with the whole brush, and a pen with less where it presses less', () => {
  expect(dabDiameter(20, 0.5)).toBe(20);
  expect(dabDiameter(20, 1)).toBe(20);
  expect(dabDiameter(20, 0)).toBe(4);
  expect(dabDiameter(2, 0)).toBe(1);
});

test('brushes are measured by the picture', () => {
  expect(brushRange(128, 128)).toEqual({ min: 1, max: 64, first: 16 });
  expect(brushRange(4096, 1024)).toEqual({ min: 8, max: 512, first: 128 });
  expect(brushRange(1, 1).max).toBeGreaterThan(0);
});
