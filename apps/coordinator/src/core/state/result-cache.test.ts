import { NewRun, type RunView } from '@atelier/protocol';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import type { Viewer } from '../contracts/index.ts';
import { type TestEdge, type TestStudio, testStudio, textModel } from '../studio.test-support.ts';

const tasks = ['latent-walk', 'frames-to-video', 'text-to-image', 'text-generation'];
const models = [textModel('painter', tasks, { reproducible: true })];
let studio: TestStudio;
let edge: TestEdge;
const added: TestEdge[] = [];

beforeAll(async () => {
  studio = await testStudio();
});
beforeEach(async () => {
  edge = await another('A');
});
afterEach(async () => {
  for (const one of added.splice(0)) await studio.core.edges.revoke(one.id);
  await studio.database.pool.query('UPDATE outputs SET cache_key = NULL');
});
afterAll(() => studio.close());

async function another(name: string, offered = models): Promise<TestEdge> {
  const one = await studio.addEdge(name, offered, 2);
  added.push(one);
  return one;
}

const walk = (frames: number, more: object = {}) =>
  NewRun.parse({
    chain: {
      steps: [
        { id: 'walk', task: 'latent-walk', parameters: { frames, seed: 7 } },
        { id: 'film', task: 'frames-to-video', inputs: { frames: 'walk.frames' } },
      ],
    },
    ...more,
  });
const draw = NewRun.parse({ chain: { steps: [{ task: 'text-to-image', parameters: { seed: 1 } }] }, inputs: { prompt: { text: 'a red apple' } } });
const ended = (run: RunView) => ['succeeded', 'failed', 'cancelled'].includes(run.state);

async function play(request: NewRun, viewer: Viewer = studio.member): Promise<RunView> {
  const { id } = await studio.core.runs.create(viewer, request, {});
  const run = await studio.runUntil(id, ended);
  expect(run.state).toBe('succeeded');
  return run;
}

test('what a model computed before its files were replaced does not answer for the new ones', async () => {
  edge.computedWith = 'hash of the files before';
  const before = await play(draw);
  expect(before.steps[0]?.outputs[0]?.recipe.modelHash).toBe('hash of the files before');
  edge.computedWith = '';
  const after = await play(draw);
  expect([after.steps[0]?.cached, after.steps[0]?.attempts.length]).toEqual([0, 1]);
  expect((await play(draw)).steps[0]?.cached).toBe(1);
});

test('what was computed before is answered whole in the request that makes the run, without an attempt', async () => {
  const first = await play(walk(6));
  const orders = edge.orders.length;
  const second = await studio.core.runs.create(studio.member, walk(6), {});
  expect([second.state, edge.orders.length]).toEqual(['succeeded', orders]);
  expect(second.steps.map((step) => [step.state, step.cached, step.attempts.length, step.reused])).toEqual([
    ['succeeded', 6, 0, false],
    ['succeeded', 1, 0, false],
  ]);
  const hashes = (run: RunView) => run.steps.map((step) => step.outputs.map((output) => [output.index, output.hash]));
  expect(hashes(second)).toEqual(hashes(first));
  expect(second.steps[1]?.outputs[0]?.recipe.inputs).toEqual(first.steps[1]?.outputs[0]?.recipe.inputs);
  expect(second.steps[0]?.shards?.each.every((shard) => shard.state === 'succeeded' && shard.edgeId === null && shard.outputId !== null)).toBe(true);
  const ids = (run: RunView) => run.steps.flatMap((step) => step.outputs.map((output) => output.id));
  expect(ids(second).filter((id) => ids(first).includes(id))).toEqual([]);
});

test('a walk that is made longer renders only the frames between those that are there, and a longer one again', async () => {
  await play(walk(4));
  for (const [frames, fresh] of [
    [7, 3],
    [13, 6],
  ] as const) {
    const before = edge.orders.length;
    const run = await play(walk(frames));
    const rendered = edge.orders.slice(before).filter((order) => order.stepId === 'walk');
    expect([rendered.length, run.steps[0]?.cached]).toEqual([fresh, frames - fresh]);
    expect(rendered.every((order) => order.shard % 2 === 1)).toBe(true);
    expect(run.steps[0]?.outputs.map((output) => output.index)).toEqual(Array.from({ length: frames }, (_, index) => index));
    expect(run.steps[0]?.outputs.every((output) => output.recipe.parameters.frames === frames)).toBe(true);
  }
});

test('fresh computes everything, and so does again with fresh', async () => {
  const first = await play(walk(3));
  const count = () => edge.orders.length;
  const before = count();
  const fresh = await play(walk(3, { fresh: true }));
  expect([count() - before, fresh.steps.map((step) => step.cached)]).toEqual([4, [0, 0]]);
  const again = await studio.core.runs.again(studio.member, { id: first.id, seed: 'same', set: {}, fresh: true }, {});
  await studio.runUntil(again.id, ended);
  expect(count() - before).toBe(8);
  const cached = await studio.core.runs.again(studio.member, { id: first.id, seed: 'same', set: {}, fresh: false }, {});
  expect([cached.state, count() - before]).toEqual(['succeeded', 8]);
  const other = await studio.core.runs.again(studio.member, { id: first.id, seed: 'new', set: {}, fresh: false }, {});
  await studio.runUntil(other.id, ended);
  expect(count() - before).toBe(12);
});

