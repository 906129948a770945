import type { EdgeId } from '@atelier/protocol';
import { randomFrom } from '@atelier/seeded';
import { expect, test } from 'vitest';
import type { RunMachineEvent } from './events.ts';
import { transition } from './machine.ts';
import { windowOf } from './sharing.ts';
import { type Binding, beginRun, liveAttempt, type MachineStep, type RunMachineState } from './state.ts';

const edge = (name: string) => name as EdgeId;
const binding = (name: string, secondsPerShard = 1, slots = 1): Binding => ({ edgeId: edge(name), modelId: 'model', slots, secondsPerShard });

interface Speeds {
  /** What a shard truly takes, by edge. */
  readonly seconds: Readonly<Record<string, number>>;
  /** What is predicted; left out, the truth. */
  readonly predicted?: Readonly<Record<string, number>>;
  readonly slots?: number;
  readonly shards: number;
}

/** What happens to edges in a simulation: one dies with all that it works on, or one joins. */
interface Happening {
  readonly at: number;
  readonly kind: 'dies' | 'joins';
  readonly edge: string;
}

interface Played {
  readonly makespan: number;
  readonly step: MachineStep;
  /** Shards in the order in which they were begun. */
  readonly begun: readonly number[];
}

/** Plays a step of many shards on edges of given speeds, event by event, by a clock of its own. */
function play(speeds: Speeds, happenings: readonly Happening[] = []): Played {
  const names = Object.keys(speeds.seconds).filter((name) => !happenings.some((one) => one.kind === 'joins' && one.edge === name));
  const predicted = (name: string) => binding(name, (speeds.predicted ?? speeds.seconds)[name], speeds.slots);
  let state = beginRun([{ id: 'walk', reads: [], shards: speeds.shards, done: false }]);
  const dead = new Set<string>();
  const running: Array<{ end: number; edge: string; shard: number; number: number; began: number }> = [];
  const begun: number[] = [];
  const left = [...happenings].sort((a, b) => a.at - b.at);
  let now = 0;
  const apply = (event: RunMachineEvent) => {
    const next = transition(state, event);
    expect(next.accepted, JSON.stringify(event)).toBe(true);
    state = next.state;
    begin();
  };
  apply({ kind: 'planned', basedOn: 0, bindings: { walk: names.map(predicted) } });
  while (state.state === 'running') {
    const first = running.sort((a, b) => a.end - b.end)[0];
    const happening = left[0];
    if (happening && (!first || happening.at <= first.end)) happen(left.shift() as Happening);
    else if (first) finish(first);
    else throw new Error('Nothing runs and nothing will happen.');
  }
  return { makespan: now, step: stepOf(state), begun };

  function begin(): void {
    for (const shard of stepOf(state).shards) {
      const live = liveAttempt(shard);
      if (live?.state !== 'queued' || dead.has(live.edgeId)) continue;
      if (running.filter((one) => one.edge === live.edgeId).length >= (speeds.slots ?? 1)) continue;
      const took = transition(state, { kind: 'taken', attempt: { stepId: 'walk', shard: shard.index, number: live.number } });
      state = took.state;
      begun.push(shard.index);
      running.push({ end: now + (speeds.seconds[live.edgeId] as number), began: now, edge: live.edgeId, shard: shard.index, number: live.number });
    }
  }

  function finish(one: (typeof running)[number]): void {
    now = one.end;
    running.splice(running.indexOf(one), 1);
    apply({ kind: 'succeeded', attempt: { stepId: 'walk', shard: one.shard, number: one.number }, seconds: now - one.began });
  }

  function happen(happening: Happening): void {
    now = happening.at;
    if (happening.kind === 'joins') apply({ kind: 'shared', stepId: 'walk', sharing: [predicted(happening.edge)] });
    else dead.add(happening.edge);
    for (const one of running.filter((other) => dead.has(other.edge))) {
      running.splice(running.indexOf(one), 1);
      apply({ kind: 'lost', attempt: { stepId: 'walk', shard: one.shard, number: one.number } });
    }
  }
}

