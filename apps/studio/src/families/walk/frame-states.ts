import type { StepView } from '@atelier/protocol';
import { type Shard, type ShardState, shardsOf } from '../../shards/shard-states.ts';

/** A frame as the player and the timeline see it. */
export type Frame = Shard;
export type FrameState = ShardState;

/** The frames of a walk's step, in their order. */
export const framesOf = (step: StepView): Frame[] => shardsOf(step, Number(step.parameters.frames ?? 0));

/**
 * For each frame, the finished one that stands in for it: itself, or the nearest, of two as near the earlier.
 * @returns -1 if no frame is finished at all
 */
export function standIns(frames: readonly Pick<Frame, 'outputId'>[]): Int32Array {
  const nearest = new Int32Array(frames.length).fill(-1);
  let last = -1;
  for (let index = 0; index < frames.length; index += 1) {
    if (frames[index]?.outputId) last = index;
    nearest[index] = last;
  }
  let next = -1;
  for (let index = frames.length - 1; index >= 0; index -= 1) {
    if (frames[index]?.outputId) next = index;
    const before = nearest[index] as number;
    if (next >= 0 && (before < 0 || next - index < index - before)) nearest[index] = next;
  }
  return nearest;
}
