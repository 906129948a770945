/*
 * The state of a run, by event. A cell names every state that may follow; `-` refuses the event.
 * machine.test.ts reads this table and holds the code to it, both ways.
 *
 * |           | planned | taken             | succeeded                        | failed                  | lost                    | withdrawn | redo | cancel    | pause  | resume           | continue |
 * |-----------|---------|-------------------|----------------------------------|-------------------------|-------------------------|-----------|------|-----------|--------|------------------|----------|
 * | planning  | running | planning          | planning                         | planning, running, failed | planning, running, failed | planning | planning | cancelled | paused | -                | -        |
 * | running   | -       | running           | running, succeeded, failed       | planning, running, failed | planning, running, failed | planning | planning | cancelled | paused | -                | -        |
 * | paused    | -       | -                 | paused, succeeded, failed        | paused, failed          | paused, failed          | -         | paused | cancelled | -      | planning, running | -        |
 * | succeeded | -       | -                 | -                                | -                       | -                       | -         | - | -         | -      | -                | -        |
 * | failed    | -       | -                 | -                                | -                       | -                       | -         | - | -         | -      | -                | planning |
 * | cancelled | -       | -                 | -                                | -                       | -                       | -         | - | -         | -      | -                | -        |
 *
 * A step: waiting -> ready (all it reads succeeded) -> queued (bound, run not paused) -> running (taken) -> succeeded | failed;
 * back to ready, without a binding, when its attempt failed, was lost or withdrawn. A failed step lets nothing new start;
 * attempts that run already may finish, and their results are kept; then the run is failed. So nothing runs in an ended run.
 */
import { type AttemptState, type EdgeId, endedRunStates, limits, type RunState } from '@atelier/protocol';
import type { AttemptRef, RunCommand, RunMachineEvent, Transition } from './events.ts';
import {
  attemptOf,
  type Binding,
  liveAttempt,
  lossesPerStep,
  type MachineAttempt,
  type MachineShard,
  type MachineStep,
  type RunMachineState,
} from './state.ts';

/** The next state being made. Steps are replaced, never changed in place. */
interface Draft {
  state: RunState;
  planVersion: number;
  readonly steps: Map<string, MachineStep>;
  readonly commands: RunCommand[];
}

/** What a run becomes by an event, and what has to be done once that is safe. Pure; the given state is left alone. */
export function transition(state: RunMachineState, event: RunMachineEvent): Transition {
  const draft: Draft = { state: state.state, planVersion: state.planVersion, steps: new Map(state.steps), commands: [] };
  if (!apply(draft, event)) return { state, commands: [], accepted: false };
  settle(draft);
  const { commands, ...next } = draft;
  return { state: next, commands, accepted: true };
}

/** Writes down what the event itself says. @returns whether it applies */
function apply(draft: Draft, event: RunMachineEvent): boolean {
  switch (event.kind) {
    case 'planned':
      return bind(draft, event);
    case 'taken':
      return moveAttempt(draft, event.attempt, 'queued', 'leased');
    case 'succeeded':
      return moveAttempt(draft, event.attempt, 'leased', 'succeeded') && finishShard(draft, event.attempt);
    case 'failed':
      return moveAttempt(draft, event.attempt, 'leased', 'failed') && countFailure(draft, event.attempt, event.final);
    case 'lost':
      return moveAttempt(draft, event.attempt, 'leased', 'lost') && countLoss(draft, event.attempt);
    case 'withdrawn':
      return moveAttempt(draft, event.attempt, 'queued', 'withdrawn') && unbind(draft, [event.attempt.stepId]);
    case 'redo':
      return redo(draft, event.stepIds);
    case 'cancel':
      return cancel(draft);
    case 'pause':
      return pause(draft);
    case 'resume':
      return resume(draft);
    case 'continue':
      return tryAgain(draft);
  }
}

function bind(draft: Draft, event: Extract<RunMachineEvent, { kind: 'planned' }>): boolean {
  if (draft.state !== 'planning' || event.basedOn !== draft.planVersion) return false;
  for (const step of draft.steps.values()) {
    const bound = event.bindings[step.id];
    if (bound && needsAttempt(step)) draft.steps.set(step.id, { ...step, bound });
  }
  if (unboundSteps(draft).length > 0) return false;
  draft.planVersion += 1;
  return true;
}

/** Moves an attempt on, if it is in the state from which that is possible. */
function moveAttempt(draft: Draft, ref: AttemptRef, from: AttemptState, to: AttemptState): boolean {
  const attempt = attemptOf(draft, ref);
  if (attempt?.state !== from || endedRunStates.includes(draft.state)) return false;
  editShard(draft, ref, (shard) => ({ ...shard, attempts: shard.attempts.with(ref.number - 1, { ...attempt, state: to }) }));
  editStep(draft, ref.stepId, byAttempts);
  return true;
}