const stepOf = (state: RunMachineState) => state.steps.get('walk') as MachineStep;
const ideal = ({ seconds, shards, slots = 1 }: Speeds) => shards / Object.values(seconds).reduce((sum, one) => sum + slots / one, 0);

const fleets: Array<[string, Speeds]> = [
  ['one edge', { seconds: { a: 1 }, shards: 240 }],
  ['equal edges', { seconds: { a: 1, b: 1, c: 1, d: 1 }, shards: 240 }],
  ['a fast one and a slow one', { seconds: { a: 1, b: 10 }, shards: 240 }],
  ['edges of four speeds', { seconds: { a: 0.5, b: 1.3, c: 2.9, d: 6.1 }, shards: 240 }],
  ['sixteen unequal edges', { seconds: Object.fromEntries(Array.from({ length: 16 }, (_, index) => [`e${index}`, 0.4 + index * 0.1])), shards: 240 }],
  ['edges of two slots', { seconds: { a: 1, b: 3, c: 5 }, slots: 2, shards: 240 }],
  ['edges that were taken for equal', { seconds: { a: 0.5, b: 1, c: 4 }, predicted: { a: 1, b: 1, c: 1 }, shards: 240 }],
  ['edges that were taken for their opposites', { seconds: { a: 0.5, b: 1, c: 4 }, predicted: { a: 4, b: 1, c: 0.5 }, shards: 240 }],
];

for (const [name, speeds] of fleets) {
  test(`${name} end within 10 % of the ideal time for 240 shards`, () => {
    const { makespan, step } = play(speeds);
    expect(step.state).toBe('succeeded');
    expect(makespan / ideal(speeds)).toBeLessThan(1.1);
  });
}

test('random fleets end within 10 % of the ideal, and each shard is computed once', () => {
  for (let seed = 1; seed <= 60; seed += 1) {
    const random = randomFrom(seed);
    const seconds = Object.fromEntries(Array.from({ length: 1 + Math.floor(random() * 8) }, (_, index) => [`e${index}`, 0.2 + random() * 3]));
    const speeds = { seconds, shards: 240, slots: 1 + Math.floor(random() * 2) };
    const { makespan, step } = play(speeds);
    expect(makespan / ideal(speeds), `seed ${seed}`).toBeLessThan(1.1);
    expect(step.shards.map((shard) => shard.attempts.filter((one) => one.state === 'succeeded').length)).toEqual(Array(240).fill(1));
  }
});

test('a killed edge costs at most what it had begun: no other shard is begun twice', () => {
  for (let seed = 1; seed <= 40; seed += 1) {
    const random = randomFrom(seed);
    const speeds = { seconds: { a: 0.5 + random(), b: 0.5 + random(), c: 0.5 + random() }, shards: 60, slots: 1 + Math.floor(random() * 2) };
    const { step, begun } = play(speeds, [{ at: 1 + random() * 8, kind: 'dies', edge: 'b' }]);
    expect(step.state).toBe('succeeded');
    const lost = step.shards.filter((shard) => shard.attempts.some((one) => one.state === 'lost'));
    expect(lost.length, `seed ${seed}`).toBeLessThanOrEqual(speeds.slots);
    expect(begun.length, `seed ${seed}`).toBe(60 + lost.length);
  }
});

test('an edge that joins halfway takes its part of what is left', () => {
  const speeds = { seconds: { a: 1, b: 1 }, shards: 100 };
  const { makespan, step } = play(speeds, [{ at: 50, kind: 'joins', edge: 'b' }]);
  expect(makespan).toBeLessThanOrEqual(77);
  expect(step.sharing.map((one) => one.edgeId)).toEqual(['a', 'b']);
});

