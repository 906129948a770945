import type { OutputId, StepView } from '@atelier/protocol';

/** `cached`: answered from an earlier result, so that no machine drew it. */
export type FrameState = 'waiting' | 'queued' | 'running' | 'done' | 'cached' | 'failed';

/** A frame as the player and the timeline see it. */
export interface Frame {
  readonly state: FrameState;
  readonly edgeId: string | null;
  readonly outputId: OutputId | null;
}

/** The frames of a step, in their order. A step that was taken over from another run has results and no shards. */
export function framesOf(step: StepView): Frame[] {
  if (step.shards) return step.shards.each.map(frame);
  const outputs = new Map(step.outputs.map((output) => [output.index, output.id]));
  const total = Math.max(Number(step.parameters.frames ?? 0), ...[...outputs.keys()].map((index) => index + 1), 0);
  return Array.from({ length: total }, (_, index) => {
    const outputId = outputs.get(index) ?? null;
    return { state: outputId ? 'cached' : 'waiting', edgeId: null, outputId };
  });
}

function frame({ state, edgeId, outputId }: NonNullable<StepView['shards']>['each'][number]): Frame {
  const known: FrameState = state !== 'succeeded' ? state : edgeId === null ? 'cached' : 'done';
  return { state: known, edgeId, outputId };
}

/** How many frames are in each state. */
export function countStates(frames: readonly Frame[]): Record<FrameState, number> {
  const counts: Record<FrameState, number> = { waiting: 0, queued: 0, running: 0, done: 0, cached: 0, failed: 0 };
  for (const { state } of frames) counts[state] += 1;
  return counts;
}

/**
 * For each frame, the finished one that stands in for it: itself, or the nearest, of two as near the earlier.
 * @returns -1 where no frame is finished at all
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

/** One machine's part of a walk. */
export interface Share {
  readonly edgeId: string;
  readonly name: string;
  readonly done: number;
  readonly running: number;
  /** Of the frames that machines drew, 0 to 1. */
  readonly part: number;
}

/** What each machine drew and draws, in the order of their names. Machines that are to help and have not begun stand with 0. */
export function sharesOf(step: Pick<StepView, 'sharing' | 'attempts'>, frames: readonly Frame[]): Share[] {
  const names = new Map<string, string>();
  for (const { edgeId, edgeName } of [...step.sharing, ...step.attempts]) names.set(edgeId, edgeName);
  const counts = new Map<string, { done: number; running: number }>([...names.keys()].map((id) => [id, { done: 0, running: 0 }]));
  for (const { edgeId, state } of frames) {
    if (edgeId === null) continue;
    const count = counts.get(edgeId) ?? { done: 0, running: 0 };
    counts.set(edgeId, { done: count.done + Number(state === 'done'), running: count.running + Number(state === 'running') });
  }
  const drawn = [...counts.values()].reduce((sum, { done }) => sum + done, 0);
  const share = ([edgeId, { done, running }]: [string, { done: number; running: number }]) => ({
    edgeId,
    name: names.get(edgeId) ?? 'A removed machine',
    done,
    running,
    part: drawn === 0 ? 0 : done / drawn,
  });
  return [...counts].map(share).sort((one, other) => one.name.localeCompare(other.name, 'en', { numeric: true }));
}
