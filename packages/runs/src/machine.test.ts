import { readFile } from 'node:fs/promises';
import { type EdgeId, endedRunStates, limits } from '@atelier/protocol';
import { randomFrom } from '@atelier/seeded';
import { expect, test } from 'vitest';
import { hasSeveral } from './draft.ts';
import type { RunMachineEvent } from './events.ts';
import { transition } from './machine.ts';
import { windowOf } from './sharing.ts';
import { beginRun, liveAttempt, lossesPerStep, type MachineShard, type MachineStep, type RunMachineState } from './state.ts';
import { attemptsOf, goodEvent, randomEvent, randomRun, type Weather, weathers } from './walk.ts';

/** Seeds of the walks; a rule that breaks names its seed. */
const seeds = Array.from({ length: 2000 }, (_, index) => index + 1);
const edge = (name: string) => name as EdgeId;

interface Walked {
  /** States that followed, by `state event`. */
  readonly seen: ReadonlyMap<string, ReadonlySet<string>>;
  /** States in which walks ended. */
  readonly ends: ReadonlySet<string>;
  readonly broken: readonly string[];
}

/** Walks once for all tests. */
const walked = (() => {
  let known: Walked | undefined;
  return () => {
    known ??= walkAll();
    return known;
  };
})();

function walkAll(): Walked {
  const seen = new Map<string, Set<string>>();
  const ends = new Set<string>();
  const broken: string[] = [];
  for (const seed of seeds) {
    const succeeded = new Set<string>();
    const last = walk(seed, (before, event, after, accepted) => {
      const key = `${before.state} ${event.kind}`;
      const cell = seen.get(key) ?? new Set<string>();
      if (accepted) cell.add(after.state);
      seen.set(key, cell);
      const refused = accepted || before === after ? undefined : 'a refused event changed the state';
      const rule = brokenRule(after) ?? refused ?? (accepted ? countResult(succeeded, event) : undefined);
      if (rule) broken.push(`seed ${seed}, ${JSON.stringify(event)}: ${rule}`);
    });
    ends.add(last.state);
  }
  return { seen, ends, broken };
}

test('the table above the code names exactly the states that walks reach', async () => {
  const table = await readTable();
  const { seen } = walked();
  const reached = Object.fromEntries([...table].map(([key]) => [key, [...(seen.get(key) ?? [])].sort()]));
  expect(reached).toEqual(Object.fromEntries(table));
});

test('in every walk nothing starts before its inputs, no shard has two live attempts or results, no edge more than its window, and nothing runs in an ended run', () => {
  const { broken, ends } = walked();
  expect(broken).toEqual([]);
  expect([...ends]).toEqual(expect.arrayContaining(['succeeded', 'failed', 'cancelled']));
});

test('every run ends once things go well: whatever happened before, its shards are all done', () => {
  for (const seed of seeds.slice(0, 400)) {
    let state = walk(seed, () => undefined);
    const random = randomFrom(seed);
    for (let count = 0; !endedRunStates.includes(state.state); count += 1) {
      if (count > 2000) throw new Error(`seed ${seed}: the run does not end`);
      state = transition(state, goodEvent(state, random)).state;
    }
    if (state.state === 'succeeded')
      expect(
        [...state.steps.values()].every((step) => step.shards.every((shard) => shard.done)),
        `seed ${seed}`,
      ).toBe(true);
  }
});

/** A shard has one result, and another only after the first was given up. @returns what is wrong */
function countResult(succeeded: Set<string>, event: RunMachineEvent): string | undefined {
  if (event.kind === 'redo') for (const [id, shards] of Object.entries(event.shards)) for (const shard of shards) succeeded.delete(`${id}/${shard}`);
  if (event.kind !== 'succeeded') return undefined;
  const shard = `${event.attempt.stepId}/${event.attempt.shard}`;
  if (succeeded.has(shard)) return `${shard} has a second result`;
  succeeded.add(shard);
  return undefined;
}

/** What always holds, whatever happened. @returns the first rule that does not */
function brokenRule(state: RunMachineState): string | undefined {
  const steps = [...state.steps.values()];
  const live = attemptsOf(state).filter(({ attempt }) => attempt.state === 'queued' || attempt.state === 'leased');
  if (endedRunStates.includes(state.state) && live.length > 0) return 'something runs in an ended run';
  const asking = steps.some((step) => !step.asked && step.sharing.length > 0 && step.state === 'ready');
  if (state.state === 'running' && live.length === 0 && !asking) return 'a running run does nothing';
  if (state.state === 'paused' && live.some(({ attempt }) => attempt.state === 'queued')) return 'something may start in a paused run';
  return steps.map((step) => brokenStepRule(state, step)).find((rule) => rule !== undefined);
}