function finishShard(draft: Draft, ref: AttemptRef): boolean {
  editShard(draft, ref, (shard) => ({ ...shard, done: true }));
  const step = stepOf(draft, ref.stepId);
  if (!step.shards.every((shard) => shard.done)) return true;
  draft.steps.set(step.id, { ...step, state: 'succeeded' });
  for (const other of draft.steps.values()) {
    if (!other.reads.includes(step.id)) continue;
    const remaining = other.remaining - 1;
    draft.steps.set(other.id, { ...other, remaining, state: remaining === 0 && other.state === 'waiting' ? 'ready' : other.state });
  }
  return true;
}

function countFailure(draft: Draft, ref: AttemptRef, final: boolean): boolean {
  const edgeId = attemptOf(draft, ref)?.edgeId as EdgeId;
  editShard(draft, ref, (shard) => ({ ...shard, failures: shard.failures + 1, avoid: including(shard.avoid, edgeId) }));
  if (final || shardOf(draft, ref).failures >= limits.attemptsPerStep) return failStep(draft, ref.stepId);
  return unbind(draft, [ref.stepId]);
}

/** The edge is gone: everything that was going to run there and has not started is planned again. */
function countLoss(draft: Draft, ref: AttemptRef): boolean {
  const edgeId = attemptOf(draft, ref)?.edgeId as EdgeId;
  editShard(draft, ref, (shard) => ({ ...shard, losses: shard.losses + 1, avoid: including(shard.avoid, edgeId) }));
  if (shardOf(draft, ref).losses >= lossesPerStep) return failStep(draft, ref.stepId);
  const others = [...draft.steps.values()].filter((step) => needsAttempt(step) && step.bound?.edgeId === edgeId).map((step) => step.id);
  return unbind(draft, [ref.stepId, ...others]);
}

function failStep(draft: Draft, stepId: string): true {
  editStep(draft, stepId, (step) => ({ ...step, state: 'failed' }));
  return true;
}

/** Steps that had succeeded run again; what reads them and has not succeeded waits for them again. */
function redo(draft: Draft, stepIds: readonly string[]): boolean {
  const halting = [...draft.steps.values()].some((step) => step.state === 'failed');
  const gone = stepIds.length > 0 && stepIds.every((id) => draft.steps.get(id)?.state === 'succeeded');
  if (halting || !gone || endedRunStates.includes(draft.state)) return false;
  for (const id of stepIds) {
    editStep(draft, id, (step) => ({ ...step, state: 'ready', shards: step.shards.map((shard) => ({ ...shard, done: false })) }));
    for (const other of draft.steps.values()) {
      if (other.reads.includes(id)) editStep(draft, other.id, (step) => ({ ...step, remaining: step.remaining + 1 }));
    }
  }
  for (const step of draft.steps.values()) {
    if (step.remaining === 0 || isSettled(step)) continue;
    stopAttempts(draft, step.id, ['queued', 'leased']);
    editStep(draft, step.id, (current) => ({ ...current, state: 'waiting' }));
  }
  return unbind(draft, stepIds);
}

function cancel(draft: Draft): boolean {
  if (endedRunStates.includes(draft.state)) return false;
  for (const step of draft.steps.values()) {
    stopAttempts(draft, step.id, ['queued', 'leased']);
    editStep(draft, step.id, (current) => (isSettled(current) ? current : { ...current, state: 'cancelled' }));
  }
  draft.state = 'cancelled';
  return true;
}

function pause(draft: Draft): boolean {
  if (draft.state !== 'planning' && draft.state !== 'running') return false;
  withdrawQueued(draft);
  draft.state = 'paused';
  return true;
}

function resume(draft: Draft): boolean {
  if (draft.state !== 'paused') return false;
  draft.state = 'running';
  return true;
}

function tryAgain(draft: Draft): boolean {
  if (draft.state !== 'failed') return false;
  for (const step of draft.steps.values()) {
    if (step.state === 'succeeded') continue;
    const shards = step.shards.map((shard) => ({ ...shard, failures: 0, losses: 0, avoid: [] }));
    draft.steps.set(step.id, { ...step, shards, bound: null, state: step.remaining === 0 ? 'ready' : 'waiting' });
  }
  draft.planVersion += 1;
  draft.state = 'running';
  return true;
}

