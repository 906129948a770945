import { NewRun, type RunView, type WorkOrder } from '@atelier/protocol';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { newKey, type TestEdge, type TestStudio, testStudio } from './studio.test-support.ts';

let studio: TestStudio;
let edge: TestEdge;

beforeAll(async () => {
  studio = await testStudio();
  edge = await studio.addEdge('Server1', undefined, 1);
});
afterAll(() => studio.close());

const line = NewRun.parse({ chain: 'text-generation, text-generation', inputs: { input: { text: 'a red apple' } } });

test('a run that was going on when the coordinator ended goes on after its edge comes back with the work', async () => {
  const held = Promise.withResolvers<WorkOrder>();
  edge.behave = (order) => held.resolve(order);
  const { id } = await studio.core.runs.create(studio.member, line, {});
  const order = await held.promise;
  await studio.restart();
  edge.behave = (next) => edge.succeed(next);
  await edge.connect([order]);
  await edge.succeed(order);
  const run = await studio.runUntil(id, ended);
  expect(run.steps.map((step) => step.attempts.map((attempt) => attempt.state))).toEqual([['succeeded'], ['succeeded']]);
});

test('work that nobody holds after a restart is given again', async () => {
  const begun = Promise.withResolvers<void>();
  edge.behave = () => begun.resolve();
  const { id } = await studio.core.runs.create(studio.member, line, {});
  await begun.promise;
  await studio.restart();
  edge.behave = (order) => edge.succeed(order);
  await edge.connect();
  const run = await studio.runUntil(id, ended);
  expect(run.steps.map((step) => step.attempts.map((attempt) => attempt.state))).toEqual([['lost', 'succeeded'], ['succeeded']]);
});

test('runs that waited for a slot, a pause and priorities outlive a restart, and so does an idempotency key', async () => {
  edge.behave = () => undefined;
  const idempotencyKey = newKey();
  const busy = await studio.core.runs.create(studio.member, line, { idempotencyKey });
  const low = await studio.core.runs.create(studio.member, line, {});
  const high = await studio.core.runs.create(studio.member, { ...line, priority: 50 }, {});
  const paused = await studio.core.runs.create(studio.member, line, {});
  await studio.core.runs.pause(studio.member, paused.id);
  await studio.restart();
  expect((await studio.core.runs.create(studio.member, line, { idempotencyKey })).id).toBe(busy.id);
  const before = edge.orders.length;
  edge.behave = (order) => edge.succeed(order);
  await edge.connect();
  for (const run of [busy, low, high]) expect((await studio.runUntil(run.id, ended)).state).toBe('succeeded');
  const order = edge.orders.slice(before).map((each) => each.runId);
  expect(order.indexOf(high.id)).toBeLessThan(order.indexOf(low.id));
  expect((await studio.core.runs.get(studio.member, paused.id)).state).toBe('paused');
  await studio.core.runs.resume(studio.member, paused.id);
  expect((await studio.runUntil(paused.id, ended)).state).toBe('succeeded');
});

test('a coordinator that is ended at every turn loses no run and commits each result once', async () => {
  edge.behave = (order) => edge.succeed(order).catch(() => undefined);
  const runs: RunView[] = [];
  for (let round = 0; round < 6; round += 1) {
    for (let count = 0; count < 5; count += 1) runs.push(await studio.core.runs.create(studio.member, line, { idempotencyKey: newKey() }));
    await studio.restart();
    await edge.connect();
  }
  for (const { id } of runs) {
    const run = await studio.runUntil(id, ended);
    expect([run.state, run.steps.map((step) => step.outputs.length)]).toEqual(['succeeded', [1, 1]]);
  }
});

function ended(run: RunView): boolean {
  return ['succeeded', 'failed', 'cancelled'].includes(run.state);
}