test('shards are begun in the order of their ranks', () => {
  const order = [4, 0, 3, 1, 2];
  const begun = beginRun([{ id: 'walk', reads: [], shards: 5, order, done: false }]);
  let { state } = transition(begun, { kind: 'planned', basedOn: 0, bindings: { walk: [binding('a')] } });
  const seen: number[] = [];
  while (state.state === 'running') {
    const waiting = stepOf(state).shards.filter((shard) => liveAttempt(shard)?.state === 'queued');
    const next = waiting.sort((a, b) => a.rank - b.rank)[0] ?? (undefined as never);
    const attempt = { stepId: 'walk', shard: next.index, number: 1 };
    seen.push(next.index);
    state = transition(transition(state, { kind: 'taken', attempt }).state, { kind: 'succeeded', attempt }).state;
  }
  expect(seen).toEqual(order);
});

test('a slow edge takes no shard that the others would have done before it', () => {
  const { state } = transition(beginRun([{ id: 'walk', reads: [], shards: 4, done: false }]), {
    kind: 'planned',
    basedOn: 0,
    bindings: { walk: [binding('slow', 100), binding('fast', 1, 2)] },
  });
  expect(new Set(stepOf(state).shards.flatMap((shard) => liveAttempt(shard)?.edgeId ?? []))).toEqual(new Set(['fast']));
});

test('a shard that failed on an edge goes to another, and comes back where there is no other', () => {
  const failed = (bindings: Binding[]) => {
    let { state } = transition(beginRun([{ id: 'walk', reads: [], shards: 2, done: false }]), { kind: 'planned', basedOn: 0, bindings: { walk: bindings } });
    const shard = stepOf(state).shards.find((one) => liveAttempt(one)?.edgeId === 'a');
    const attempt = { stepId: 'walk', shard: shard?.index ?? -1, number: 1 };
    state = transition(state, { kind: 'taken', attempt }).state;
    state = transition(state, { kind: 'failed', attempt, final: false }).state;
    return liveAttempt(stepOf(state).shards[attempt.shard] as never)?.edgeId;
  };
  expect(failed([binding('a'), binding('b')])).toBe('b');
  expect(failed([binding('a')])).toBe('a');
});

test('what waits on a busy edge is taken back for one that has nothing to do', () => {
  let { state } = transition(beginRun([{ id: 'walk', reads: [], shards: 2, done: false }]), {
    kind: 'planned',
    basedOn: 0,
    bindings: { walk: [binding('a')] },
  });
  state = transition(state, { kind: 'taken', attempt: { stepId: 'walk', shard: 0, number: 1 } }).state;
  const { state: after, accepted } = transition(state, { kind: 'shared', stepId: 'walk', sharing: [binding('b')] });
  expect(accepted).toBe(true);
  expect(stepOf(after).shards[1]?.attempts.map(({ edgeId, state: one }) => [edgeId, one])).toEqual([
    ['a', 'withdrawn'],
    ['b', 'queued'],
  ]);
});

test('edges of another model, edges that share it already and a step of one piece are refused', () => {
  const steps = [
    { id: 'walk', reads: [], shards: 2, done: false },
    { id: 'one', reads: [], shards: 1, done: false },
  ];
  const { state } = transition(beginRun(steps), { kind: 'planned', basedOn: 0, bindings: { walk: [binding('a')], one: [binding('a')] } });
  const accepted = (stepId: string, sharing: Binding[]) => transition(state, { kind: 'shared', stepId, sharing }).accepted;
  expect(accepted('walk', [binding('a')])).toBe(false);
  expect(accepted('walk', [{ ...binding('b'), modelId: 'other' }])).toBe(false);
  expect(accepted('one', [binding('b')])).toBe(false);
  expect(accepted('walk', [binding('b')])).toBe(true);
});

