import { NewRun, type RunView, type WorkOrder } from '@atelier/protocol';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { type TestEdge, type TestStudio, testStudio, textModel } from '../studio.test-support.ts';

const painter = textModel('painter', ['latent-walk', 'frames-to-video', 'text-to-image', 'image-upscaling'], { reproducible: true });
let studio: TestStudio;
const added: TestEdge[] = [];

beforeAll(async () => {
  studio = await testStudio({}, [painter]);
});
afterEach(async () => {
  for (const run of await studio.core.runs.list(studio.owner, { limit: 200 })) await studio.core.runs.cancel(studio.owner, run.id);
  for (const one of added.splice(0)) await studio.core.edges.revoke(one.id);
  await studio.core.doubleChecks.set(0);
  await studio.database.pool.query('UPDATE outputs SET cache_key = NULL');
});
afterAll(() => studio.close());

async function another(name: string, { slots = 1, ...more }: Partial<Pick<TestEdge, 'lie' | 'about'>> & { slots?: number } = {}): Promise<TestEdge> {
  const one = await studio.addEdge(name, [painter], slots);
  added.push(Object.assign(one, more));
  if (more.about) await one.connect();
  return one;
}

const ended = (run: RunView) => ['succeeded', 'failed', 'cancelled'].includes(run.state);
const draw = (seed: number, edge?: TestEdge) =>
  NewRun.parse({ chain: { steps: [{ task: 'text-to-image', parameters: { seed }, ...(edge && { edge: edge.id }) }] }, inputs: { prompt: { text: 'a plum' } } });

async function play(request: NewRun): Promise<RunView> {
  const { id } = await studio.core.runs.create(studio.member, request, {});
  const run = await studio.runUntil(id, ended);
  expect(run.state).toBe('succeeded');
  return run;
}

/** What an edge was given, as it can tell orders apart. */
const asOrdered = ({ attemptId: _attempt, fence: _fence, inputs, ...order }: WorkOrder) => ({
  ...order,
  inputs: inputs.map(({ tickets, ...input }) => ({ ...input, tickets: tickets.map(({ from }) => from) })),
});
const counts = async () => {
  const { rows } = await studio.database.pool.query(
    'SELECT (SELECT count(*)::int FROM outputs) AS outputs, (SELECT count(*)::int FROM measurements) AS measured',
  );
  return rows[0];
};
const compared = async () => Object.fromEntries((await studio.core.doubleChecks.view()).edges.map(({ edgeId, compared: count }) => [edgeId, count]));
/** Once an edge was told that a result of its is decided. */
const decided = (edge: TestEdge, after = 0) => edge.next('ack', after);

test('nothing is computed twice unless an owner says so, and a share outside of 0 to 100 is none', async () => {
  const [a, b] = [await another('A'), await another('B')];
  await play(draw(1, a));
  expect([b.orders.length, await studio.core.doubleChecks.view()]).toMatchObject([0, { percent: 0, waiting: 0, open: 0 }]);
});

test('another edge computes a result again by the same order, is left alone meanwhile, and what comes of it changes nothing of the run', async () => {
  const [a, b] = [await another('A'), await another('B')];
  b.behave = async (order) => {
    await b.heartbeat();
    await b.succeed(order);
  };
  await studio.core.doubleChecks.set(100);
  const walk = { chain: { steps: [{ id: 'walk', task: 'latent-walk', edge: a.id, parameters: { frames: 2, seed: 2 } }] } };
  const run = await play(NewRun.parse(walk));
  const before = await counts();
  await decided(b, 1);
  expect(b.orders.map(asOrdered).sort((x, y) => x.shard - y.shard)).toEqual(a.orders.map(asOrdered).sort((x, y) => x.shard - y.shard));
  expect(b.received.filter(({ kind }) => kind === 'cancel' || kind === 'prove')).toEqual([]);
  expect([await counts(), await studio.core.runs.get(studio.member, run.id)]).toEqual([before, run]);
  expect(await compared()).toEqual({ [a.id]: 2, [b.id]: 2 });
  expect(await studio.core.doubleChecks.view()).toMatchObject({ waiting: 0, open: 0, disagreements: [] });
});

test('its tickets are renewed while it runs, as those of any other order, and not afterwards', async () => {
  const [a, b] = [await another('A'), await another('B')];
  await studio.core.doubleChecks.set(100);
  b.behave = () => undefined;
  await play(draw(14, a));
  const { order } = await b.next('work');
  const token = order.inputs[0]?.tickets[0]?.token as string;
  expect(await studio.core.edges.renewTickets(b.id, token)).toMatchObject([{ from: 'coordinator' }]);
  await expect(studio.core.edges.renewTickets(a.id, token)).rejects.toMatchObject({ code: 'forbidden' });
  await b.succeed(order);
  await decided(b);
  await expect(studio.core.edges.renewTickets(b.id, token)).rejects.toMatchObject({ code: 'forbidden' });
});

test('where two edges differ the owner sees who said what, and neither answers until it is dismissed', async () => {
  const [honest, liar] = [await another('A'), await another('B', { lie: ' but not quite' })];
  await studio.core.doubleChecks.set(100);
  const run = await play(draw(3, liar));
  await decided(honest);
  const { open, disagreements } = await studio.core.doubleChecks.view();
  const [one] = disagreements;
  const values = { image: [run.steps[0]?.outputs[0]?.hash] };
  expect([open, one]).toMatchObject([
    1,
    { task: 'text-to-image', modelId: 'painter', runId: run.id, shard: 0, maker: { edgeId: liar.id, values }, checker: { edgeId: honest.id } },
  ]);
  expect(one?.checker.values).not.toEqual(values);
  await studio.core.doubleChecks.set(0);
  expect((await play(draw(3, liar))).steps[0]?.cached).toBe(0);
  await expect(studio.core.doubleChecks.dismiss(run.id)).rejects.toMatchObject({ code: 'not-found' });
  expect((await studio.core.doubleChecks.dismiss(one?.id as string)).disagreements).toEqual([]);
  expect((await play(draw(3))).steps[0]?.cached).toBe(1);
});