function brokenStepRule(state: RunMachineState, step: MachineStep): string | undefined {
  const missing = step.reads.filter((name) => state.steps.get(name)?.state !== 'succeeded').length;
  if (step.remaining !== missing) return `${step.id} counts wrongly what it waits for`;
  if (missing > 0 && step.shards.some(liveAttempt)) return `${step.id} runs before its inputs`;
  if (step.state === 'succeeded' && !step.shards.every((shard) => shard.done)) return `${step.id} is done before its shards`;
  if (!step.asked && step.shards.some((shard) => shard.attempts.length > 0)) return `${step.id} began before the result cache was asked`;
  return brokenShareRule(step) ?? step.shards.map((shard) => brokenShardRule(step, shard)).find((rule) => rule !== undefined);
}

function brokenShareRule(step: MachineStep): string | undefined {
  for (const binding of step.sharing) {
    const live = step.shards.filter((shard) => liveAttempt(shard)?.edgeId === binding.edgeId).length;
    if (hasSeveral(step) && live > windowOf(binding)) return `${step.id} keeps more on one edge than it may`;
  }
  return undefined;
}

function brokenShardRule(step: MachineStep, shard: MachineShard): string | undefined {
  if (shard.done && liveAttempt(shard)) return `${step.id} computes what it has`;
  const earlier = shard.attempts.slice(0, -1);
  if (earlier.some((attempt) => attempt.state === 'queued' || attempt.state === 'leased')) return `${step.id} has two live attempts`;
  if (shard.failures > limits.attemptsPerStep || shard.losses > lossesPerStep) return `${step.id} was tried too often`;
  return undefined;
}

test('a diamond joins once, after both of its sides', () => {
  let state = planned(diamond(), 'a');
  state = run(state, 'top', 'succeeded');
  expect(stateOf(state)).toEqual({ top: 'succeeded', left: 'queued', right: 'queued', join: 'waiting' });
  state = run(state, 'left', 'succeeded');
  expect(stateOf(state).join).toBe('waiting');
  state = run(state, 'right', 'succeeded');
  expect(stateOf(state).join).toBe('queued');
  expect(run(state, 'join', 'succeeded').state).toBe('succeeded');
});

test('a step that fails three times stops its run, the other side finishes, and continue takes up from there', () => {
  let state = run(planned(diamond(), 'a'), 'top', 'succeeded');
  state = take(state, 'right');
  for (const name of ['b', 'c', 'd']) {
    state = run(state, 'left', 'failed');
    if (state.state === 'planning') state = planned(state, name);
  }
  expect(state.state).toBe('running');
  expect(stateOf(state)).toEqual({ top: 'succeeded', left: 'failed', right: 'running', join: 'waiting' });
  state = apply(state, { kind: 'succeeded', attempt: { stepId: 'right', shard: 0, number: 1 } });
  expect(state.state).toBe('failed');
  state = planned(apply(state, { kind: 'continue' }), 'a');
  state = run(state, 'left', 'succeeded');
  expect(run(state, 'join', 'succeeded').state).toBe('succeeded');
});

test('an edge that vanishes takes with it only the bindings of what has not begun', () => {
  let state = planned(diamond(), 'a');
  state = take(state, 'top');
  const { state: lost, commands } = transition(state, { kind: 'lost', attempt: { stepId: 'top', shard: 0, number: 1 } });
  expect(lost.state).toBe('planning');
  expect(commands).toEqual([{ kind: 'plan' }]);
  expect([...lost.steps.values()].map((step) => step.sharing)).toEqual([[], [], [], []]);
  expect(lost.steps.get('top')?.shards[0]?.avoid).toEqual(['a']);
});

test(`losing its edge ${lossesPerStep} times fails a step, fewer times does not`, () => {
  let state = planned(beginRun([{ id: 'only', reads: [], shards: 1, done: false }]), 'a');
  for (let count = 1; count < lossesPerStep; count += 1) state = planned(run(state, 'only', 'lost'), 'a');
  expect(state.state).toBe('running');
  expect(run(state, 'only', 'lost').state).toBe('failed');
});

test('a final failure is not tried again', () => {
  const state = take(planned(diamond(), 'a'), 'top');
  expect(transition(state, { kind: 'failed', attempt: { stepId: 'top', shard: 0, number: 1 }, final: true }).state.state).toBe('failed');
});

