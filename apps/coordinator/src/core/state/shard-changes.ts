import type { OutputId, ShardView } from '@atelier/protocol';
import { hasSeveral, type MachineShard, type MachineStep, type RunMachineState } from '@atelier/runs';
import type { LoadedRun } from './loaded-run.ts';
import { changedShards, changedSteps } from './write-run.ts';

/** A shard that moved on, for those who watch its run. */
export interface ShardChange {
  readonly stepId: string;
  readonly shard: ShardView;
  readonly done: number;
  readonly total: number;
}

/**
 * Shards of steps with several that look different now.
 * @param outputIds the first result of each shard that was done just now, by step and shard: {@link shardName}
 */
export function shardChanges(run: LoadedRun, after: RunMachineState, outputIds: ReadonlyMap<string, OutputId>): ShardChange[] {
  return changedSteps(run, after).flatMap((step) => {
    if (!hasSeveral(step)) return [];
    const changed = changedShards(run, step);
    if (changed.length === 0) return [];
    const done = step.shards.reduce((sum, shard) => sum + (shard.done ? 1 : 0), 0);
    return changed.map((shard) => ({
      stepId: step.id,
      shard: viewOf(step, shard, outputIds.get(shardName(step.id, shard.index)) ?? null),
      done,
      total: step.shards.length,
    }));
  });
}

export const shardName = (stepId: string, shard: number) => `${stepId}/${shard}`;

/** Steps that look different now: of several shards only where more than its shards did, since those are told one by one. */
export function changedViews(run: LoadedRun, after: RunMachineState): string[] {
  return changedSteps(run, after).flatMap((step) => {
    const before = run.machine.steps.get(step.id);
    const same = before && before.state === step.state && before.sharing.length === step.sharing.length;
    return same && hasSeveral(step) ? [] : [step.id];
  });
}

function viewOf(step: MachineStep, shard: MachineShard, outputId: OutputId | null): ShardView {
  const last = shard.attempts.at(-1);
  return { index: shard.index, ...shardState(step.state, shard, last), outputId };
}

/** How a shard stands, from its step and its last attempt. */
export function shardState(
  stepState: MachineStep['state'],
  shard: Pick<MachineShard, 'done' | 'cached'>,
  last: Pick<MachineShard['attempts'][number], 'state' | 'edgeId'> | undefined,
): Pick<ShardView, 'state' | 'edgeId'> {
  if (shard.done) return { state: 'succeeded', edgeId: shard.cached ? null : (last?.edgeId ?? null) };
  if (last?.state === 'leased') return { state: 'running', edgeId: last.edgeId };
  if (last?.state === 'queued') return { state: 'queued', edgeId: last.edgeId };
  const failed = stepState === 'failed' && (last?.state === 'failed' || last?.state === 'lost');
  return failed ? { state: 'failed', edgeId: last.edgeId } : { state: 'waiting', edgeId: null };
}