test('with an edge that is revoked its disagreements end, and what others made answers again', async () => {
  const [honest, liar] = [await another('A'), await another('B', { lie: ' but not quite' })];
  await studio.core.doubleChecks.set(100);
  await play(draw(4, honest));
  await decided(liar);
  await studio.core.doubleChecks.set(0);
  expect((await studio.core.doubleChecks.view()).open).toBe(1);
  expect((await play(draw(4, honest))).steps[0]?.cached).toBe(0);
  await studio.core.edges.revoke(liar.id);
  expect((await studio.core.doubleChecks.view()).open).toBe(0);
  expect((await play(draw(4, honest))).steps[0]?.cached).toBe(1);
});

test('edges of another release, system or kind of device are not compared, nor ones with other files', async () => {
  const a = await another('A');
  const gpu = { devices: [{ driver: 'command', device: 'cuda', reason: '' }] };
  const others = [await another('B', { about: { version: '1' } }), await another('C', { about: { platform: 'other' } }), await another('D', { about: gpu })];
  const odd = await another('E');
  odd.stated = 'f'.repeat(64);
  await odd.connect();
  await studio.core.doubleChecks.set(100);
  await play(draw(5, a));
  const same = await another('F', { about: { cpu: 'another processor' } });
  await play(draw(6, a));
  await decided(same);
  expect([...others, odd].flatMap(({ orders }) => orders)).toEqual([]);
});

test('a run is never delayed: what it made is computed again only when it has ended', async () => {
  const [a, b] = [await another('A', { slots: 2 }), await another('B')];
  await studio.core.doubleChecks.set(100);
  const chain = {
    steps: [
      { task: 'text-to-image', edge: a.id, parameters: { seed: 7 } },
      { task: 'image-upscaling', edge: a.id },
    ],
  };
  const held = Promise.withResolvers<WorkOrder>();
  a.behave = (order) => (order.task === 'image-upscaling' ? held.resolve(order) : a.succeed(order));
  const { id } = await studio.core.runs.create(studio.member, NewRun.parse({ chain, inputs: { prompt: { text: 'a plum' } } }), {});
  const last = await held.promise;
  const other = await play(draw(8, a));
  await decided(b);
  expect(b.orders.map(({ runId }) => runId)).toEqual([other.id]);
  await a.succeed(last);
  await studio.runUntil(id, ended);
  await decided(b, 2);
  expect(b.orders.slice(1).map(({ runId, task }) => [runId, task])).toEqual([
    [id, 'text-to-image'],
    [id, 'image-upscaling'],
  ]);
});

test('it gives way to work, and is begun again when its edge has nothing else to do', async () => {
  const [a, b] = [await another('A'), await another('B')];
  await studio.core.doubleChecks.set(100);
  b.behave = (order, edge) => (order.parameters.seed === 9 ? undefined : edge.succeed(order));
  await play(draw(9, a));
  const first = await b.next('work');
  expect((await studio.core.edges.list()).map(({ id, checking }) => [id, checking])).toEqual(expect.arrayContaining([[b.id, 1]]));
  await play(draw(10, b));
  expect((await b.next('cancel')).attemptId).toBe(first.order.attemptId);
  await b.next('work', 2);
  const again = b.orders.filter(({ parameters }) => parameters.seed === 9);
  expect(again.map(({ attemptId }) => attemptId === first.order.attemptId)).toEqual([true, false]);
  b.behave = (order) => b.succeed(order);
  await b.succeed(again[1] as WorkOrder);
  await decided(b, 1);
  expect((await compared())[b.id]).toBeGreaterThan(0);
});

test('what waits is begun again after a restart of the coordinator, and not where it is switched off', async () => {
  const [a, b] = [await another('A'), await another('B')];
  await studio.core.doubleChecks.set(100);
  b.behave = () => undefined;
  await play(draw(11, a));
  await b.next('work');
  await studio.restart();
  for (const edge of [a, b]) await edge.connect();
  const again = await b.next('work', 1);
  expect(b.orders.map(({ parameters }) => parameters.seed)).toEqual([11, 11]);
  await studio.core.doubleChecks.set(0);
  expect((await b.next('cancel')).attemptId).toBe(again.order.attemptId);
  expect((await studio.core.doubleChecks.view()).waiting).toBe(0);
});

test('what an edge made that is revoked meanwhile is compared with nothing', async () => {
  const [maker, checker] = [await another('A', { lie: ' but not quite' }), await another('B')];
  await studio.core.doubleChecks.set(100);
  checker.behave = () => undefined;
  await play(draw(15, maker));
  const { order } = await checker.next('work');
  await studio.core.edges.revoke(maker.id);
  await checker.succeed(order);
  await decided(checker);
  expect(await studio.core.doubleChecks.view()).toMatchObject({ open: 0, waiting: 0 });
});

test('one that fails three times is given up', async () => {
  const [a, b] = [await another('A'), await another('B')];
  await studio.core.doubleChecks.set(100);
  b.behave = (order) => b.fail(order);
  await play(draw(12, a));
  await decided(b, 2);
  b.behave = (order) => b.succeed(order);
  await play(draw(13, a));
  await decided(b, 3);
  expect(b.orders.map(({ parameters }) => parameters.seed)).toEqual([12, 12, 12, 13]);
});
