import type { EdgeId } from '@atelier/protocol';
import type { RunMachineEvent } from './events.ts';
import type { AttemptRef } from './state.ts';
import { type Binding, beginRun, type MachineAttempt, type MachineStep, type NewStep, type RunMachineState } from './state.ts';

/** A run whose steps read earlier ones at random: lines, diamonds and fans all come up. Some have many shards, some ask the result cache first. */
export function randomRun(random: () => number): RunMachineState {
  const count = 1 + Math.floor(random() * 8);
  const density = random();
  const mostShards = random() < 0.4 ? 12 : 1;
  const ask = random() < 0.3;
  const steps: NewStep[] = Array.from({ length: count }, (_, index) => ({
    id: `s${index}`,
    reads: Array.from({ length: index }, (_unused, other) => `s${other}`).filter(() => random() < density),
    ...randomShards(1 + Math.floor(random() * mostShards), random),
    done: false,
    ask,
  }));
  return beginRun(steps);
}

function randomShards(shards: number, random: () => number): Pick<NewStep, 'shards' | 'order'> {
  const order = Array.from({ length: shards }, (_, index) => ({ index, key: random() })).sort((a, b) => a.key - b.key);
  return { shards, order: order.map(({ index }) => index) };
}

/** Every attempt of a run with its reference. */
export function attemptsOf(state: RunMachineState): Array<AttemptRef & { attempt: MachineAttempt }> {
  return [...state.steps.values()].flatMap((step) =>
    step.shards.flatMap((shard) => shard.attempts.map((attempt) => ({ stepId: step.id, shard: shard.index, number: attempt.number, attempt }))),
  );
}

/** How often attempts go wrong in a walk: the first number is the share of failures, the second that of losses. */
export const weathers = [
  { failed: 0.05, lost: 0.05 },
  { failed: 0.5, lost: 0.2 },
  { failed: 0.02, lost: 0.95 },
] as const;
export type Weather = (typeof weathers)[number];

/** Something that could happen next, and sometimes something that may not. */
export function randomEvent(state: RunMachineState, random: () => number, weather: Weather): RunMachineEvent {
  return userEvent(state, random) ?? stepEvent(state, random) ?? attemptEvent(state, random, weather) ?? plannedFor(state, random);
}

/** What happens when nothing goes wrong any more. */
export function goodEvent(state: RunMachineState, random: () => number): RunMachineEvent {
  if (state.state === 'paused') return { kind: 'resume' };
  const asking = [...state.steps.values()].find((step) => !step.asked && step.sharing.length > 0 && step.state === 'ready');
  if (asking) return { kind: 'answered', stepId: asking.id, shards: [] };
  const live = attemptsOf(state).find(({ attempt }) => attempt.state === 'leased' || attempt.state === 'queued');
  if (!live) return { ...plannedFor(state, random), basedOn: state.planVersion };
  const attempt = { stepId: live.stepId, shard: live.shard, number: live.number };
  return { kind: live.attempt.state === 'leased' ? 'succeeded' : 'taken', attempt };
}

function userEvent(state: RunMachineState, random: () => number): RunMachineEvent | undefined {
  const pick = random();
  if (random() < 0.02) return redoOf(state, random);
  if (state.state === 'failed' && pick < 0.3) return { kind: 'continue' };
  if (state.state === 'planning' && pick < 0.5) return plannedFor(state, random);
  if (state.state === 'paused' && pick < 0.3) return { kind: 'resume' };
  if (pick > 0.995) return { kind: 'cancel' };
  return pick > 0.96 ? { kind: random() < 0.5 ? 'pause' : 'resume' } : undefined;
}

/** Answers of the result cache, asked for or not, and edges that join. */
function stepEvent(state: RunMachineState, random: () => number): RunMachineEvent | undefined {
  const steps = [...state.steps.values()];
  const asking = steps.find((step) => !step.asked && step.sharing.length > 0 && step.state === 'ready');
  if (asking && state.state !== 'paused' && random() < 0.7) return { kind: 'answered', stepId: asking.id, shards: someShards(asking, random, 0.4) };
  const step = steps[Math.floor(random() * steps.length)] as MachineStep;
  if (random() < 0.01) return { kind: 'answered', stepId: step.id, shards: someShards(step, random, 0.2) };
  return random() < 0.04 ? { kind: 'shared', stepId: step.id, sharing: randomSharing(random) } : undefined;
}

function someShards(step: MachineStep, random: () => number, share: number): number[] {
  const all = random() < 0.3;
  return step.shards.filter(() => all || random() < share).map((shard) => shard.index);
}

function randomSharing(random: () => number): Binding[] {
  const names = ['edge0', 'edge1', 'edge2', 'edge3'].filter(() => random() < 0.5);
  const edges = (names.length > 0 ? names : ['edge0']) as EdgeId[];
  return edges.map((edgeId) => ({ edgeId, modelId: 'model', slots: 1 + (Number(edgeId.at(-1)) % 2), secondsPerShard: 0.1 + random() * 5 }));
}

function attemptEvent(state: RunMachineState, random: () => number, weather: Weather): RunMachineEvent | undefined {
  const attempts = attemptsOf(state);
  const live = attempts.filter(({ attempt }) => attempt.state === 'queued' || attempt.state === 'leased');
  const pool = live.length > 0 && random() < 0.9 ? live : attempts;
  const chosen = pool[Math.floor(random() * pool.length)];
  if (!chosen) return undefined;
  const attempt = { stepId: chosen.stepId, shard: chosen.shard, number: chosen.number };
  if (chosen.attempt.state === 'queued') return { kind: random() < 0.9 ? 'taken' : 'withdrawn', attempt };
  const fault = random();
  if (fault < weather.failed) return { kind: 'failed', attempt, final: random() < 0.1 };
  return fault < weather.failed + weather.lost ? { kind: 'lost', attempt } : { kind: 'succeeded', attempt, seconds: random() * 5 };
}

function redoOf(state: RunMachineState, random: () => number): RunMachineEvent {
  const done = [...state.steps.values()].filter((step) => step.state === 'succeeded' && random() < 0.5);
  return { kind: 'redo', shards: Object.fromEntries(done.map((step) => [step.id, someShards(step, random, 0.5)])) };
}

function plannedFor(state: RunMachineState, random: () => number): Extract<RunMachineEvent, { kind: 'planned' }> {
  const bindings = [...state.steps.keys()].map((id) => [id, randomSharing(random)]);
  const outdated = random() < 0.05 ? 1 : 0;
  return { kind: 'planned', basedOn: state.planVersion - outdated, bindings: Object.fromEntries(bindings) };
}
