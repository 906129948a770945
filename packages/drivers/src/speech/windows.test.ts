import { expect, test } from 'vitest';
import { behind, lengthOf, packWindows, placeInRecording, soundOf, stretchInRecording, windowSamples } from './windows.ts';

const second = 16_000;
const span = (start: number, end: number) => ({ start: start * second, end: end * second });

test('a window takes stretches until 30 s are full, and never loses one', () => {
  const spans = [span(0, 12), span(15, 29), span(40, 44.5), span(50, 51), span(60, 100)];
  const windows = packWindows(spans);
  expect(windows.map((window) => window.length)).toEqual([2, 2, 1]);
  expect(windows.flat()).toEqual(spans);
  for (const window of windows.slice(0, 2)) expect(lengthOf(window)).toBeLessThanOrEqual(windowSamples);
});

test('the sound of a window is its stretches without the pause, and its times are those of the recording', () => {
  const samples = Float32Array.from({ length: 10 * second }, (_, index) => index);
  const window = [span(1, 2), span(5, 7)];
  const sound = soundOf(window, samples);
  for (const at of [0, 100, second - 1, second, 2 * second, 3 * second - 1]) expect(sound[at]).toBe(placeInRecording(window, at, 'start'));
  expect(placeInRecording(window, second, 'end')).toBe(2 * second);
  expect(placeInRecording(window, 99 * second, 'end')).toBe(7 * second);
});

test('what lies behind a place begins in the middle of a stretch', () => {
  expect(behind([span(1, 2), span(5, 7)], 1.5 * second)).toEqual([span(5.5, 7)]);
  expect(behind([span(1, 2), span(5, 7)], 3 * second)).toEqual([]);
});

test('a word that seems to reach over a pause lies where most of it is', () => {
  const window = [span(1, 2), span(5, 7)];
  expect(stretchInRecording(window, 0.9 * second, 1.6 * second)).toEqual(span(5, 5.6));
  expect(stretchInRecording(window, 0.2 * second, 0.5 * second)).toEqual(span(1.2, 1.5));
});
