/*
 * The state of a run, by event. A cell names every state that may follow; `-` refuses the event.
 * machine.test.ts reads this table and holds the code to it, both ways.
 *
 * |           | planned | shared | answered | taken             | succeeded                        | failed                  | lost                    | withdrawn | redo | cancel    | pause  | resume           | continue |
 * |-----------|---------|--------|----------|-------------------|----------------------------------|-------------------------|-------------------------|-----------|------|-----------|--------|------------------|----------|
 * | planning  | running | planning | planning, running, succeeded | planning          | planning                         | planning, running, failed | planning, running, failed | planning | planning | cancelled | paused | -                | -        |
 * | running   | -       | running | running, succeeded | running           | running, succeeded, failed       | planning, running, failed | planning, running, failed | planning, running | planning | cancelled | paused | -                | -        |
 * | paused    | -       | paused | -        | -                 | paused, succeeded, failed        | paused, failed          | paused, failed          | -         | paused | cancelled | -      | planning, running | -        |
 * | succeeded | -       | -      | -        | -                 | -                                | -                       | -                       | -         | - | -         | -      | -                | -        |
 * | failed    | -       | -      | -        | -                 | -                                | -                       | -                       | -         | - | -         | -      | -                | planning |
 * | cancelled | -       | -      | -        | -                 | -                                | -                       | -                       | -         | - | -         | -      | -                | -        |
 *
 * A step: waiting -> ready (all it reads succeeded) -> asked (the result cache, once) -> queued (bound, run not paused) -> running (taken)
 * -> succeeded | failed. A step of one shard goes back to ready, without a binding, when its attempt failed, was lost or withdrawn.
 * A step of several is shared by edges: each has a few live attempts (sharing.ts), a shard that went wrong goes back to all, and
 * an edge that is gone loses its part; only without any is the step planned again. A failed step lets nothing new start;
 * attempts that run already may finish, and their results are kept; then the run is failed. So nothing runs in an ended run.
 */
import { type AttemptState, type EdgeId, endedRunStates, limits } from '@atelier/protocol';
import {
  byAttempts,
  type Draft,
  dropBinding,
  dropFailing,
  editShard,
  editStep,
  endLive,
  hasLease,
  hasSeveral,
  isSettled,
  needsAttempt,
  queueShard,
  shardOf,
  stepOf,
  stopAttempts,
  unbind,
  unboundSteps,
  withdrawQueued,
} from './draft.ts';
import type { RunMachineEvent, Transition } from './events.ts';
import { shareOut } from './sharing.ts';
import type { AttemptRef } from './state.ts';
import { attemptOf, type Binding, liveAttempt, lossesPerStep, type MachineShard, type MachineStep, type RunMachineState } from './state.ts';

/** What the last shard took counts as much as all that was known before. */
const learningRate = 0.5;

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
    case 'shared':
      return share(draft, event.stepId, event.sharing);
    case 'answered':
      return answer(draft, event.stepId, event.shards);
    case 'taken':
      return moveAttempt(draft, event.attempt, 'queued', 'leased');
    case 'succeeded':
      return moveAttempt(draft, event.attempt, 'leased', 'succeeded') && finishShard(draft, event);
    case 'failed':
      return moveAttempt(draft, event.attempt, 'leased', 'failed') && countFailure(draft, event.attempt, event.final);
    case 'lost':
      return moveAttempt(draft, event.attempt, 'leased', 'lost') && countLoss(draft, event.attempt);
    case 'withdrawn':
      return moveAttempt(draft, event.attempt, 'queued', 'withdrawn') && leaveEdge(draft, event.attempt);
    case 'redo':
      return redo(draft, event.shards);
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
    const bindings = event.bindings[step.id] ?? [];
    if (step.sharing.length > 0 || bindings.length === 0 || !needsAttempt(step)) continue;
    const [first] = bindings as readonly [Binding];
    draft.steps.set(step.id, { ...step, sharing: hasSeveral(step) ? bindings.filter((one) => isSameModel(one, first)) : [first] });
  }
  if (unboundSteps(draft).length > 0) return false;
  draft.planVersion += 1;
  return true;
}

/** More edges for a step that is bound already: only such as have its very model and are not at it. */
function share(draft: Draft, stepId: string, sharing: readonly Binding[]): boolean {
  const step = draft.steps.get(stepId);
  const bound = step?.sharing[0];
  if (!step || !bound || !hasSeveral(step) || isSettled(step) || endedRunStates.includes(draft.state)) return false;
  const more = sharing.filter((one) => isSameModel(one, bound) && !step.sharing.some((known) => known.edgeId === one.edgeId));
  if (more.length === 0) return false;
  draft.steps.set(stepId, { ...step, sharing: [...step.sharing, ...more] });
  return true;
}

/** A run of an older release does not say with which hash its step was planned. */
const isSameModel = (one: Binding, bound: Binding) => one.modelId === bound.modelId && (bound.modelHash === undefined || one.modelHash === bound.modelHash);

