import { AtelierError } from '../errors.ts';

/** What decides which frame lies where. */
export interface WalkTiming {
  readonly keyframes: ReadonlyArray<{ readonly frames?: number | undefined }>;
  /** Frames of the whole walk, at least 2. */
  readonly frames: number;
  readonly loop: boolean;
  readonly easing: 'linear' | 'smooth' | 'hold';
}

/** Where a frame lies: `share` of the way, 0 to below 1, from one keyframe to the next. The last frame of a walk that does not loop lies at its last keyframe, share 0. */
export interface FramePlace {
  readonly from: number;
  readonly to: number;
  readonly share: number;
}

/**
 * Frames of each segment, from its keyframe up to the next, which belongs to the following segment: so no frame is doubled
 * at a join. A walk that does not loop ends on a frame more, its last keyframe. Segments that say no number share the rest as evenly as whole numbers allow.
 * @throws AtelierError `invalid-input` if the numbers do not fit together
 */
export function segmentFrames({ keyframes, frames, loop }: Omit<WalkTiming, 'easing'>): number[] {
  const segments = loop ? keyframes : keyframes.slice(0, -1);
  const total = loop ? frames : frames - 1;
  const given = segments.reduce((sum, { frames: own }) => sum + (own ?? 0), 0);
  const open = segments.filter(({ frames: own }) => own === undefined).length;
  if (open === 0 && given !== total) {
    const fitting = loop ? given : given + 1;
    throw new AtelierError('invalid-input', `The keyframes ask for ${fitting} frames, but frames says ${frames}.`, { hint: `Set frames to ${fitting}.` });
  }
  if (total - given < open) {
    throw new AtelierError('invalid-input', `${frames} frames are too few for ${keyframes.length} keyframes.`, {
      hint: `Take at least ${given + open + (loop ? 0 : 1)} frames, or fewer keyframes.`,
    });
  }
  let shared = 0;
  let seen = 0;
  return segments.map(({ frames: own }) => {
    if (own !== undefined) return own;
    seen += 1;
    const upTo = Math.round(((total - given) * seen) / open);
    const count = upTo - shared;
    shared = upTo;
    return count;
  });
}

/**
 * Where a frame lies, eased.
 * @param frame from 0; need not be whole where a track sets the pace
 */
export function framePlace(timing: WalkTiming, frame: number): FramePlace {
  const segments = segmentFrames(timing);
  let first = 0;
  for (const [from, count] of segments.entries()) {
    if (frame < first + count) {
      const to = (from + 1) % timing.keyframes.length;
      const share = ease(timing.easing, (frame - first) / count);
      return share === 1 ? { from: to, to, share: 0 } : { from, to, share };
    }
    first += count;
  }
  const last = timing.keyframes.length - 1;
  return { from: last, to: last, share: 0 };
}

/** Maps 0 to 1 onto itself. `smooth` is 3t^2 - 2t^3 (the cubic Hermite of Perlin's first noise); `hold` rests for a fifth of the way at both ends. */
export function ease(easing: WalkTiming['easing'], share: number): number {
  if (easing === 'linear') return share;
  const inner = easing === 'smooth' ? share : Math.min(1, Math.max(0, (share - 0.2) / 0.6));
  return inner * inner * (3 - 2 * inner);
}

/**
 * The order in which frames are best drawn: the ends, then the middle, then the quarters, and so on, so that a film of what is
 * there plays early and becomes smoother evenly.
 * @returns every number below `frames` once
 */
export function coarseToFine(frames: number): number[] {
  if (frames <= 2) return Array.from({ length: frames }, (_, frame) => frame);
  const order = [0, frames - 1];
  let gaps: [number, number][] = [[0, frames - 1]];
  while (gaps.length > 0) {
    const finer: [number, number][] = [];
    for (const [start, end] of gaps) {
      const middle = (start + end) >> 1;
      if (middle === start) continue;
      order.push(middle);
      finer.push([start, middle], [middle, end]);
    }
    gaps = finer;
  }
  return order;
}
