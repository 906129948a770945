import { sampleRate } from './span.ts';
import { lengthOf, type Window } from './windows.ts';

/** A stretch of speech that is shorter is not cut again. */
const smallest = 6 * sampleRate;
/** Whose loudness is compared: 0.1 s. */
const moment = sampleRate / 10;

/** A window in two, cut between two stretches or, of a single one, at the quietest place of its middle half; undefined if it is too small. */
export function halves(window: Window, samples: Float32Array): readonly [Window, Window] | undefined {
  const [span] = window;
  if (span === undefined) return undefined;
  if (window.length > 1) {
    const middle = lengthOf(window) / 2;
    let cut = 1;
    while (cut < window.length - 1 && lengthOf(window.slice(0, cut)) < middle) cut += 1;
    return [window.slice(0, cut), window.slice(cut)];
  }
  const length = span.end - span.start;
  if (length < smallest) return undefined;
  const cut = quietest(samples, span.start + Math.floor(length / 4), span.start + Math.floor((3 * length) / 4));
  return [[{ start: span.start, end: cut }], [{ start: cut, end: span.end }]];
}

function quietest(samples: Float32Array, from: number, to: number): number {
  let best = from;
  let least = Number.POSITIVE_INFINITY;
  for (let at = from; at < to; at += moment) {
    const energy = samples.subarray(at, at + moment).reduce((sum, value) => sum + value * value, 0);
    if (energy < least) {
      least = energy;
      best = at + moment / 2;
    }
  }
  return best;
}
