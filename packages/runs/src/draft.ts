import { type AttemptState, type EdgeId, limits, type RunState } from '@atelier/protocol';
import type { RunCommand } from './events.ts';
import type { AttemptRef } from './state.ts';
import { type Binding, liveAttempt, type MachineAttempt, type MachineShard, type MachineStep } from './state.ts';

/** The next state being made. Steps are replaced, never changed in place. */
export interface Draft {
  state: RunState;
  planVersion: number;
  readonly steps: Map<string, MachineStep>;
  readonly commands: RunCommand[];
}

export function stepOf(draft: Draft, stepId: string): MachineStep {
  return draft.steps.get(stepId) as MachineStep;
}

export function shardOf(draft: Draft, ref: Pick<AttemptRef, 'stepId' | 'shard'>): MachineShard {
  return stepOf(draft, ref.stepId).shards[ref.shard] as MachineShard;
}

export function editStep(draft: Draft, stepId: string, edit: (step: MachineStep) => MachineStep): void {
  draft.steps.set(stepId, edit(stepOf(draft, stepId)));
}

export function editShard(draft: Draft, ref: Pick<AttemptRef, 'stepId' | 'shard'>, edit: (shard: MachineShard) => MachineShard): void {
  editStep(draft, ref.stepId, (step) => ({ ...step, shards: step.shards.with(ref.shard, edit(shardOf(draft, ref))) }));
}

/** Edges may share it. */
export const hasSeveral = (step: MachineStep): boolean => step.shards.length > 1;

export function isSettled(step: MachineStep): boolean {
  return step.state === 'succeeded' || step.state === 'failed' || step.state === 'cancelled';
}

/** Some of it has not begun, or has to begin again. */
export function needsAttempt(step: MachineStep): boolean {
  return !isSettled(step) && step.shards.some((shard) => !shard.done && !liveAttempt(shard));
}

export function unboundSteps(draft: Draft): MachineStep[] {
  return [...draft.steps.values()].filter((step) => step.sharing.length === 0 && needsAttempt(step));
}

export function hasLease(step: MachineStep): boolean {
  return step.shards.some((shard) => liveAttempt(shard)?.state === 'leased');
}

/** What a step is whose attempts changed: several shards may be in different states. One that runs does so until nothing of it waits either. */
export function byAttempts(step: MachineStep): MachineStep {
  if (isSettled(step)) return step;
  let state: MachineStep['state'] = 'ready';
  for (const shard of step.shards) {
    const live = liveAttempt(shard)?.state;
    if (live === 'leased') return step.state === 'running' ? step : { ...step, state: 'running' };
    if (live === 'queued') state = 'queued';
  }
  if (step.state === state || (step.state === 'running' && state === 'queued' && hasSeveral(step))) return step;
  return { ...step, state };
}

export function queueShard(shard: MachineShard, { edgeId, modelId, modelHash }: Binding): MachineShard {
  const attempt: MachineAttempt = { edgeId, modelId, modelHash, number: shard.attempts.length + 1, state: 'queued' };
  return { ...shard, attempts: [...shard.attempts, attempt] };
}

/** A shard whose live attempt is over without a result: a queued one is withdrawn, a leased one cancelled. */
export function endLive(shard: MachineShard, live: MachineAttempt): MachineShard {
  const state = live.state === 'queued' ? 'withdrawn' : 'cancelled';
  return { ...shard, attempts: shard.attempts.with(live.number - 1, { ...live, state }) };
}

/** Ends a step's attempts that are in one of these states, on one edge or on all; edges that work on them are told. */
export function stopAttempts(draft: Draft, stepId: string, states: readonly AttemptState[], edgeId?: EdgeId): void {
  const step = stepOf(draft, stepId);
  const stopped = (shard: MachineShard) => {
    const live = liveAttempt(shard);
    return live && states.includes(live.state) && (edgeId === undefined || live.edgeId === edgeId) ? live : undefined;
  };
  if (!step.shards.some(stopped)) return;
  const shards = step.shards.map((shard) => {
    const live = stopped(shard);
    if (!live) return shard;
    if (live.state === 'leased') draft.commands.push({ kind: 'stop', edgeId: live.edgeId, attempt: { stepId, shard: shard.index, number: live.number } });
    return endLive(shard, live);
  });
  draft.steps.set(stepId, { ...step, shards });
}

export function withdrawQueued(draft: Draft): void {
  for (const step of draft.steps.values()) {
    if (step.state === 'waiting') continue;
    stopAttempts(draft, step.id, ['queued']);
    if (stepOf(draft, step.id) !== step) editStep(draft, step.id, byAttempts);
  }
}

/** Takes bindings away, and with them the validity of any plan that is being made. */
export function unbind(draft: Draft, stepIds: readonly string[]): true {
  for (const id of stepIds) editStep(draft, id, (step) => ({ ...step, sharing: [] }));
  draft.planVersion += 1;
  return true;
}

/** An edge no longer shares a step: what waits for it there goes back to the others. Without any other the step is planned again. */
export function dropBinding(draft: Draft, stepId: string, edgeId: EdgeId): true {
  stopAttempts(draft, stepId, ['queued'], edgeId);
  editStep(draft, stepId, (step) => byAttemptsIfBegun({ ...step, sharing: step.sharing.filter((binding) => binding.edgeId !== edgeId) }));
  draft.planVersion += 1;
  return true;
}

const byAttemptsIfBegun = (step: MachineStep) => (step.state === 'waiting' ? step : byAttempts(step));

/** An edge where shards of a step keep failing is left to other work, if others share the step. */
export function dropFailing(draft: Draft, stepId: string, edgeId: EdgeId): true {
  const { sharing, shards } = stepOf(draft, stepId);
  const bad = shards.filter((shard) => shard.avoid.includes(edgeId)).length;
  if (bad >= limits.attemptsPerStep && sharing.some((binding) => binding.edgeId !== edgeId)) return dropBinding(draft, stepId, edgeId);
  return true;
}
