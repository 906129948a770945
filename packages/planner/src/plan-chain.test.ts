import { type EdgeId, type PlanSet, type ResolvedChain, resolveChain } from '@atelier/protocol';
import { randomFrom } from '@atelier/seeded';
import { expect, test } from 'vitest';
import type { FleetSnapshot, PlanOptions } from './fleet.ts';
import { planChain } from './plan-chain.ts';
import { type Problem, poseProblem } from './problem.ts';
import { diamond, edgeId, type FleetShape, mainJob, manifest, randomFleet, repeated } from './random-fleet.ts';
import { playThrough } from './schedule.ts';

const seeds = Array.from({ length: 60 }, (_, number) => number + 1);

/** Totals of all bindings there are, least first. */
function bruteForce(problem: Problem): number[] {
  let bindings: number[][] = [[]];
  for (const step of problem.steps) bindings = bindings.flatMap((binding) => step.candidates.map((_, choice) => [...binding, choice]));
  return bindings.map((binding) => playThrough(problem, binding).totalSeconds).sort((a, b) => a - b);
}

function expectExact(chain: ResolvedChain, fleet: FleetSnapshot, options: PlanOptions, label: string): PlanSet {
  const all = bruteForce(poseProblem(chain, fleet, options));
  const planned = planChain(chain, fleet, options);
  expect(planned.gapSeconds, label).toBe(0);
  expect(planned.plans.length, label).toBe(Math.min(options.count, all.length));
  for (const [rank, plan] of planned.plans.entries()) expect(plan.totalSeconds, `${label}, rank ${rank}`).toBeCloseTo(all[rank] as number, 6);
  const names = planned.plans.map((plan) => JSON.stringify(plan.steps.map((step) => step.offer)));
  expect(new Set(names).size, label).toBe(names.length);
  return planned;
}

const shapes: [string, ResolvedChain, Partial<FleetShape>][] = [
  ['a line', mainJob, {}],
  ['a line with queues', mainJob, { queues: 'some' }],
  ['a line with scarce memory', mainJob, { queues: 'some', memory: 'scarce' }],
  ['a line that repeats a task', repeated, { queues: 'some' }],
  ['a repeating line with scarce memory', repeated, { memory: 'scarce' }],
  ['a diamond', diamond, { queues: 'some' }],
  ['a diamond with scarce memory', diamond, { queues: 'some', memory: 'scarce' }],
];

for (const [name, chain, more] of shapes) {
  test(`${name}: the best plans are those that trying everything finds`, () => {
    for (const seed of seeds) {
      const tasks = [...new Set(chain.steps.map((step) => step.task))];
      const fleet = randomFleet(randomFrom(seed), { edges: 3, tasks, models: 2, density: 0.55, queues: 'none', memory: 'plenty', ...more });
      expectExact(chain, fleet, { count: 5 }, `${name}, seed ${seed}`);
    }
  });

  test(`${name}: no loser claims to beat the best, and each claim can be reached`, () => {
    for (const seed of seeds.slice(0, 25)) {
      const tasks = [...new Set(chain.steps.map((step) => step.task))];
      const fleet = randomFleet(randomFrom(seed), { edges: 3, tasks, models: 1, density: 0.8, queues: 'none', memory: 'plenty', ...more });
      const problem = poseProblem(chain, fleet, { count: 1 });
      const planned = planChain(chain, fleet, { count: 1 });
      const usable = problem.steps.reduce((sum, step) => sum + step.candidates.length, 0);
      expect(planned.rejected.length, `seed ${seed}`).toBe(usable - chain.steps.length);
      for (const lost of planned.rejected) {
        const pinned = {
          ...chain,
          steps: chain.steps.map((step) => (step.id === lost.stepId ? { ...step, model: lost.offer.modelId, edge: lost.offer.edgeId } : step)),
        };
        const least = planChain(pinned, fleet, { count: 1 }).plans[0]?.totalSeconds as number;
        expect(lost.totalSeconds as number, `seed ${seed}: ${lost.stepId} on ${lost.offer.edgeName}`).toBeGreaterThanOrEqual(least - 1e-6);
        if (name === 'a line') expect(lost.totalSeconds as number, `seed ${seed}`).toBeCloseTo(least, 6);
        expect(lost.detail).toMatch(/\.$/);
      }
    }
  });
}

