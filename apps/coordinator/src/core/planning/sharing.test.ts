import { limits, NewRun, type RunEvent, type RunView, type WorkOrder } from '@atelier/protocol';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { type TestEdge, type TestStudio, testStudio, textModel } from '../studio.test-support.ts';

const models = [textModel('painter', ['latent-walk', 'frames-to-video', 'text-to-image'])];
let studio: TestStudio;
const added: TestEdge[] = [];

beforeAll(async () => {
  studio = await testStudio();
});
afterEach(async () => {
  for (const run of await studio.core.runs.list(studio.owner, { limit: 200 })) await studio.core.runs.cancel(studio.owner, run.id);
  for (const one of added.splice(0)) await studio.core.edges.revoke(one.id);
});
afterAll(() => studio.close());

async function another(name: string, slots = 1): Promise<TestEdge> {
  const one = await studio.addEdge(name, models, slots);
  added.push(one);
  return one;
}

const walk = (frames: number) =>
  NewRun.parse({
    chain: {
      steps: [
        { id: 'walk', task: 'latent-walk', parameters: { frames } },
        { id: 'film', task: 'frames-to-video', inputs: { frames: 'walk.frames' } },
      ],
    },
  });
const ended = (run: RunView) => ['succeeded', 'failed', 'cancelled'].includes(run.state);
const frames = (edge: TestEdge) => edge.orders.filter((order) => order.stepId === 'walk').map((order) => order.shard);
const numbers = (count: number) => Array.from({ length: count }, (_, index) => index);

/** Lets an edge work on one order at a time, each when it is told to. */
function stepwise(edge: TestEdge): { held: WorkOrder[]; go: () => Promise<void> } {
  const held: WorkOrder[] = [];
  edge.behave = (order) => void held.push(order);
  return { held, go: () => edge.succeed(held.shift() as WorkOrder) };
}

test('a walk of 12 frames is shared by three edges, each frame computed once and in its place, and the film reads them in order', async () => {
  const edges = [await another('A'), await another('B'), await another('C')];
  const { id } = await studio.core.runs.create(studio.member, walk(12), {});
  const run = await studio.runUntil(id, ended);
  const [made, film] = run.steps;
  expect(run.state).toBe('succeeded');
  expect(edges.flatMap(frames).sort((a, b) => a - b)).toEqual(numbers(12));
  expect(edges.every((edge) => frames(edge).length > 0)).toBe(true);
  expect(made?.outputs.map((output) => [output.port, output.index])).toEqual(numbers(12).map((index) => ['frames', index]));
  expect(made?.shards?.each.map((shard) => [shard.index, shard.state, shard.outputId])).toEqual(
    made?.outputs.map((output, index) => [index, 'succeeded', output.id]),
  );
  expect([made?.sharing.length, made?.attempts, film?.shards]).toEqual([3, [], null]);
  const order = edges.flatMap((edge) => edge.orders).find((one) => one.stepId === 'film');
  expect(order?.inputs.map((input) => [input.port, input.index, input.hash])).toEqual(made?.outputs.map((output, index) => ['frames', index, output.hash]));
});

test('frames are begun coarse to fine', async () => {
  const edge = await another('A');
  const { id } = await studio.core.runs.create(studio.member, walk(9), {});
  await studio.runUntil(id, ended);
  expect(frames(edge)).toEqual([0, 8, 4, 2, 6, 1, 3, 5, 7]);
});

test('an edge that vanishes in mid-walk costs the frame that it was on, and no other is begun twice', async () => {
  const [a, b, c] = [await another('A'), await another('B'), await another('C')];
  b.behave = async (_order, edge) => edge.disconnect();
  const { id } = await studio.core.runs.create(studio.member, walk(12), {});
  const run = await studio.runUntil(id, ended);
  expect(run.state).toBe('succeeded');
  expect(frames(b)).toHaveLength(1);
  expect([...frames(a), ...frames(c)].sort((x, y) => x - y)).toEqual(numbers(12));
  expect(run.steps[0]?.attempts.map((attempt) => [attempt.state, attempt.edgeId])).toEqual([['lost', b.id]]);
  expect(run.steps[0]?.sharing.map((offer) => offer.edgeName)).toEqual(expect.not.arrayContaining([b.name]));
});

