import { setImmediate } from 'node:timers/promises';
import { NewRun, type RunView } from '@atelier/protocol';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { type TestEdge, type TestStudio, testStudio, textModel } from '../studio.test-support.ts';

const models = [textModel('writer')];

let studio: TestStudio;
let edge: TestEdge;
const added: TestEdge[] = [];

beforeAll(async () => {
  studio = await testStudio();
});
beforeEach(async () => {
  edge = await another('Server1');
});
afterEach(async () => {
  for (const run of await studio.core.runs.list(studio.owner, { limit: 200 })) await studio.core.runs.cancel(studio.owner, run.id);
  for (const one of added.splice(0)) await studio.core.edges.revoke(one.id);
});
afterAll(() => studio.close());

/** An edge for one test: what another test left cannot reach it. */
async function another(name: string, slots = 2): Promise<TestEdge> {
  const one = await studio.addEdge(name, models, slots);
  added.push(one);
  return one;
}

const line = NewRun.parse({ chain: 'text-generation, text-generation', inputs: { input: { text: 'a red apple' } } });

test('an edge that falls silent loses its lease, another edge finishes, and the late result is refused but acknowledged', async () => {
  edge.behave = (_order, silent) => silent.fallSilent();
  const { id } = await studio.core.runs.create(studio.member, line, {});
  await edge.next('work');
  const second = await another('Server2');
  const run = await studio.runUntil(id, ended);
  expect(run.state).toBe('succeeded');
  const [lost, won] = run.steps[0]?.attempts ?? [];
  expect([lost?.state, lost?.edgeId, won?.state, won?.edgeId]).toEqual(['lost', edge.id, 'succeeded', second.id]);
  expect(Number(won?.fence)).toBeGreaterThan(Number(lost?.fence));
  const [late] = edge.orders;
  await edge.succeed(late as never, 'too late');
  expect(await edge.next('ack')).toMatchObject({ attemptId: late?.attemptId });
  expect((await studio.core.runs.get(studio.member, id)).steps[0]?.outputs).toEqual(run.steps[0]?.outputs);
});

test('a result with a fencing number that is not its own is refused', async () => {
  edge.behave = async (order) => {
    await edge.succeed({ ...order, fence: order.fence + 1 }, 'forged');
    await edge.succeed(order);
    await edge.succeed(order, 'said twice');
  };
  const { id } = await studio.core.runs.create(studio.member, line, {});
  const run = await studio.runUntil(id, ended);
  expect(run.steps.map((step) => step.outputs.length)).toEqual([1, 1]);
  expect(run.steps[0]?.outputs[0]?.sizeBytes).toBe('text-generation on '.length + edge.id.length);
});

test('heartbeats keep a lease for longer than it lasts, and an edge that holds what was taken from it is told to stop', async () => {
  edge.behave = () => undefined;
  const { id } = await studio.core.runs.create(studio.member, line, {});
  const { order } = await edge.next('work');
  await anotherLeaseEnds(id);
  expect((await studio.core.runs.get(studio.member, id)).steps[0]?.attempts.map((attempt) => attempt.state)).toEqual(['leased']);
  await studio.core.runs.cancel(studio.member, id);
  await edge.heartbeat([order]);
  expect(await edge.next('cancel', 1)).toMatchObject({ attemptId: order.attemptId });
});

/** Waits for longer than a lease: until an attempt that a silent edge holds is lost. */
async function anotherLeaseEnds(keep: string): Promise<void> {
  const silent = await another('Silent');
  silent.behave = () => silent.fallSilent();
  const pinned = NewRun.parse({ ...line, chain: { steps: [{ task: 'text-generation', edge: silent.name }] } });
  const { id } = await studio.core.runs.create(studio.member, pinned, {});
  expect(id).not.toBe(keep);
  await studio.runUntil(id, (run) => run.steps[0]?.attempts[0]?.state === 'lost');
}

test('an edge that comes back without an attempt has lost it, and gets it again where nobody else offers the step', async () => {
  edge.behave = () => undefined;
  const { id } = await studio.core.runs.create(studio.member, line, {});
  await edge.next('work');
  await edge.disconnect();
  edge.behave = (order) => edge.succeed(order);
  await edge.connect();
  const run = await studio.runUntil(id, ended);
  expect(run.steps[0]?.attempts.map((attempt) => attempt.state)).toEqual(['lost', 'succeeded']);
});

test('a run whose edge went away waits with the reason, and goes on when one comes', async () => {
  edge.behave = async (order) => {
    await edge.disconnect();
    await edge.succeed(order).catch(() => undefined);
  };
  const { id } = await studio.core.runs.create(studio.member, line, {});
  const waiting = await studio.runUntil(id, (run) => run.state === 'planning' && run.error !== null);
  expect(waiting.error).toMatchObject({ code: 'no-offer', message: expect.stringContaining('Waits for an edge') });
  await another('Server2');
  const run = await studio.runUntil(id, ended);
  expect([run.state, run.error]).toEqual(['succeeded', null]);
});

test('runs of higher priority start first, then older ones', async () => {
  const [slow] = await Promise.all([another('Slow', 1)]);
  await studio.core.edges.revoke(edge.id);
  slow.behave = () => undefined;
  const one = NewRun.parse({ chain: 'text-generation', inputs: { input: { text: 'a' } } });
  const running = await studio.core.runs.create(studio.member, one, {});
  const { order } = await slow.next('work');
  const low = await studio.core.runs.create(studio.member, one, {});
  const high = await studio.core.runs.create(studio.member, { ...one, priority: 10 }, {});
  slow.behave = (next) => slow.succeed(next);
  await slow.succeed(order);
  for (const run of [running, low, high]) await studio.runUntil(run.id, ended);
  expect(slow.orders.map((each) => each.runId)).toEqual([running.id, high.id, low.id]);
});

test('an edge that connects again at any moment while something is queued for it starts that at once', async () => {
  for (let round = 0; round < 30; round += 1) {
    const making = studio.core.runs.create(studio.member, { ...line, fresh: true }, {});
    for (let turn = 0; turn < round * 8; turn += 1) await setImmediate();
    await edge.connect(edge.orders.slice(-1));
    const { id } = await making;
    expect((await studio.runUntil(id, ended)).state).toBe('succeeded');
  }
});

test('a drained edge gives its waiting attempts away and finishes what it runs', async () => {
  edge.behave = () => undefined;
  const runs = await Promise.all(Array.from({ length: 4 }, () => studio.core.runs.create(studio.member, line, {})));
  await edge.next('work', 1);
  const second = await another('Server2');
  await studio.core.edges.drain(edge.id, true);
  for (const order of edge.orders) await edge.succeed(order);
  const ends = await Promise.all(runs.map((run) => studio.runUntil(run.id, ended)));
  expect(ends.map((run) => run.state)).toEqual(Array(4).fill('succeeded'));
  expect(edge.orders.length).toBe(2);
  expect(second.orders.length).toBe(6);
});

function ended(run: RunView): boolean {
  return ['succeeded', 'failed', 'cancelled'].includes(run.state);
}
