import { segmentFrames } from '@atelier/protocol';
import type { Frame, FrameState } from './frame-states.ts';

/** A stretch of the timeline that is drawn as one: a frame, or several if there are more frames than room. */
export interface Cell {
  readonly first: number;
  readonly count: number;
  /** The state of most weight in it: a failure is never hidden, nor is work. */
  readonly state: FrameState;
  /** Finished frames of all, 0 to 1. */
  readonly done: number;
}

/** Narrower cells cannot be told apart. */
const leastCell = 3;
const weight: readonly FrameState[] = ['failed', 'running', 'queued', 'waiting', 'done', 'cached'];

/**
 * The cells of a timeline, each of the same width but for rounding.
 * @param width pixels
 */
export function cellsOf(frames: readonly Pick<Frame, 'state'>[], width: number): Cell[] {
  const count = Math.max(1, Math.min(frames.length, Math.floor(width / leastCell)));
  return Array.from({ length: count }, (_, cell) => {
    const first = Math.floor((cell * frames.length) / count);
    const end = Math.floor(((cell + 1) * frames.length) / count);
    const inside = frames.slice(first, end);
    const finished = inside.filter(({ state }) => state === 'done' || state === 'cached').length;
    const state = weight.find((one) => inside.some((frame) => frame.state === one)) ?? 'waiting';
    return { first, count: end - first, state, done: inside.length === 0 ? 0 : finished / inside.length };
  });
}

/** The middle of a frame's cell, in pixels. */
export const xOfFrame = (frame: number, frames: number, width: number) => ((frame + 0.5) / Math.max(1, frames)) * width;

/** The frame under a pixel; left and right of the timeline its ends. */
export function frameAtX(x: number, frames: number, width: number): number {
  return Math.min(frames - 1, Math.max(0, Math.floor((x / Math.max(1, width)) * frames)));
}

/** Where a keyframe lies. */
export interface KeyframeMark {
  readonly keyframe: number;
  readonly frame: number;
  /** The middle of its picture, which stays within the timeline. */
  readonly x: number;
  /** Whether there is room for its picture. */
  readonly shown: boolean;
}

/**
 * The keyframes of a walk on its timeline; those that would lie on each other give way, the first and the last never.
 * @param room pixels that a picture takes
 */
export function keyframeMarks(walk: Parameters<typeof segmentFrames>[0], width: number, room: number): KeyframeMark[] {
  const segments = segmentFrames(walk);
  const starts = walk.keyframes.map((_, index) => segments.slice(0, index).reduce((sum, count) => sum + count, 0));
  const last = starts.length - 1;
  const inside = (x: number) => Math.min(Math.max(room / 2, x), Math.max(room / 2, width - room / 2));
  const xs = starts.map((frame) => inside(xOfFrame(frame, walk.frames, width)));
  let free = Number.NEGATIVE_INFINITY;
  return starts.map((frame, keyframe) => {
    const x = xs[keyframe] as number;
    const clear = x - free >= room && (keyframe === last || (xs[last] as number) - x >= room);
    const shown = keyframe === 0 || (keyframe === last ? x - (xs[0] as number) >= room : clear);
    if (shown) free = x;
    return { keyframe, frame, x, shown };
  });
}
