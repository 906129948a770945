import { type Plan, type PlannedStep, type Prediction, type RejectedOffer, type ResolvedChain, resolveChain, type StepView } from '@atelier/protocol';
import { expect, test } from 'vitest';
import { layOut, sizes } from './layout.ts';
import { paceOf, remainingOf } from './pace.ts';

const prediction = (start: number, end: number): Prediction => ({
  queueSeconds: 0,
  transferSeconds: 0,
  transferBytes: 0,
  loadSeconds: 0,
  runSeconds: end - start,
  startSeconds: start,
  endSeconds: end,
  runSecondsLow: (end - start) * 0.8,
  runSecondsHigh: (end - start) * 1.5,
  basis: 'measured',
  samples: 9,
});
const offer = (edge: string, model: string) => ({ edgeId: edge, edgeName: edge, modelId: model, modelName: model }) as PlannedStep['offer'];
const planned = (stepId: string, edge: string, model: string, start: number, end: number): PlannedStep => ({
  stepId,
  task: stepId,
  offer: offer(edge, model),
  prediction: prediction(start, end),
  sharing: [],
});
const chain: ResolvedChain = resolveChain({ steps: ['text-generation', 'text-to-image'] });
const best: Plan = { totalSeconds: 3, steps: [planned('text-generation', 'Server2', 'llama', 0, 1), planned('text-to-image', 'Server10', 'starter', 1, 3)] };
const second: Plan = { totalSeconds: 4, steps: [best.steps[0] as PlannedStep, planned('text-to-image', 'Server2', 'starter', 1, 4)] };
const lost: RejectedOffer[] = [
  { stepId: 'text-to-image', offer: offer('Server2', 'starter'), reason: 'slower', totalSeconds: 4, prediction: prediction(1, 4), detail: '1.0 s slower' },
  { stepId: 'text-to-image', offer: offer('Server2', 'large'), reason: 'too-little-memory', totalSeconds: null, prediction: null, detail: 'needs 8 GB' },
];

test('rows are machines in the order of their names, with numbers as numbers', () => {
  expect(layOut({ chain, plans: [best], rejected: [] }, 600).rows.map((row) => row.name)).toEqual(['Server2', 'Server10']);
});

test('each offer is one dot with its standing and the reason why it lost', () => {
  const { dots } = layOut({ chain, plans: [best, second], rejected: lost }, 600);
  expect(dots.map((dot) => [dot.stepId, dot.offer.modelName, dot.offer.edgeName, dot.standing, dot.detail])).toEqual([
    ['text-generation', 'llama', 'Server2', 'chosen', null],
    ['text-to-image', 'large', 'Server2', 'unusable', 'needs 8 GB'],
    ['text-to-image', 'starter', 'Server2', 'runner-up', '1.0 s slower'],
    ['text-to-image', 'starter', 'Server10', 'chosen', null],
  ]);
});

test('no two dots lie on each other and all lie inside the picture', () => {
  const { dots, width, height } = layOut({ chain, plans: [best, second], rejected: lost }, 600);
  expect(new Set(dots.map((dot) => `${dot.x}:${dot.y}`)).size).toBe(dots.length);
  expect(dots.every((dot) => dot.x > sizes.labels && dot.x < width && dot.y > sizes.head && dot.y < height)).toBe(true);
});

test('the chosen line is drawn last, over the runners-up, and begins at the input', () => {
  const { links } = layOut({ chain, plans: [best, second], rejected: lost }, 600);
  expect(links.at(-1)?.rank).toBe(0);
  expect(links.filter((link) => link.rank === 0).map((link) => [link.from, link.to])).toEqual([
    ['text-generation', 'text-to-image'],
    [null, 'text-generation'],
  ]);
});

test('a narrow page puts names over their rows, and scrolls rather than squeezing columns further', () => {
  const narrow = layOut({ chain, plans: [best], rejected: [] }, 320);
  expect([narrow.narrow, narrow.width]).toEqual([true, 320]);
  expect(layOut({ chain, plans: [best], rejected: [] }, 120).width).toBeGreaterThan(120);
});

test('a diamond draws both lines into the step that reads twice', () => {
  const diamond = resolveChain({
    steps: [
      { id: 'a', task: 'text-generation' },
      { id: 'b', task: 'text-to-image' },
      { id: 'c', task: 'image-to-video', inputs: { image: 'b.image', prompt: 'a.text' } },
    ],
  });
  const plan: Plan = { totalSeconds: 3, steps: ['a', 'b', 'c'].map((id, index) => planned(id, 'one', 'm', index, index + 1)) };
  expect(layOut({ chain: diamond, plans: [plan], rejected: [] }, 600).links.filter((link) => link.to === 'c')).toHaveLength(2);
});

