import type { OutputId, StepView } from '@atelier/protocol';
import type { StepLive } from '../api/run-progress.ts';

/** `cached`: answered from an earlier result, so that no machine computed it. */
export type ShardState = 'waiting' | 'queued' | 'running' | 'done' | 'cached' | 'failed';

/** A part of a step as pages show it: an image of a batch, a frame of a walk. */
export interface Shard {
  readonly state: ShardState;
  readonly edgeId: string | null;
  readonly outputId: OutputId | null;
}

/**
 * The shards of a step, in their order. A step that was taken over from another run has results and no shards.
 * @param atLeast how many such a step has, if more is known than its results say
 */
export function shardsOf(step: Pick<StepView, 'shards' | 'outputs'>, atLeast = 0): Shard[] {
  if (step.shards) return step.shards.each.map(shardOf);
  const outputs = new Map(step.outputs.map((output) => [output.index, output.id]));
  const total = Math.max(atLeast, ...[...outputs.keys()].map((index) => index + 1), 0);
  return Array.from({ length: total }, (_, index) => {
    const outputId = outputs.get(index) ?? null;
    return { state: outputId ? 'cached' : 'waiting', edgeId: null, outputId };
  });
}

function shardOf({ state, edgeId, outputId }: NonNullable<StepView['shards']>['each'][number]): Shard {
  const known: ShardState = state !== 'succeeded' ? state : edgeId === null ? 'cached' : 'done';
  return { state: known, edgeId, outputId };
}

/** How many shards are in each state. */
export function countStates(shards: readonly Shard[]): Record<ShardState, number> {
  const counts: Record<ShardState, number> = { waiting: 0, queued: 0, running: 0, done: 0, cached: 0, failed: 0 };
  for (const { state } of shards) counts[state] += 1;
  return counts;
}

/** Previews of the shards that are being made, by their number. */
export function previewsOf(live: Readonly<Record<number, StepLive>>): ReadonlyMap<number, string> {
  return new Map(Object.entries(live).flatMap(([index, { preview }]) => (preview ? [[Number(index), preview] as const] : [])));
}

/** One machine's part of a step. */
export interface Share {
  readonly edgeId: string;
  readonly name: string;
  readonly done: number;
  readonly running: number;
  /** Of the shards that machines computed, 0 to 1. */
  readonly part: number;
}

/** What each machine computed and computes, in the order of their names. Machines that are to help and have not begun stand with 0. */
export function sharesOf(step: Pick<StepView, 'sharing' | 'attempts'>, shards: readonly Shard[]): Share[] {
  const names = new Map<string, string>();
  for (const { edgeId, edgeName } of [...step.sharing, ...step.attempts]) names.set(edgeId, edgeName);
  const counts = new Map<string, { done: number; running: number }>([...names.keys()].map((id) => [id, { done: 0, running: 0 }]));
  for (const { edgeId, state } of shards) {
    if (edgeId === null) continue;
    const count = counts.get(edgeId) ?? { done: 0, running: 0 };
    counts.set(edgeId, { done: count.done + Number(state === 'done'), running: count.running + Number(state === 'running') });
  }
  const computed = [...counts.values()].reduce((sum, { done }) => sum + done, 0);
  const share = ([edgeId, { done, running }]: [string, { done: number; running: number }]) => ({
    edgeId,
    name: names.get(edgeId) ?? 'A removed machine',
    done,
    running,
    part: computed === 0 ? 0 : done / computed,
  });
  return [...counts].map(share).sort((one, other) => one.name.localeCompare(other.name, 'en', { numeric: true }));
}
