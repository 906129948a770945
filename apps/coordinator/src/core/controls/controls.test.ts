import { createHash, randomBytes } from 'node:crypto';
import { join } from 'node:path';
import {
  type AttemptId,
  NewRun,
  type RunEvent,
  type RunId,
  registerTask,
  type SteerStep,
  type TaskDeclaration,
  type ToEdge,
  type WorkOrder,
} from '@atelier/protocol';
import { afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { type TestEdge, type TestStudio, testStudio, textModel } from '../studio.test-support.ts';

const models = [textModel('counter', ['counter'], { reproducible: true })];
let studio: TestStudio;
let edge: TestEdge;

beforeAll(async () => {
  const { counter } = (await import(join(import.meta.dirname, '../../../../../tests/models/counter-task.ts'))) as { counter: TaskDeclaration };
  registerTask(counter);
});
beforeEach(async () => {
  studio = await testStudio({}, models);
  edge = await studio.addEdge('North', models, 4);
  edge.behave = () => undefined;
});
afterEach(() => studio.close());

const count = (more: Record<string, unknown> = {}) =>
  NewRun.parse({ chain: { steps: [{ id: 'count', task: 'counter', parameters: {} }] }, fresh: true, ...more });

async function begin(more: Record<string, unknown> = {}, at: TestEdge = edge): Promise<{ id: RunId; order: WorkOrder }> {
  const before = at.orders.length;
  const { id } = await studio.core.runs.create(studio.member, count(more), {});
  const { order } = await at.next('work', before);
  return { id, order };
}

const size = (id: RunId, to: number, more: Partial<SteerStep> = {}) =>
  studio.core.runs.control(studio.member, { id, stepId: 'count', kind: 'size', value: { size: to }, ...more });
const controlsAt = (at: TestEdge) => at.received.flatMap((message) => (message.kind === 'control' ? [message.control] : []));
const viewOf = async (id: RunId) => (await studio.core.runs.get(studio.member, id)).steps[0];
const lease = ({ attemptId, fence }: WorkOrder) => ({ attemptId, fence });

/** Says that controls took effect, and waits until that is written. */
async function apply(at: TestEdge, id: RunId, order: WorkOrder, ...applied: { number: number; at: number }[]): Promise<void> {
  await at.say({ kind: 'control-applied', ...lease(order), applied });
  const isWritten = async () => {
    const newest = (await viewOf(id))?.controls?.newest ?? [];
    return applied.every((one) => newest.some(({ number, at: where }) => number === one.number && where.some(({ position }) => position === one.at)));
  };
  await expect.poll(isWritten).toBe(true);
}

/** Announces a checkpoint of an attempt, brings its bytes when asked, and waits until it counts. */
async function keep(at: TestEdge, order: WorkOrder, position: number, applied: { number: number; at: number }[] = []): Promise<string> {
  const bytes = randomBytes(64);
  const hash = at.make(bytes);
  await at.say({ kind: 'checkpoint', ...lease(order), hash: hash as never, sizeBytes: bytes.length, at: position, applied });
  await expect.poll(() => arrived(hash)).toBe(true);
  return hash;
}
const arrived = async (hash: string) => (await studio.database.pool.query('SELECT arrived FROM checkpoints WHERE hash = $1', [hash])).rows[0]?.arrived ?? null;

test('an edge that knows no controls gets a clear refusal that names it, and its step goes on', async () => {
  const old = await studio.addEdge('Garage', [textModel('older', ['counter'])], 1);
  await old.disconnect();
  old.abilities = [];
  old.behave = () => undefined;
  await old.connect();
  const chain = { steps: [{ id: 'count', task: 'counter', model: 'older', parameters: {} }] };
  const { id, order } = await begin({ chain }, old);
  await expect(size(id, 5)).rejects.toMatchObject({
    code: 'conflict',
    message: expect.stringContaining('Garage'),
    hint: expect.stringContaining('Update Atelier on Garage'),
  });
  await old.succeed(order);
  const ended = await studio.runUntil(id, ({ state }) => state === 'succeeded');
  expect([ended.steps[0]?.controls, controlsAt(old)]).toEqual([undefined, []]);
  // What has to follow controls is not given to it at all, and the run says why.
  const controls = { count: [{ at: 3, kind: 'size', value: { size: 5 } }] };
  const { id: steered } = await studio.core.runs.create(studio.member, count({ chain, controls }), {});
  const failed = await studio.runUntil(steered, ({ state }) => state === 'failed');
  expect(failed.error?.message).toContain('Garage runs an older release');
  expect(old.orders).toHaveLength(1);
});

test("somebody else's run cannot be told anything, and looks as if it were not there", async () => {
  const { id } = await begin();
  const request = { id, stepId: 'count', kind: 'size', value: { size: 5 } };
  await expect(studio.core.runs.control(studio.other, request)).rejects.toMatchObject({ code: 'not-found', message: 'There is no such run.' });
  expect((await studio.core.runs.control(studio.owner, request)).number).toBe(1);
});

test('news of a step and what it has followed wait for no commit, of their own run neither', async () => {
  const busy = await begin();
  const { id, order } = await begin();
  await size(id, 5);
  const events: RunEvent[] = [];
  const stop = new AbortController();
  const watching = (async () => {
    for await (const event of studio.core.runs.watch(studio.member, id, stop.signal)) events.push(event);
  })();
  await expect.poll(() => events.length).toBeGreaterThan(0);
  const lock = await studio.database.pool.connect();
  await lock.query('BEGIN');
  await lock.query('SELECT 1 FROM runs WHERE id = ANY($1) FOR UPDATE', [[busy.id, id]]);
  const waiting = edge.succeed(busy.order);
  await edge.say({ kind: 'preview', ...lease(order), mediaType: 'image/png', base64: 'AAAA' });
  await edge.say({ kind: 'text', ...lease(order), delta: 'a' });
  await edge.say({ kind: 'text', ...lease(order), delta: 'b' });
  await edge.say({ kind: 'control-applied', ...lease(order), applied: [{ number: 1, at: 7 }] });
  await expect.poll(() => events.some((event) => event.kind === 'control' && event.control.state === 'applied')).toBe(true);
  const kinds = events.flatMap((event) => (event.kind === 'text' ? [event.delta] : event.kind === 'preview' ? ['preview'] : []));
  expect(kinds).toEqual(['preview', 'a', 'b']);
  expect((await studio.core.runs.get(studio.member, busy.id)).steps[0]?.state).toBe('running');
  await lock.query('ROLLBACK');
  lock.release();
  await waiting;
  await studio.runUntil(busy.id, ({ state }) => state === 'succeeded');
  stop.abort();
  await watching;
});

test('an attempt on another edge is told all that was said, at the positions that were written, and goes on from the checkpoint', async () => {
  const { id, order } = await begin();
  await size(id, 5);
  await size(id, 6);
  await size(id, 7);
  await apply(edge, id, order, { number: 1, at: 10 }, { number: 2, at: 25 });
  const first = await keep(edge, order, 15, [{ number: 1, at: 10 }]);
  const hash = await keep(edge, order, 20, [{ number: 1, at: 10 }]);
  await expect.poll(() => arrived(first)).toBe(null);
  await expect.poll(() => studio.artifacts.has(first)).toBe(false);
  edge.fallSilent();
  const other = await studio.addEdge('South', models, 1);
  other.behave = () => undefined;
  const { order: second } = await other.next('work');
  const control = (number: number, to: number, at: number | null) => ({ number, kind: 'size', value: { size: to }, at });
  expect(second.controls).toEqual([control(1, 5, 10), control(2, 6, 25), control(3, 7, null)]);
  expect(second.resume).toMatchObject({ hash, at: 20 });
  // The old attempt says nothing that counts any more.
  await edge.say({ kind: 'control-applied', ...lease(order), applied: [{ number: 3, at: 26 }] });
  await apply(other, id, second, { number: 3, at: 30 });
  await other.succeed(second, 'done', [
    { number: 1, at: 10 },
    { number: 3, at: 30 },
  ]);
  const ended = await studio.runUntil(id, ({ state }) => state === 'succeeded');
  const [step] = ended.steps;
  // The result's own list counts: it was made without the second.
  expect(step?.controls?.newest.map(({ number, state, at }) => [number, state, at[0]?.position])).toEqual([
    [1, 'applied', 10],
    [2, 'missed', undefined],
    [3, 'applied', 30],
  ]);
  expect(step?.outputs[0]?.recipe.controls?.map(({ at }) => at)).toEqual([10, 30]);
  await expect.poll(() => arrived(hash)).toBe(null);
  await expect.poll(() => studio.artifacts.has(hash)).toBe(false);
  const { rows } = await studio.database.pool.query('SELECT cache_key FROM outputs WHERE run_id = $1', [id]);
  expect(rows).toEqual([{ cache_key: null }]);
});

test('a checkpoint that does not include all that was followed before it is not gone on from', async () => {
  const { id, order } = await begin();
  const early = await keep(edge, order, 50);
  // As if another attempt had begun again at 0, and followed a control at 10.
  await size(id, 5);
  await apply(edge, id, order, { number: 1, at: 10 });
  expect(await arrived(early)).toBe(true);
  edge.fallSilent();
  const other = await studio.addEdge('South', models, 1);
  other.behave = () => undefined;
  const { order: second } = await other.next('work');
  expect([second.resume, second.controls?.[0]?.at]).toEqual([undefined, 10]);
});

test('an edge cannot have bytes of others as its checkpoint', async () => {
  const secret = Buffer.from('what somebody else has uploaded');
  const hash = createHash('sha256').update(secret).digest('hex');
  await studio.database.pool.query('INSERT INTO artifacts (hash, size_bytes) VALUES ($1, $2)', [hash, secret.length]);
  const { id, order } = await begin();
  await edge.say({ kind: 'checkpoint', ...lease(order), hash: hash as never, sizeBytes: secret.length, at: 5, applied: [] });
  // What comes after it is written after it.
  await size(id, 5);
  await apply(edge, id, order, { number: 1, at: 6 });
  expect(await arrived(hash)).toBe(null);
  expect(edge.received.some((message) => message.kind === 'store' && message.hash === hash)).toBe(false);
});

test('what was accepted and not heard is sent again after a restart, and after a broken connection', async () => {
  const { id, order } = await begin();
  await size(id, 5);
  await apply(edge, id, order, { number: 1, at: 3 });
  await edge.disconnect();
  await size(id, 6);
  expect(controlsAt(edge)).toHaveLength(1);
  await edge.connect([order]);
  await expect.poll(() => controlsAt(edge).at(-1)).toEqual({ number: 2, kind: 'size', value: { size: 6 }, at: null });
  await studio.restart();
  const before = controlsAt(edge).length;
  await edge.connect([order]);
  await expect
    .poll(() =>
      controlsAt(edge)
        .slice(before)
        .map(({ number, at }) => [number, at]),
    )
    .toEqual([
      [1, 3],
      [2, null],
    ]);
  const told = edge.received.filter((message): message is Extract<ToEdge, { kind: 'control' }> => message.kind === 'control');
  expect(new Set(told.map(({ attemptId }) => attemptId))).toEqual(new Set<AttemptId>([order.attemptId]));
});

test('controls that come with a run are held to the task', async () => {
  const control = { at: 3, kind: 'size', value: { size: 5 } };
  const create = (controls: Record<string, unknown[]>) => studio.core.runs.create(studio.member, count({ controls }), {});
  await expect(create({ paint: [control] })).rejects.toMatchObject({ code: 'invalid-input', message: expect.stringContaining('"paint"') });
  await expect(create({ count: [{ ...control, kind: 'colour' }] })).rejects.toMatchObject({ code: 'invalid-input' });
  await expect(create({ count: [{ ...control, value: { size: 5000 } }] })).rejects.toMatchObject({ code: 'parameter-out-of-bounds' });
  await expect(create({ count: [{ ...control, shard: 1 }] })).rejects.toMatchObject({ code: 'invalid-input', hint: expect.stringContaining('0 to 0') });
});