test('a slower link never makes the best plan quicker, nor any plan through it', () => {
  for (const seed of seeds) {
    const random = randomFrom(seed);
    const fleet = randomFleet(random, { edges: 4, tasks: mainJob.steps.map((step) => step.task), models: 1, density: 0.7, queues: 'some', memory: 'plenty' });
    const at = Math.floor(random() * fleet.links.length);
    const links = fleet.links.map((link, number) =>
      number === at ? { ...link, bytesPerSecond: link.bytesPerSecond / 3, latencySeconds: link.latencySeconds * 2 } : link,
    );
    const before = planChain(mainJob, fleet, { count: 4 }).plans;
    const after = planChain(mainJob, { ...fleet, links }, { count: 4 }).plans;
    for (const [rank, plan] of after.entries()) expect(plan.totalSeconds, `seed ${seed}`).toBeGreaterThanOrEqual((before[rank]?.totalSeconds as number) - 1e-9);
  }
});

test('another edge never makes the best plan slower', () => {
  for (const seed of seeds) {
    const fleet = randomFleet(randomFrom(seed), {
      edges: 4,
      tasks: mainJob.steps.map((step) => step.task),
      models: 1,
      density: 0.7,
      queues: 'some',
      memory: 'plenty',
    });
    const fewer = { ...fleet, edges: fleet.edges.slice(0, 3), histories: fleet.histories };
    const total = (one: FleetSnapshot) => planChain(mainJob, one, { count: 1 }).plans[0]?.totalSeconds as number;
    expect(total(fleet), `seed ${seed}`).toBeLessThanOrEqual(total(fewer) + 1e-9);
  }
});

const draw = { ...mainJob, steps: mainJob.steps.slice(2, 3).map((step) => ({ ...step, inputs: { prompt: ['inputs.audio'] } })) };
const oneModel = (quality = 0.5) => ({ manifest: manifest('sd', ['text-to-image'], { quality }), modelHash: 'sd', state: 'ready' as const, loaded: true });
const edge = (number: number, more = {}) => ({
  id: edgeId(number),
  name: `Server${number}`,
  state: 'online' as const,
  slots: 1,
  modelMemoryBytes: 1e9,
  relayOnly: false,
  queuedSeconds: 0,
  models: [oneModel()],
  ...more,
});
const fleetOf = (...edges: FleetSnapshot['edges']): FleetSnapshot => ({ edges, links: [], histories: [], outputs: [] });

test('among equals the better quality wins, then the name', () => {
  const byName = planChain(draw, fleetOf(edge(2), edge(1)), { count: 2 });
  expect(byName.plans.map((plan) => plan.steps[0]?.offer.edgeName)).toEqual(['Server1', 'Server2']);
  const byQuality = planChain(draw, fleetOf(edge(1), edge(2, { models: [oneModel(0.9)] })), { count: 2 });
  expect(byQuality.plans[0]?.steps[0]?.offer.edgeName).toBe('Server2');
  expect(byQuality.rejected[0]?.detail).toContain('quality');
});

test('every offer that cannot be used says why', () => {
  const pulling = { ...oneModel(), state: 'pulling' as const };
  const fleet = fleetOf(
    edge(1),
    edge(2, { state: 'away' }),
    edge(3, { state: 'draining' }),
    edge(4, { models: [pulling] }),
    edge(5, { modelMemoryBytes: 10 }),
    edge(6),
    edge(7, { queuedSeconds: 9 }),
  );
  const { rejected } = planChain(draw, fleet, { count: 1, masked: [{ edgeId: edgeId(6), why: 'it stopped answering' }] });
  expect(Object.fromEntries(rejected.map((one) => [one.offer.edgeName, one.reason]))).toEqual({
    Server2: 'edge-away',
    Server3: 'edge-draining',
    Server4: 'model-not-ready',
    Server5: 'too-little-memory',
    Server6: 'edge-masked',
    Server7: 'slower',
  });
  expect(rejected.find((one) => one.offer.edgeName === 'Server7')?.detail).toBe('9.0 s slower: other work waits ahead of it, 9.0 s.');
});