test('an edge that joins in mid-walk helps', async () => {
  const a = await another('A');
  const { held, go } = stepwise(a);
  const { id } = await studio.core.runs.create(studio.member, walk(12), {});
  await a.next('work');
  await go();
  const b = await another('B');
  await b.next('work');
  await studio.runUntil(id, (run) => (run.steps[0]?.shards?.done ?? 0) >= 5);
  expect(frames(b).length).toBeGreaterThanOrEqual(4);
  expect(held).toHaveLength(1);
  a.behave = (order) => a.succeed(order);
  await go();
  expect((await studio.runUntil(id, ended)).state).toBe('succeeded');
});

test('after a restart of the coordinator only missing frames are rendered', async () => {
  const a = await another('A');
  const { held, go } = stepwise(a);
  const { id } = await studio.core.runs.create(studio.member, walk(6), {});
  for (const count of numbers(3)) {
    await a.next('work', count);
    await go();
  }
  await a.next('work', 3);
  await studio.restart();
  a.behave = (order) => a.succeed(order);
  await a.connect(held);
  await go();
  const run = await studio.runUntil(id, ended);
  expect(run.state).toBe('succeeded');
  expect(frames(a).sort((x, y) => x - y)).toEqual(numbers(6));
});

test('frames that only a vanished edge had are made again, and no others', async () => {
  const [a, b] = [await another('A'), await another('B')];
  b.keepsResults = true;
  const lastOfWalk = Promise.withResolvers<void>();
  a.behave = async (order) => {
    if (order.stepId === 'film' && frames(b).length > 0 && b.orders.length > 0) await lastOfWalk.promise;
    await a.succeed(order);
  };
  b.behave = async (order, edge) => {
    if (order.stepId === 'walk') await edge.succeed(order);
  };
  const { id } = await studio.core.runs.create(studio.member, walk(8), {});
  await studio.runUntil(id, (run) => run.steps[0]?.state === 'succeeded');
  const onlyAtB = frames(b).length;
  expect(onlyAtB).toBeGreaterThan(0);
  const before = frames(a).length;
  await b.disconnect();
  lastOfWalk.resolve();
  const filmStarted = a.orders.some((order) => order.stepId === 'film');
  const run = await studio.runUntil(id, ended);
  expect(run.state).toBe('succeeded');
  expect(run.steps[0]?.outputs).toHaveLength(8);
  expect(frames(a).length - before).toBe(filmStarted ? 0 : onlyAtB);
});

test('where the only edge is gone for good with frames that it alone had, another makes the rest, and then those', async () => {
  const a = await another('A');
  a.keepsResults = true;
  const { held, go } = stepwise(a);
  const { id } = await studio.core.runs.create(studio.member, walk(6), {});
  await a.next('work');
  await go();
  await a.next('work', 1);
  expect(held).toHaveLength(1);
  await a.disconnect();
  await studio.core.edges.revoke(a.id);
  const b = await another('B');
  const run = await studio.runUntil(id, ended);
  expect([run.state, run.error]).toEqual(['succeeded', null]);
  expect(frames(b).sort((x, y) => x - y)).toEqual(numbers(6));
});

test('an edge that was silent for too long takes part again when it speaks, though its socket stayed', async () => {
  const [a, b] = [await another('A'), await another('B')];
  a.behave = () => undefined;
  b.behave = () => undefined;
  const { id } = await studio.core.runs.create(studio.member, { ...walk(30), fresh: true }, {});
  await Promise.all([a.next('work'), b.next('work')]);
  b.fallSilent();
  await studio.runUntil(id, (run) => run.steps[0]?.attempts.some((attempt) => attempt.state === 'lost') === true);
  const before = b.orders.length;
  await b.heartbeat([]);
  await b.next('work', before);
  expect((await studio.core.runs.get(studio.member, id)).steps[0]?.sharing.map((offer) => offer.edgeId)).toContain(b.id);
});