test('a result that is gone is made again, and what already read it is not', () => {
  let state = run(run(planned(diamond(), 'a'), 'top', 'succeeded'), 'left', 'succeeded');
  state = apply(take(state, 'right'), { kind: 'redo', shards: { top: [0] } });
  expect(stateOf(state)).toEqual({ top: 'ready', left: 'succeeded', right: 'waiting', join: 'waiting' });
  state = run(planned(state, 'b'), 'top', 'succeeded');
  expect(stateOf(state)).toEqual({ top: 'succeeded', left: 'succeeded', right: 'queued', join: 'waiting' });
  expect(run(run(state, 'right', 'succeeded'), 'join', 'succeeded').state).toBe('succeeded');
});

test('a plan made before something was lost is refused', () => {
  const begun = diamond();
  const old: RunMachineEvent = { kind: 'planned', basedOn: begun.planVersion, bindings: bindingsTo(begun, 'a') };
  const lost = run(planned(begun, 'a'), 'top', 'lost');
  expect(transition(lost, old)).toEqual({ state: lost, commands: [], accepted: false });
});

test('steps that are taken over from another run count as done from the start', () => {
  const state = planned(
    beginRun([
      { id: 'old', reads: [], shards: 1, done: true },
      { id: 'new', reads: ['old'], shards: 1, done: false },
    ]),
    'a',
  );
  expect(stateOf(state)).toEqual({ old: 'succeeded', new: 'queued' });
});

function walk(seed: number, look: (before: RunMachineState, event: RunMachineEvent, after: RunMachineState, accepted: boolean) => void): RunMachineState {
  const random = randomFrom(seed);
  const weather = weathers[seed % weathers.length] as Weather;
  let state = randomRun(random);
  for (let count = 0; count < 120; count += 1) {
    const event = randomEvent(state, random, weather);
    const next = transition(state, event);
    look(state, event, next.state, next.accepted);
    state = next.state;
  }
  return state;
}

function diamond(): RunMachineState {
  return beginRun([
    { id: 'top', reads: [], shards: 1, done: false },
    { id: 'left', reads: ['top'], shards: 1, done: false },
    { id: 'right', reads: ['top'], shards: 1, done: false },
    { id: 'join', reads: ['left', 'right'], shards: 1, done: false },
  ]);
}

function bindingsTo(state: RunMachineState, name: string) {
  return Object.fromEntries([...state.steps.keys()].map((id) => [id, [{ edgeId: edge(name), modelId: 'model', slots: 1, secondsPerShard: 1 }]]));
}

function planned(state: RunMachineState, name: string): RunMachineState {
  return apply(state, { kind: 'planned', basedOn: state.planVersion, bindings: bindingsTo(state, name) });
}

function take(state: RunMachineState, stepId: string): RunMachineState {
  return apply(state, { kind: 'taken', attempt: { stepId, shard: 0, number: state.steps.get(stepId)?.shards[0]?.attempts.length ?? 0 } });
}

function run(state: RunMachineState, stepId: string, kind: 'succeeded' | 'failed' | 'lost'): RunMachineState {
  const attempt = { stepId, shard: 0, number: state.steps.get(stepId)?.shards[0]?.attempts.length ?? 0 };
  return apply(take(state, stepId), kind === 'failed' ? { kind, attempt, final: false } : { kind, attempt });
}

function apply(state: RunMachineState, event: RunMachineEvent): RunMachineState {
  const next = transition(state, event);
  expect(next.accepted, JSON.stringify(event)).toBe(true);
  return next.state;
}

function stateOf(state: RunMachineState): Record<string, string> {
  return Object.fromEntries([...state.steps.values()].map((step) => [step.id, step.state]));
}

/** The cells of the table in machine.ts: `state event` to the states that may follow. */
async function readTable(): Promise<Map<string, string[]>> {
  const source = await readFile(new URL('./machine.ts', import.meta.url), 'utf8');
  const rows = source
    .split('\n')
    .filter((line) => line.startsWith(' * |') && !line.startsWith(' * |--'))
    .map((line) =>
      line
        .slice(4)
        .split('|')
        .map((cell) => cell.trim()),
    );
  const [header = [], ...body] = rows;
  const cells = body.flatMap((row) =>
    header.slice(1, -1).map((event, index): [string, string[]] => {
      const cell = row[index + 1] as string;
      return [`${row[0]} ${event}`, cell === '-' ? [] : cell.split(', ').sort()];
    }),
  );
  return new Map(cells);
}