test('a step is shared only with the hash that it was planned with', () => {
  const of = (name: string, modelHash?: string) => ({ ...binding(name), modelHash });
  const planned = (...sharing: Binding[]) =>
    transition(beginRun([{ id: 'walk', reads: [], shards: 4, done: false }]), { kind: 'planned', basedOn: 0, bindings: { walk: sharing } }).state;
  const names = (state: RunMachineState) => stepOf(state).sharing.map(({ edgeId }) => edgeId);
  const state = planned(of('a', 'h'), of('b', 'other'), of('c', 'h'));
  expect(names(state)).toEqual(['a', 'c']);
  expect(stepOf(state).shards.flatMap((shard) => shard.attempts.map(({ modelHash }) => modelHash))).toEqual(['h', 'h', 'h', 'h']);
  const share = (...sharing: Binding[]) => names(transition(state, { kind: 'shared', stepId: 'walk', sharing }).state);
  expect(share(of('b', 'other'), of('d', 'h'))).toEqual(['a', 'c', 'd']);
  expect(share(of('b'))).toEqual(['a', 'c']);
});

test('a shard that ends after its step lost its edges makes a plan outdated that does not know with what it was made', () => {
  const attempt = { stepId: 'walk', shard: 0, number: 1 };
  let state = transition(beginRun([{ id: 'walk', reads: [], shards: 3, done: false }]), {
    kind: 'planned',
    basedOn: 0,
    bindings: { walk: [binding('a')] },
  }).state;
  state = transition(state, { kind: 'taken', attempt }).state;
  state = transition(state, { kind: 'withdrawn', attempt: { ...attempt, shard: 1 } }).state;
  const plan = { kind: 'planned', basedOn: state.planVersion, bindings: { walk: [binding('b')] } } as const;
  expect(transition(state, plan).accepted).toBe(true);
  expect(transition(transition(state, { kind: 'succeeded', attempt }).state, plan).accepted).toBe(false);
});

test('what the result cache had is done, the rest is computed, and a step that it had whole needs no attempt', () => {
  const steps = [
    { id: 'walk', reads: [], shards: 4, done: false, ask: true },
    { id: 'film', reads: ['walk'], shards: 1, done: false, ask: true },
  ];
  const planned = transition(beginRun(steps), { kind: 'planned', basedOn: 0, bindings: { walk: [binding('a')], film: [binding('a')] } });
  expect(planned.commands).toEqual([{ kind: 'ask', stepId: 'walk' }]);
  const some = transition(planned.state, { kind: 'answered', stepId: 'walk', shards: [0, 2] }).state;
  expect(stepOf(some).shards.map((shard) => [shard.done, shard.cached, liveAttempt(shard)?.state])).toEqual([
    [true, true, undefined],
    [false, false, 'queued'],
    [true, true, undefined],
    [false, false, 'queued'],
  ]);
  const all = transition(planned.state, { kind: 'answered', stepId: 'walk', shards: [0, 1, 2, 3] });
  expect(all.commands).toEqual([{ kind: 'ask', stepId: 'film' }]);
  expect(transition(all.state, { kind: 'answered', stepId: 'film', shards: [0] }).state.state).toBe('succeeded');
});

test('only the shards whose results are gone run again', () => {
  const { step } = play({ seconds: { a: 1 }, shards: 3 });
  const steps = [
    { id: 'walk', reads: [], shards: 3, done: true },
    { id: 'film', reads: ['walk'], shards: 1, done: false },
  ];
  expect(step.state).toBe('succeeded');
  const begun = transition(beginRun(steps), { kind: 'planned', basedOn: 0, bindings: { film: [binding('a')] } }).state;
  const again = transition(begun, { kind: 'redo', shards: { walk: [1] } });
  expect([again.state.state, stepOf(again.state).shards.map((shard) => shard.done)]).toEqual(['planning', [true, false, true]]);
});

test('an edge is never given more than its window', () => {
  const { state } = transition(beginRun([{ id: 'walk', reads: [], shards: 50, done: false }]), {
    kind: 'planned',
    basedOn: 0,
    bindings: { walk: [binding('a', 1, 3)] },
  });
  expect(stepOf(state).shards.filter(liveAttempt)).toHaveLength(windowOf(binding('a', 1, 3)));
});