test('a run that is continued makes frames again that were deleted for good, so that none is missing in its film', async () => {
  const a = await another('A');
  a.behave = (order) => (order.stepId === 'film' ? a.fail(order, 'damaged-media') : a.succeed(order));
  const { id } = await studio.core.runs.create(studio.member, { ...walk(6), fresh: true }, {});
  const run = await studio.runUntil(id, ended);
  const deleted = run.steps[0]?.outputs.slice(2, 4) ?? [];
  await studio.core.gallery.remove(
    studio.member,
    deleted.map((output) => output.id),
  );
  await studio.core.gallery.purge(new Date(Date.now() + 2 * limits.undoDays * 86_400_000), async () => undefined);
  a.behave = (order) => a.succeed(order);
  await studio.core.runs.continue(studio.member, id);
  expect((await studio.runUntil(id, ended)).state).toBe('succeeded');
  expect(
    a.orders
      .filter((order) => order.stepId === 'film')
      .at(-1)
      ?.inputs.map((input) => input.index),
  ).toEqual(numbers(6));
});

test('a frame that fails on one edge is made on another, and an edge where several fail gets no more', async () => {
  const [a, b] = [await another('A'), await another('B')];
  b.behave = (order) => b.fail(order);
  const { id } = await studio.core.runs.create(studio.member, walk(12), {});
  const run = await studio.runUntil(id, ended);
  expect(run.state).toBe('succeeded');
  expect(frames(a).sort((x, y) => x - y)).toEqual(numbers(12));
  expect(frames(b).length).toBeLessThanOrEqual(3);
});

test('a batch of pictures is shared too', async () => {
  const edges = [await another('A'), await another('B')];
  for (const edge of edges) stepwise(edge);
  const batch = NewRun.parse({ chain: { steps: [{ task: 'text-to-image', parameters: { count: 4 } }] }, inputs: { prompt: { text: 'a pear' } } });
  const { id } = await studio.core.runs.create(studio.member, batch, {});
  for (const edge of edges) await edge.next('work');
  expect(edges.map((edge) => edge.orders.length)).toEqual([1, 1]);
  await studio.core.runs.cancel(studio.member, id);
  for (const edge of edges) await edge.next('cancel');
});

test('watchers hear of each frame by itself and seldom of the whole step', async () => {
  const edge = await another('A');
  const go = Promise.withResolvers<void>();
  edge.behave = async (order) => {
    await go.promise;
    await edge.succeed(order);
  };
  const { id } = await studio.core.runs.create(studio.member, walk(30), {});
  const events: RunEvent[] = [];
  for await (const event of studio.core.runs.watch(studio.member, id, AbortSignal.timeout(300_000))) {
    events.push(event);
    go.resolve();
  }
  const done = events.flatMap((event) => (event.kind === 'shard' && event.shard.state === 'succeeded' ? [event] : []));
  const run = await studio.core.runs.get(studio.member, id);
  expect(new Map(done.map((event) => [event.shard.index, event.shard.outputId]))).toEqual(
    new Map(run.steps[0]?.outputs.map((output) => [output.index, output.id])),
  );
  expect(done.every((event) => event.stepId === 'walk' && event.total === 30 && event.shard.edgeId === edge.id)).toBe(true);
  expect(events.filter((event) => event.kind === 'step' && event.step.id === 'walk').length).toBeLessThan(10);
  expect(events.at(-1)).toEqual({ kind: 'ended', state: 'succeeded' });
});

test('watchers hear at once that a run is paused and goes on, also where its step looks as before', async () => {
  const a = await another('A');
  a.behave = () => undefined;
  const { id } = await studio.core.runs.create(studio.member, { ...walk(400), fresh: true }, {});
  await a.next('work');
  const seen: string[] = [];
  for await (const event of studio.core.runs.watch(studio.member, id, AbortSignal.timeout(300_000))) {
    if (event.kind === 'snapshot') await studio.core.runs.pause(studio.member, id);
    // The whole view of a step of 400 frames would come seconds later, and bring the run's state with it.
    if (event.kind === 'step') seen.push('step');
    if (event.kind !== 'run') continue;
    seen.push(event.run.state);
    if (event.run.state === 'running') break;
    await studio.core.runs.resume(studio.member, id);
  }
  expect(seen).toEqual(['paused', 'running']);
});