const step = (id: string, startedAt: string | null, endedAt: string | null): StepView => ({ id, task: id, startedAt, endedAt, reused: false }) as StepView;
const at = (seconds: number) => new Date(Date.UTC(2026, 0, 1) + seconds * 1000).toISOString();

test('the real pace grows with the clock and widens the span when it overtakes the prediction', () => {
  const run = { plan: best, steps: [step('text-generation', at(0), at(2)), step('text-to-image', at(2), null)], startedAt: at(0), endedAt: null };
  const pace = paceOf(run, new Date(at(5)));
  expect(pace).toMatchObject({ span: 5, predictedSeconds: 3, elapsedSeconds: 5, lanes: 1 });
  expect(pace.real.map((stretch) => [stretch.start, stretch.end, stretch.running])).toEqual([
    [0, 2, false],
    [2, 5, true],
  ]);
});

test('steps that run at the same time lie in lanes', () => {
  const run = { plan: null, steps: [step('a', at(0), at(2)), step('b', at(1), at(3)), step('c', at(2), at(4))], startedAt: at(0), endedAt: at(4) };
  expect(paceOf(run, new Date(at(9))).real.map((stretch) => stretch.lane)).toEqual([0, 1, 0]);
});

test('the remaining time is a range, and says when a step takes longer than it ever did', () => {
  const running = { prediction: prediction(0, 10) };
  expect(remainingOf(running, 4, null)).toEqual({ kind: 'range', low: 4, high: 11 });
  expect(remainingOf(running, 20, null)).toEqual({ kind: 'longer', expected: 15 });
  expect(remainingOf({ prediction: null }, 1, null)).toEqual({ kind: 'unknown' });
  expect(remainingOf(running, 20, 0)).toEqual({ kind: 'longer', expected: 15 });
  expect(remainingOf(running, 4, 2)).toEqual({ kind: 'range', low: 1.6, high: 2.5 });
});

test('a step whose result was taken over is a place without an offer, and lines begin there', () => {
  const rest: Plan = { totalSeconds: 2, steps: [best.steps[1] as PlannedStep] };
  const { kept, links, dots } = layOut({ chain, plans: [rest], rejected: [] }, 600);
  expect(kept.map((place) => place.stepId)).toEqual(['text-generation']);
  expect(dots.map((dot) => dot.stepId)).toEqual(['text-to-image']);
  expect(links.map((link) => [link.from, link.to])).toEqual([['text-generation', 'text-to-image']]);
});

test('a step that edges share has a dot for each, with a line into every one and out of every one', () => {
  const film = resolveChain({ steps: ['latent-walk', 'frames-to-video'] });
  const share = (edge: string) => ({ offer: offer(edge, 'starter'), secondsPerShard: 0.4, slots: 1 });
  const walk = { ...planned('latent-walk', 'Server1', 'starter', 0, 4), sharing: ['Server1', 'Server2', 'Server10'].map(share) };
  const shared: Plan = { totalSeconds: 5, steps: [walk, planned('frames-to-video', 'Server2', 'media', 4, 5)] };
  const rejected: RejectedOffer[] = [
    { stepId: 'latent-walk', offer: offer('Server2', 'starter'), reason: 'slower', totalSeconds: 6, prediction: null, detail: 'slower' },
  ];
  const { dots, links } = layOut({ chain: film, plans: [shared], rejected }, 700);
  expect(dots.filter((dot) => dot.stepId === 'latent-walk').map((dot) => [dot.offer.edgeName, dot.standing])).toEqual([
    ['Server1', 'chosen'],
    ['Server2', 'sharing'],
    ['Server10', 'sharing'],
  ]);
  expect(links.map((link) => `${link.from ?? 'input'} ${link.to} ${link.fork ? 'fork' : 'whole'}`).sort()).toEqual([
    'input latent-walk fork',
    'input latent-walk fork',
    'input latent-walk whole',
    'latent-walk frames-to-video fork',
    'latent-walk frames-to-video fork',
    'latent-walk frames-to-video fork',
  ]);
  expect(new Set(links.map((link) => link.key)).size).toBe(links.length);
});