/** What the result cache had is done without an attempt; what waits for one is taken back. A step is asked about once, but may be told more. */
function answer(draft: Draft, stepId: string, found: readonly number[]): boolean {
  const step = draft.steps.get(stepId);
  const open = draft.state === 'planning' || draft.state === 'running';
  if (!step || !open || isSettled(step) || step.remaining > 0 || (step.asked && found.length === 0)) return false;
  const answered = new Set(found);
  const shards = step.shards.map((shard) => {
    const live = liveAttempt(shard);
    if (!answered.has(shard.index) || shard.done || live?.state === 'leased') return shard;
    return { ...(live ? endLive(shard, live) : shard), done: true, cached: true };
  });
  draft.steps.set(stepId, byAttempts({ ...step, asked: true, shards }));
  finishStep(draft, stepId);
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

function finishShard(draft: Draft, { attempt, seconds }: Extract<RunMachineEvent, { kind: 'succeeded' }>): true {
  editShard(draft, attempt, (shard) => ({ ...shard, done: true }));
  const edgeId = attemptOf(draft, attempt)?.edgeId as EdgeId;
  if (seconds !== undefined) editStep(draft, attempt.stepId, (step) => withMeasured(step, edgeId, seconds));
  // A plan that is being made does not know yet with what this was made, and its fellows have to be made with the same.
  if (hasSeveral(stepOf(draft, attempt.stepId)) && stepOf(draft, attempt.stepId).sharing.length === 0) draft.planVersion += 1;
  return finishStep(draft, attempt.stepId);
}

function withMeasured(step: MachineStep, edgeId: EdgeId, seconds: number): MachineStep {
  const sharing = step.sharing.map((one) =>
    one.edgeId === edgeId ? { ...one, secondsPerShard: one.secondsPerShard + learningRate * (seconds - one.secondsPerShard) } : one,
  );
  return hasSeveral(step) ? { ...step, sharing } : step;
}

/** Once all shards of a step are done, the steps that read it have one less to wait for. */
function finishStep(draft: Draft, stepId: string): true {
  const step = stepOf(draft, stepId);
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
  return hasSeveral(stepOf(draft, ref.stepId)) ? dropFailing(draft, ref.stepId, edgeId) : unbind(draft, [ref.stepId]);
}

/** The edge is gone: everything that was going to run there and has not started runs elsewhere, or is planned again. */
function countLoss(draft: Draft, ref: AttemptRef): boolean {
  const edgeId = attemptOf(draft, ref)?.edgeId as EdgeId;
  editShard(draft, ref, (shard) => ({ ...shard, losses: shard.losses + 1, avoid: including(shard.avoid, edgeId) }));
  if (shardOf(draft, ref).losses >= lossesPerStep) return failStep(draft, ref.stepId);
  const there = [...draft.steps.values()].filter((step) => !isSettled(step) && step.sharing.some((one) => one.edgeId === edgeId));
  for (const step of there) if (hasSeveral(step)) dropBinding(draft, step.id, edgeId);
  const others = there.filter((step) => !hasSeveral(step) && needsAttempt(step)).map((step) => step.id);
  return unbind(draft, hasSeveral(stepOf(draft, ref.stepId)) ? others : [ref.stepId, ...others]);
}

function leaveEdge(draft: Draft, ref: AttemptRef): boolean {
  const edgeId = attemptOf(draft, ref)?.edgeId as EdgeId;
  return hasSeveral(stepOf(draft, ref.stepId)) ? dropBinding(draft, ref.stepId, edgeId) : unbind(draft, [ref.stepId]);
}

function failStep(draft: Draft, stepId: string): true {
  editStep(draft, stepId, (step) => ({ ...step, state: 'failed' }));
  return true;
}

/** Shards of steps that had succeeded run again; what reads those steps and has not succeeded waits for them again. */
function redo(draft: Draft, gone: Readonly<Record<string, readonly number[]>>): boolean {
  const halting = [...draft.steps.values()].some((step) => step.state === 'failed');
  const stepIds = Object.keys(gone);
  const known =
    stepIds.length > 0 && stepIds.every((id) => draft.steps.get(id)?.state === 'succeeded' && gone[id]?.some((index) => hasShard(draft, id, index)));
  if (halting || !known || endedRunStates.includes(draft.state)) return false;
  for (const id of stepIds) {
    const again = (shard: MachineShard) => (gone[id]?.includes(shard.index) ? { ...shard, done: false, cached: false } : shard);
    editStep(draft, id, (step) => ({ ...step, state: 'ready', shards: step.shards.map(again) }));
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

const hasShard = (draft: Draft, stepId: string, index: number) => stepOf(draft, stepId).shards[index] !== undefined;

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
    draft.steps.set(step.id, { ...step, shards, sharing: [], state: step.remaining === 0 ? 'ready' : 'waiting' });
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
  for (const step of draft.steps.values()) {
    if (step.sharing.length === 0 || step.state === 'waiting' || isSettled(step)) continue;
    if (!step.asked) draft.commands.push({ kind: 'ask', stepId: step.id });
    else handOut(draft, step);
  }
}

/** Gives shards of a step to edges that share it. */
function handOut(draft: Draft, step: MachineStep): void {
  const [only] = step.sharing;
  const moves = hasSeveral(step) ? shareOut(step) : needsAttempt(step) && only ? [{ shard: 0, to: only }] : [];
  if (moves.length === 0) return;
  const shards = [...step.shards];
  for (const { shard: index, to } of moves) {
    const shard = shards[index] as MachineShard;
    const live = liveAttempt(shard);
    shards[index] = queueShard(live ? endLive(shard, live) : shard, to);
  }
  draft.steps.set(step.id, byAttempts({ ...step, shards }));
}

function including(edges: readonly EdgeId[], edgeId: EdgeId): readonly EdgeId[] {
  return edges.includes(edgeId) ? edges : [...edges, edgeId];
}
