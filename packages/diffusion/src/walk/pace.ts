/** How strongly something begins, at equal distances in time. */
export interface OnsetCurve {
  /** At least 0 each; of any scale. */
  readonly strength: Float32Array;
}

/** The share of the mean speed that is kept where nothing begins, so that a walk never stands still. */
const leastSpeed = 0.2;

/**
 * How far along a walk is at each time of a track: its speed is a floor plus what begins in the track, and over the whole track it goes
 * the whole way once. Without any onset it goes evenly.
 * @returns a function of the time as a share of the track, 0 to 1, to the share of the walk; it rises strictly, from exactly 0 to exactly 1
 */
export function paceOf({ strength }: OnsetCurve): (time: number) => number {
  const mean = strength.reduce((sum, value) => sum + value, 0) / strength.length;
  if (!(mean > 0)) return (time) => clamp(time);
  const reached = new Float64Array(strength.length + 1);
  for (const [i, value] of strength.entries()) reached[i + 1] = (reached[i] as number) + leastSpeed + ((1 - leastSpeed) * value) / mean;
  const whole = reached[strength.length] as number;
  return (time) => {
    const position = clamp(time) * strength.length;
    const piece = Math.min(strength.length - 1, Math.floor(position));
    const start = reached[piece] as number;
    const end = reached[piece + 1] as number;
    return (start + (position - piece) * (end - start)) / whole;
  };
}

function clamp(time: number): number {
  return Math.max(0, Math.min(1, time));
}

/**
 * Where a frame lies when a track sets the pace: frame number k shows the place that the walk has reached when k of its frames have gone by.
 * @param frames of the whole walk
 * @param loop a loop's track ends where frame number `frames` would stand, which is the first again
 * @returns a place counted in frames of even pace, 0 up to `frames - 1` (below `frames` for a loop), for `framePlace`
 */
export function pacedFrame(pace: (time: number) => number, frame: number, { frames, loop }: { readonly frames: number; readonly loop: boolean }): number {
  const last = loop ? frames : frames - 1;
  return last * pace(frame / last);
}