test('a model with one size is not asked for another, and is where the step leaves a side to it', () => {
  const square = { ...oneModel(1), manifest: manifest('square', ['text-to-image'], { quality: 1, pictureSide: 128, pictureSizes: 'own' }) };
  const asked = (parameters: Record<string, unknown>) => ({ ...draw, steps: draw.steps.map((step) => ({ ...step, parameters })) });
  const fleet = fleetOf(edge(1, { models: [square] }), edge(2));
  const taken = (parameters: Record<string, unknown>) => planChain(asked(parameters), fleet, { count: 1 }).plans[0]?.steps[0]?.offer.modelId;
  expect([taken({}), taken({ width: 128 }), taken({ width: 128, height: 128 }), taken({ width: 128, height: 192 }), taken({ height: 64 })]).toEqual([
    'square',
    'square',
    'square',
    'sd',
    'sd',
  ]);
  expect(planChain(asked({ height: 64 }), fleet, { count: 1 }).rejected).toMatchObject([{ offer: { modelId: 'square' }, reason: 'size-not-drawn' }]);
  expect(() => planChain(asked({ height: 64 }), fleetOf(edge(1, { models: [square] })), { count: 1 })).toThrow(
    expect.objectContaining({ code: 'no-offer', hint: 'square draws 128 × 128 pixels and no other size.' }),
  );
});

test('a task that nobody offers names the model to pull', () => {
  const catalogue = [manifest('sd', ['text-to-image'])];
  expect(() => planChain(draw, fleetOf(edge(1, { models: [] })), { count: 1, catalogue })).toThrow(
    expect.objectContaining({ code: 'no-offer', hint: 'Pull a model for it: atelier models pull sd.' }),
  );
});

test('a finished step is not planned again and its result is fetched from where it lies', () => {
  const film = { manifest: manifest('film', ['image-to-video']), modelHash: 'film', state: 'ready' as const, loaded: true };
  const fleet = fleetOf(edge(1, { models: [film] }), edge(2, { models: [film] }));
  const settled = new Map(
    mainJob.steps.slice(0, 3).map((step) => [step.id, { kind: 'finished' as const, outputs: { image: { bytes: 5e7, at: [edgeId(2)] } } }]),
  );
  const plan = planChain(mainJob, fleet, { count: 1, settled }).plans[0];
  expect(plan?.steps.map((step) => [step.stepId, step.offer.edgeName, step.prediction.transferBytes])).toEqual([['image-to-video', 'Server2', 0]]);
});

test('parallel steps on one slot wait for each other, and on two slots they do not', () => {
  const twice: ResolvedChain = { ...draw, steps: ['a', 'b'].map((id) => ({ ...(draw.steps[0] as ResolvedChain['steps'][number]), id })) };
  const total = (slots: number) => planChain(twice, fleetOf(edge(1, { slots })), { count: 1 }).plans[0]?.totalSeconds as number;
  expect(total(1)).toBeCloseTo(2 * total(2), 6);
});

test('a graph too wide for an exact search still gets a plan, with the gap stated', () => {
  const wide: ResolvedChain = {
    ...draw,
    steps: Array.from({ length: 24 }, (_, number) => ({ ...(draw.steps[0] as ResolvedChain['steps'][number]), id: `draw-${number}` })),
  };
  const fleet = randomFleet(randomFrom(5), { edges: 5, tasks: ['text-to-image'], models: 2, density: 1, queues: 'some', memory: 'plenty' });
  const { plans, gapSeconds } = planChain(wide, fleet, { count: 3 });
  expect(plans).toHaveLength(3);
  expect(gapSeconds).toBeGreaterThanOrEqual(0);
  expect(gapSeconds).toBeLessThan((plans[0]?.totalSeconds as number) * 0.6);
});

const walk = resolveChain({ steps: [{ task: 'latent-walk', parameters: { frames: 240, steps: 4, guidanceScale: 1 } }] });
const walker = (id: string, more = {}) => ({
  manifest: manifest(id, ['latent-walk'], more),
  modelHash: `hash of ${id}`,
  state: 'ready' as const,
  loaded: true,
});
/** Seconds of one frame, measured often enough that nothing else counts. */
const measured = (edgeNumber: number, modelId: string, seconds: number) => {
  const per = seconds / 4;
  return { edgeId: edgeId(edgeNumber), modelId, task: 'latent-walk', warm: { median: per, low: per, high: per, samples: 1e9 }, cold: null, load: null };
};