/** What follows from the steps, whatever the event was: which start, and what the run is now. */
function settle(draft: Draft): void {
  if (draft.state === 'cancelled') {
    draft.commands.push({ kind: 'ended' });
    return;
  }
  const steps = [...draft.steps.values()];
  const halting = steps.some((step) => step.state === 'failed');
  if (halting) withdrawQueued(draft);
  if (steps.every((step) => step.state === 'succeeded')) draft.state = 'succeeded';
  else if (halting && !steps.some(hasLease)) draft.state = 'failed';
  else if (draft.state !== 'paused') draft.state = !halting && unboundSteps(draft).length > 0 ? 'planning' : 'running';
  if (endedRunStates.includes(draft.state)) draft.commands.push({ kind: 'ended' });
  else if (!halting && draft.state !== 'paused') startReady(draft);
  if (draft.state === 'planning') draft.commands.push({ kind: 'plan' });
}

function startReady(draft: Draft): void {
  const edges = new Set<EdgeId>();
  for (const step of draft.steps.values()) {
    const { bound } = step;
    if (!bound || step.state === 'waiting' || !needsAttempt(step)) continue;
    draft.steps.set(step.id, byAttempts({ ...step, shards: step.shards.map((shard) => queueShard(shard, bound)) }));
    edges.add(bound.edgeId);
  }
  for (const edgeId of edges) draft.commands.push({ kind: 'ring', edgeId });
}

function queueShard(shard: MachineShard, bound: Binding): MachineShard {
  if (shard.done || liveAttempt(shard)) return shard;
  const attempt: MachineAttempt = { ...bound, number: shard.attempts.length + 1, state: 'queued' };
  return { ...shard, attempts: [...shard.attempts, attempt] };
}

function withdrawQueued(draft: Draft): void {
  for (const step of draft.steps.values()) {
    if (step.state === 'waiting' || !step.shards.some((shard) => liveAttempt(shard)?.state === 'queued')) continue;
    stopAttempts(draft, step.id, ['queued']);
    editStep(draft, step.id, byAttempts);
  }
}

/** Ends a step's attempts that are in one of these states: a queued one is withdrawn, a leased one cancelled and its edge told. */
function stopAttempts(draft: Draft, stepId: string, states: readonly AttemptState[]): void {
  for (const shard of stepOf(draft, stepId).shards) {
    const live = liveAttempt(shard);
    if (!live || !states.includes(live.state)) continue;
    const attempt = { stepId, shard: shard.index, number: live.number };
    const state = live.state === 'queued' ? 'withdrawn' : 'cancelled';
    editShard(draft, attempt, (current) => ({ ...current, attempts: current.attempts.with(live.number - 1, { ...live, state }) }));
    if (live.state === 'leased') draft.commands.push({ kind: 'stop', edgeId: live.edgeId, attempt });
  }
}

/** Takes bindings away, and with them the validity of any plan that is being made. */
function unbind(draft: Draft, stepIds: readonly string[]): true {
  for (const id of stepIds) editStep(draft, id, (step) => ({ ...step, bound: null }));
  draft.planVersion += 1;
  return true;
}

function unboundSteps(draft: Draft): MachineStep[] {
  return [...draft.steps.values()].filter((step) => step.bound === null && needsAttempt(step));
}

/** Some of it has not begun, or has to begin again. */
function needsAttempt(step: MachineStep): boolean {
  return !isSettled(step) && step.shards.some((shard) => !shard.done && !liveAttempt(shard));
}

function isSettled(step: MachineStep): boolean {
  return step.state === 'succeeded' || step.state === 'failed' || step.state === 'cancelled';
}

/** What a step is whose attempts changed: several shards may be in different states. */
function byAttempts(step: MachineStep): MachineStep {
  if (isSettled(step)) return step;
  const live = step.shards.map((shard) => liveAttempt(shard)?.state);
  return { ...step, state: live.includes('leased') ? 'running' : live.includes('queued') ? 'queued' : 'ready' };
}

function hasLease(step: MachineStep): boolean {
  return step.shards.some((shard) => liveAttempt(shard)?.state === 'leased');
}

function stepOf(draft: Draft, stepId: string): MachineStep {
  return draft.steps.get(stepId) as MachineStep;
}

function shardOf(draft: Draft, ref: AttemptRef): MachineShard {
  return stepOf(draft, ref.stepId).shards[ref.shard] as MachineShard;
}

function editStep(draft: Draft, stepId: string, edit: (step: MachineStep) => MachineStep): void {
  draft.steps.set(stepId, edit(stepOf(draft, stepId)));
}

function editShard(draft: Draft, ref: AttemptRef, edit: (shard: MachineShard) => MachineShard): void {
  editStep(draft, ref.stepId, (step) => ({ ...step, shards: step.shards.with(ref.shard, edit(shardOf(draft, ref))) }));
}

function including(edges: readonly EdgeId[], edgeId: EdgeId): readonly EdgeId[] {
  return edges.includes(edgeId) ? edges : [...edges, edgeId];
}
