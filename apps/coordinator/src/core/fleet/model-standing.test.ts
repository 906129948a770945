import { modelHash } from '@atelier/models';
import { NewRun, type RunView, type WorkOrder } from '@atelier/protocol';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { type TestEdge, type TestStudio, testStudio, textModel } from '../studio.test-support.ts';

const tasks = ['latent-walk', 'frames-to-video', 'text-to-image'];
const painter = textModel('painter', tasks, { reproducible: true });
const server = textModel('server', tasks);
const mine = textModel('mine', tasks, { reproducible: true });
const another = 'f'.repeat(64);
let studio: TestStudio;
const added: TestEdge[] = [];

beforeAll(async () => {
  studio = await testStudio({}, [painter, server]);
});
afterEach(async () => {
  for (const run of await studio.core.runs.list(studio.owner, { limit: 200 })) await studio.core.runs.cancel(studio.owner, run.id);
  for (const one of added.splice(0)) await studio.core.edges.revoke(one.id);
});
afterAll(() => studio.close());

async function edgeWith(name: string, model = painter, stated = ''): Promise<TestEdge> {
  const one = await studio.addEdge(name, [model]);
  added.push(one);
  if (stated !== '') await restate(one, stated);
  return one;
}

/** An edge that says from now on that its model has another hash. */
async function restate(edge: TestEdge, stated: string): Promise<void> {
  edge.stated = stated;
  await edge.connect([]);
}

/** Names of edges that were revoked stay taken: `A-2` is the second A. */
const letter = (name: string) => name.slice(0, 1);
const ended = (run: RunView) => ['succeeded', 'failed', 'cancelled'].includes(run.state);
const draw = (seed: number, edge?: TestEdge) =>
  NewRun.parse({
    chain: { steps: [{ task: 'text-to-image', parameters: { seed }, ...(edge && { edge: edge.id }) }] },
    inputs: { prompt: { text: 'a pear' } },
  });
const walk = (frames: number, seed: number) =>
  NewRun.parse({
    chain: {
      steps: [
        { id: 'walk', task: 'latent-walk', parameters: { frames, seed } },
        { task: 'frames-to-video', inputs: { frames: 'walk.frames' } },
      ],
    },
  });

async function play(request: NewRun): Promise<RunView> {
  const { id } = await studio.core.runs.create(studio.member, request, {});
  const run = await studio.runUntil(id, ended);
  expect(run.state).toBe('succeeded');
  return run;
}
const cached = async (request: NewRun) => (await play(request)).steps[0]?.cached;
const standings = async () =>
  (await studio.core.edges.list())
    .map(({ name, models }) => [letter(name), models.map(({ standing }) => standing).join()])
    .sort(([a = ''], [b = '']) => (a < b ? -1 : 1));

test('a hash that the catalogue does not have serves, and neither enters nor leaves the result cache', async () => {
  const honest = await edgeWith('A');
  const odd = await edgeWith('B', painter, another);
  expect(await standings()).toEqual([
    ['A', 'catalogue'],
    ['B', 'differs'],
  ]);
  const made = await play(draw(1, odd));
  expect(made.steps[0]?.outputs[0]?.recipe.modelHash).toBe(another);
  expect([await cached(draw(1, honest)), await cached(draw(1, honest))]).toEqual([0, 1]);
  expect([await cached(draw(1, odd)), await cached(draw(1, odd))]).toEqual([0, 0]);
});

test('who says one hash of what it offers and another of what it made is believed in neither', async () => {
  const honest = await edgeWith('A');
  const first = await edgeWith('B', painter, another);
  first.computedWith = modelHash(painter);
  const second = await edgeWith('C');
  second.computedWith = another;
  await play(draw(2, first));
  await play(draw(3, second));
  expect([await cached(draw(2, honest)), await cached(draw(3, honest))]).toEqual([0, 0]);
});

test('whether results may be kept is said by the catalogue, not by the edge', async () => {
  await edgeWith('A', { ...server, reproducible: true });
  expect(await standings()).toEqual([['A', 'catalogue']]);
  expect([await cached(draw(4)), await cached(draw(4))]).toEqual([0, 0]);
});

test('own models are used, and edges that state the same hash have the same', async () => {
  const [a, b] = [await edgeWith('A', mine), await edgeWith('B', mine)];
  const other = await edgeWith('C', mine, another);
  expect(await standings()).toEqual([
    ['A', 'own'],
    ['B', 'own'],
    ['C', 'own'],
  ]);
  await play(draw(5, a));
  expect([await cached(draw(5, b)), await cached(draw(5, other))]).toEqual([1, 0]);
  const run = await studio.core.runs.create(studio.member, walk(12, 5), {});
  const names = run.steps[0]?.sharing.map(({ edgeName }) => letter(edgeName)).sort();
  expect(names).toEqual(['A', 'B']);
});

test('edges whose hash is not that of the catalogue share no step, not even with each other', async () => {
  for (const name of ['A', 'B']) await edgeWith(name, painter, another);
  const run = await studio.core.runs.create(studio.member, walk(12, 6), {});
  expect(run.steps[0]?.sharing).toHaveLength(1);
  const late = await edgeWith('C', painter, another);
  await studio.runUntil(run.id, ended);
  expect(late.orders.filter((order) => order.stepId === 'walk')).toEqual([]);
});

test('an edge whose files change in mid-walk takes no further part, and what it made with them is not a frame', async () => {
  const [a, b] = [await edgeWith('A'), await edgeWith('B')];
  const held: WorkOrder[] = [];
  a.behave = () => undefined;
  b.behave = (order) => void held.push(order);
  const { id } = await studio.core.runs.create(studio.member, walk(8, 7), {});
  await Promise.all([a.next('work'), b.next('work')]);
  expect(held[0]?.modelHash).toBe(modelHash(painter));
  b.stated = another;
  b.computedWith = another;
  await b.connect(held);
  const said = (await studio.core.runs.get(studio.member, id)).steps[0]?.sharing.map(({ edgeName }) => letter(edgeName));
  await b.succeed(held[0] as WorkOrder);
  const attempts = (await studio.core.runs.get(studio.member, id)).steps[0]?.attempts.filter(({ state }) => state === 'failed');
  expect(attempts?.map(({ error }) => error?.message)).toEqual([expect.stringMatching(/^B.* has other files of painter than this step is shared with\.$/)]);
  a.behave = (order) => a.succeed(order);
  await a.succeed(a.orders[0] as WorkOrder);
  const run = await studio.runUntil(id, ended);
  expect([run.state, said, held.length]).toEqual(['succeeded', ['A'], 1]);
  expect(new Set(run.steps[0]?.outputs.map(({ recipe }) => recipe.modelHash))).toEqual(new Set([modelHash(painter)]));
});

test('after a restart a step is still shared only with the hash that it was planned with', async () => {
  const a = await edgeWith('A');
  const held: WorkOrder[] = [];
  a.behave = (order) => void held.push(order);
  const { id } = await studio.core.runs.create(studio.member, walk(4, 8), {});
  await a.next('work');
  await studio.restart();
  a.stated = another;
  a.computedWith = another;
  await a.connect(held);
  await a.succeed(held[0] as WorkOrder);
  const [step] = (await studio.core.runs.get(studio.member, id)).steps;
  expect([step?.outputs, step?.attempts[0]?.state]).toEqual([[], 'failed']);
});