test('results whose bytes are gone with their edge are computed', async () => {
  edge.keepsResults = true;
  await play(draw);
  expect((await studio.core.runs.create(studio.member, draw, {})).state).toBe('succeeded');
  await edge.disconnect();
  const second = await another('B');
  const run = await play(draw);
  expect([second.orders.length, run.steps[0]?.cached]).toEqual([1, 0]);
});

test('results of a revoked edge answer nothing, nor do copies of them in runs of others; what another edge made goes on answering', async () => {
  const first = await play(draw);
  const copied = await studio.core.runs.create(studio.other, draw, {});
  expect(copied.state).toBe('succeeded');
  const second = await another('B');
  await studio.core.edges.revoke(edge.id);
  const again = await play(draw);
  expect([second.orders.length, again.steps[0]?.cached, first.state]).toEqual([1, 0, 'succeeded']);
  await studio.restart();
  await second.connect();
  expect((await studio.core.runs.create(studio.member, draw, {})).state).toBe('succeeded');
  expect(second.orders.length).toBe(1);
});

test('results of a revoked edge that another run took over answer nothing either', async () => {
  const first = await play(walk(3));
  const again = await studio.core.runs.again(studio.member, { id: first.id, fromStep: 'film', set: {}, seed: 'same', fresh: true }, {});
  await studio.runUntil(again.id, ended);
  const second = await another('B');
  await studio.core.edges.revoke(edge.id);
  const asked = await play(walk(3));
  expect([second.orders.filter(({ stepId }) => stepId === 'walk').length, asked.steps[0]?.cached]).toEqual([3, 0]);
});

test('deleted results answer nothing', async () => {
  const run = await play(draw);
  await studio.database.pool.query('UPDATE outputs SET deleted_at = now() WHERE run_id = $1', [run.id]);
  const before = edge.orders.length;
  await play(draw);
  expect(edge.orders.length).toBe(before + 1);
});

test('another person gets the same picture, and it is in the gallery of each of them once', async () => {
  const first = await play(draw);
  const other = await studio.core.runs.create(studio.other, draw, {});
  const twice = await studio.core.runs.create(studio.other, draw, {});
  expect([other.state, twice.state, other.steps[0]?.outputs[0]?.hash]).toEqual(['succeeded', 'succeeded', first.steps[0]?.outputs[0]?.hash]);
  const { rows } = await studio.database.pool.query('SELECT user_id AS who, listed, caption FROM outputs WHERE run_id = ANY($1) ORDER BY id', [
    [first.id, other.id, twice.id],
  ]);
  expect(rows).toEqual([
    { who: 'member', listed: true, caption: 'a red apple' },
    { who: 'other', listed: true, caption: 'a red apple' },
    { who: 'other', listed: false, caption: 'a red apple' },
  ]);
});

test('a batch answers single pictures of the same seeds, each in its place', async () => {
  const batch = (count: number, seed: number) =>
    NewRun.parse({ chain: { steps: [{ task: 'text-to-image', parameters: { seed, count } }] }, inputs: { prompt: { text: 'a red apple' } } });
  const first = await play(batch(4, 10));
  const before = edge.orders.length;
  const third = await play(batch(1, 12));
  const shifted = await play(batch(3, 12));
  expect(edge.orders.length).toBe(before + 1);
  const hash = (run: RunView, index: number) => run.steps[0]?.outputs.find((output) => output.index === index)?.hash;
  expect([hash(third, 0), hash(shifted, 0), hash(shifted, 1)]).toEqual([hash(first, 2), hash(first, 2), hash(first, 3)]);
  expect(edge.orders.at(-1)?.shard).toBe(2);
});

test('a model that may change behind our back is always asked', async () => {
  await studio.core.edges.revoke(edge.id);
  const server = await another('C', [textModel('server', tasks)]);
  await play(draw);
  await play(draw);
  expect(server.orders.length).toBe(2);
});

test('results are found by the texts that led to them, through the steps between', async () => {
  const chain = {
    inputs: { topic: { modality: 'text' } },
    steps: [
      { id: 'words', task: 'text-generation', inputs: { prompt: 'inputs.topic' }, parameters: { seed: 3 } },
      {
        id: 'walk',
        task: 'latent-walk',
        parameters: { frames: 2, seed: 3, keyframes: [{ text: 0 }, { prompt: 'a green pear' }] },
        inputs: { prompts: 'words.text' },
      },
      { id: 'film', task: 'frames-to-video', inputs: { frames: 'walk.frames' } },
    ],
  };
  edge.behave = (order) => edge.succeed(order, 'a red apple');
  const run = await play(NewRun.parse({ chain, inputs: { topic: { text: 'fruit' } } }));
  const { rows } = await studio.database.pool.query('SELECT DISTINCT step_id AS step, caption, text, listed FROM outputs WHERE run_id = $1 ORDER BY 1', [
    run.id,
  ]);
  expect(rows).toEqual([
    { step: 'film', caption: 'a red apple · a green pear', text: null, listed: true },
    { step: 'walk', caption: 'a red apple · a green pear', text: null, listed: false },
    { step: 'words', caption: 'fruit', text: 'a red apple', listed: true },
  ]);
});
