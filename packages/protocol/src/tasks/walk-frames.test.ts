import { expect, test } from 'vitest';
import { parseParameters, shardKey } from '../task.ts';
import { findTask, type WalkParameters } from './index.ts';
import { coarseToFine, framePlace, segmentFrames } from './walk-frames.ts';

const walk = findTask('latent-walk');
const parameters = (given: Record<string, unknown>) => parseParameters(walk, { seed: 7, ...given }) as WalkParameters & Record<string, unknown>;
const three = [{ prompt: 'a red apple' }, { prompt: 'a green pear' }, { prompt: 'a castle' }];
const keysOf = (given: Record<string, unknown>, inputs = {}) =>
  Array.from({ length: Number(given.frames) }, (_, frame) => JSON.stringify(shardKey(walk, parameters(given), frame, inputs)));

test('each frame of a walk lies at a place of its own, the ends on the first and last keyframe', () => {
  const given = parameters({ keyframes: three, frames: 24 });
  const places = Array.from({ length: 24 }, (_, frame) => framePlace(given, frame));
  const along = places.map(({ from, share }) => from + share);
  expect(along).toEqual([...along].sort((a, b) => a - b));
  expect(new Set(along).size).toBe(24);
  expect(places[0]).toEqual({ from: 0, to: 1, share: 0 });
  expect(places[23]).toEqual({ from: 2, to: 2, share: 0 });
});

test('a loop comes back to the first keyframe without showing it twice', () => {
  const given = parameters({ keyframes: three, frames: 12, loop: true });
  expect(segmentFrames(given)).toEqual([4, 4, 4]);
  expect(framePlace(given, 11)).toEqual({ from: 2, to: 0, share: 0.75 });
});

test('frames are drawn coarse to fine: after each round the largest gap is about halved', () => {
  for (const frames of [2, 3, 5, 24, 48, 240]) {
    const order = coarseToFine(frames);
    expect([...order].sort((a, b) => a - b)).toEqual(Array.from({ length: frames }, (_, frame) => frame));
    const firstNine = order.slice(0, Math.min(9, frames)).sort((a, b) => a - b);
    const gaps = firstNine.slice(1).map((frame, index) => frame - (firstNine[index] as number));
    expect(Math.max(...gaps)).toBeLessThanOrEqual(Math.ceil(frames / 4));
  }
});

test('a walk with a keyframe more keeps the frames that it had', () => {
  const two = three.slice(0, 2).map((keyframe) => ({ ...keyframe, frames: 10 }));
  const before = keysOf({ keyframes: [two[0], { prompt: 'a green pear' }], frames: 11 });
  const after = keysOf({ keyframes: [...two, three[2]], frames: 21 });
  expect(after.slice(0, 11)).toEqual(before);
});

test('a walk of twice as many steps keeps every other frame; another seed keeps none', () => {
  const coarse = keysOf({ keyframes: three, frames: 21 });
  const fine = keysOf({ keyframes: three, frames: 41 });
  expect(fine.filter((_, frame) => frame % 2 === 0)).toEqual(coarse);
  expect(new Set(fine).size).toBe(41);
  expect(keysOf({ keyframes: three, frames: 21, seed: 8 }).some((key) => coarse.includes(key))).toBe(false);
});

test('a frame next to a picture depends on that picture, and on no other', () => {
  const keyframes = [{ picture: 0 }, { picture: 1 }, { prompt: 'a castle' }];
  const before = keysOf({ keyframes, frames: 9 }, { pictures: ['a', 'b'] });
  const after = keysOf({ keyframes, frames: 9 }, { pictures: ['c', 'b'] });
  expect(before.map((key, frame) => key === after[frame])).toEqual([false, false, false, false, true, true, true, true, true]);
});

test('the noise of a keyframe counts only where noise is turned', () => {
  const keyframes = (seed: number) => [{ prompt: 'a', seed }, { prompt: 'b' }];
  expect(keysOf({ keyframes: keyframes(1), frames: 5 })).toEqual(keysOf({ keyframes: keyframes(2), frames: 5 }));
  expect(keysOf({ keyframes: keyframes(1), frames: 5, noise: 'slerp' })[4]).toBe(keysOf({ keyframes: keyframes(2), frames: 5, noise: 'slerp' })[4]);
  expect(keysOf({ keyframes: keyframes(1), frames: 5, noise: 'slerp' })[0]).not.toBe(keysOf({ keyframes: keyframes(2), frames: 5, noise: 'slerp' })[0]);
});

test.each([
  [{ frames: 0 }, /2 to 2400 frames/],
  [{ frames: 1 }, /2 to 2400 frames/],
  [{ frames: 2.5 }, /whole number/],
  [{ frames: 100_000 }, /walked in parts/],
  [{ keyframes: [{ prompt: 'a red apple' }] }, /at least two keyframes/],
  [{ keyframes: [{ prompt: 'a' }, {}] }, /Keyframe 2 says nothing/],
  [{ keyframes: three, frames: 2 }, /too few/],
  [{ keyframes: [{ prompt: 'a', frames: 30 }, { prompt: 'b' }], frames: 24 }, /ask for 31 frames/],
  [
    {
      keyframes: [
        { prompt: 'a', model: 'one' },
        { prompt: 'b', model: 'two' },
      ],
    },
    /several models/,
  ],
])('a walk that cannot be is refused: %j', (given, message) => {
  expect(() => parameters(given)).toThrow(message);
});
