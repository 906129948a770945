import { expect, test } from 'vitest';
import { pacedFrame, paceOf } from './pace.ts';

const beats = Float32Array.from({ length: 400 }, (_, i) => (i % 100 === 50 ? 10 : 0));

test('a walk goes the whole way once, never back and never stands still', () => {
  const pace = paceOf({ strength: beats });
  const places = Array.from({ length: 101 }, (_, i) => pace(i / 100));
  expect(places[0]).toBe(0);
  expect(places[100]).toBe(1);
  for (const [i, place] of places.slice(1).entries()) expect(place).toBeGreaterThan(places[i] as number);
});

test('it goes fastest where something begins', () => {
  const pace = paceOf({ strength: beats });
  const speed = (time: number) => pace(time + 0.005) - pace(time - 0.005);
  for (const beat of [0.125, 0.375, 0.625, 0.875]) expect(speed(beat + 0.001)).toBeGreaterThan(5 * speed(beat + 0.05));
});

test('a track in which nothing begins, or which is empty, gives an even pace', () => {
  for (const strength of [new Float32Array(9), new Float32Array()]) expect(paceOf({ strength })(0.3)).toBe(0.3);
});

test('the ends of a paced walk lie on its first and last keyframe, and a loop never reaches its first again', () => {
  const pace = paceOf({ strength: beats });
  expect([0, 23].map((frame) => pacedFrame(pace, frame, { frames: 24, loop: false }))).toEqual([0, 23]);
  expect(pacedFrame(pace, 0, { frames: 24, loop: true })).toBe(0);
  expect(pacedFrame(pace, 23, { frames: 24, loop: true })).toBeLessThan(24);
});