test('a step of many shards is shared by all edges with its model, quickest first, and none of them is a loser', () => {
  const models = [walker('sd')];
  const fleet = {
    ...fleetOf(edge(1, { models }), edge(2, { models }), edge(3, { models })),
    histories: [1, 2, 4].map((seconds, at) => measured(at + 1, 'sd', seconds)),
  };
  const { plans, rejected } = planChain(walk, fleet, { count: 3 });
  const step = plans[0]?.steps[0];
  expect(step?.sharing.map((share) => [share.offer.edgeName, Math.round(share.secondsPerShard * 100) / 100])).toEqual([
    ['Server1', 1],
    ['Server2', 2],
    ['Server3', 4],
  ]);
  expect(step?.offer.edgeName).toBe('Server1');
  expect(step?.prediction.runSeconds).toBeGreaterThan(240 / 1.75 - 0.01);
  expect(step?.prediction.runSeconds).toBeLessThan(240 / 1.75 + 4);
  expect([plans.length, rejected]).toEqual([1, []]);
});

test('two middling edges with one model beat a quicker edge with another, and the loser says why', () => {
  const fleet = {
    ...fleetOf(edge(1, { models: [walker('fast')] }), edge(2, { models: [walker('sd')] }), edge(3, { models: [walker('sd')] })),
    histories: [measured(1, 'fast', 1), measured(2, 'sd', 1.5), measured(3, 'sd', 1.5)],
  };
  const { plans, rejected } = planChain(walk, fleet, { count: 1 });
  expect(plans[0]?.steps[0]?.sharing.map((share) => share.offer.edgeName)).toEqual(['Server2', 'Server3']);
  expect(rejected.map((one) => [one.offer.edgeName, one.reason])).toEqual([['Server1', 'slower']]);
  const pictures = planChain(walk, { ...fleet, edges: fleet.edges.slice(0, 2) }, { count: 1 });
  expect(pictures.plans[0]?.steps[0]?.offer.edgeName).toBe('Server1');
});

test('edges with other files under the same name do not share, and a queue or an unread model counts', () => {
  const models = [walker('sd', { prior: { loadSeconds: 40, runSeconds: 1 } })];
  const other = [{ ...walker('sd'), modelHash: 'another' }];
  const apart = planChain(walk, fleetOf(edge(1, { models }), edge(2, { models: other })), { count: 1 });
  expect(apart.plans[0]?.steps[0]?.sharing).toHaveLength(1);
  const histories = [measured(1, 'sd', 1), measured(2, 'sd', 1)];
  const total = (more: object) =>
    planChain(walk, { ...fleetOf(edge(1, { models }), edge(2, { models, ...more })), histories }, { count: 1 }).plans[0]?.totalSeconds ?? 0;
  expect(total({})).toBeCloseTo(120, 3);
  expect(total({ queuedSeconds: 60 })).toBeCloseTo(150, 3);
  expect(total({ queuedSeconds: 1000 })).toBeCloseTo(240, 3);
  expect(total({ slots: 2 })).toBeCloseTo(80, 3);
  expect(total({ models: models.map((one) => ({ ...one, loaded: false })) })).toBeCloseTo(140, 3);
});

test('a model that is not what the catalogue says shares with nobody, and only who began a step with it goes on', () => {
  const apart = [{ ...walker('sd'), apart: true }];
  const fleet = fleetOf(edge(1, { models: apart }), edge(2, { models: apart }));
  expect(planChain(walk, fleet, { count: 1 }).plans[0]?.steps[0]?.sharing.map((share) => [share.offer.edgeName, share.modelHash])).toEqual([
    ['Server1', 'hash of sd'],
  ]);
  const begun = (...edgeIds: EdgeId[]) => new Map([['latent-walk', { modelId: 'sd', modelHash: 'hash of sd', edgeIds }]]);
  expect(planChain(walk, fleet, { count: 1, begun: begun(edgeId(2)) }).plans[0]?.steps[0]?.offer.edgeName).toBe('Server2');
  expect(() => planChain(walk, fleet, { count: 1, begun: begun() })).toThrow(expect.objectContaining({ code: 'no-offer' }));
});

test('a step that was begun with one model goes on with it, and waits where nobody has it', () => {
  const fleet = fleetOf(edge(1, { models: [walker('sd')] }), edge(2, { models: [walker('other', { quality: 1 })] }));
  const begun = new Map([['latent-walk', { modelId: 'sd', modelHash: 'hash of sd', edgeIds: [] }]]);
  expect(planChain(walk, fleet, { count: 1, begun }).plans[0]?.steps[0]?.offer.modelId).toBe('sd');
  const gone = { ...fleet, edges: fleet.edges.slice(1) };
  expect(() => planChain(walk, gone, { count: 1, begun })).toThrow(expect.objectContaining({ code: 'no-offer', hint: expect.stringContaining('sd') }));
});
