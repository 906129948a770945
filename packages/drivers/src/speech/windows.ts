import { type Span, sampleRate } from './span.ts';

/** Samples that Whisper hears at once: 30 s. */
export const windowSamples = 30 * sampleRate;

/** Stretches of a recording that are heard together, one right behind the other, without the pauses between them. */
export type Window = readonly Span[];

export function lengthOf(window: Window): number {
  return window.reduce((sum, { start, end }) => sum + end - start, 0);
}

/** Puts stretches together until a window is full. A stretch that is longer than a window stays alone. */
export function packWindows(spans: readonly Span[]): Window[] {
  const windows: Span[][] = [];
  for (const span of spans) {
    const last = windows.at(-1);
    if (last && lengthOf(last) + span.end - span.start <= windowSamples) last.push(span);
    else windows.push([span]);
  }
  return windows;
}

/** The sound of a window. */
export function soundOf(window: Window, samples: Float32Array): Float32Array {
  const sound = new Float32Array(lengthOf(window));
  let offset = 0;
  for (const { start, end } of window) {
    sound.set(samples.subarray(start, end), offset);
    offset += end - start;
  }
  return sound;
}

/** What of a window lies behind a place in its sound. @param from in samples of the window's sound */
export function behind(window: Window, from: number): Window {
  let offset = 0;
  return window.flatMap(({ start, end }) => {
    const skipped = Math.min(end - start, Math.max(0, from - offset));
    offset += end - start;
    return skipped < end - start ? [{ start: start + skipped, end }] : [];
  });
}

/**
 * Where a moment of a window's sound lies in the recording.
 * @param at in samples of the window's sound
 * @param side at a seam between two stretches: the end of the first, or the start of the second
 */
export function placeInRecording(window: Window, at: number, side: 'start' | 'end'): number {
  let offset = 0;
  for (const { start, end } of window) {
    const length = end - start;
    if (at < offset + length || (side === 'end' && at === offset + length)) return start + Math.max(0, at - offset);
    offset += length;
  }
  return window.at(-1)?.end ?? 0;
}

/**
 * Where a part of a window's sound lies in the recording, whole in one stretch: what reaches over a seam is put where most of it lies,
 * since nobody goes on with a word through a pause.
 * @param from in samples of the window's sound @param to behind `from`
 */
export function stretchInRecording(window: Window, from: number, to: number): Span {
  let offset = 0;
  let best: Span | undefined;
  for (const { start, end } of window) {
    const begins = Math.max(from, offset);
    const ends = Math.min(to, offset + end - start);
    const part = { start: start + begins - offset, end: start + ends - offset };
    if (ends > begins && (best === undefined || part.end - part.start > best.end - best.start)) best = part;
    offset += end - start;
  }
  const place = placeInRecording(window, from, 'start');
  return best ?? { start: place, end: place };
}
