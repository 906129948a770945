import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { FromEdge, NewRun, newId, type RunView, type WorkOrder } from '@atelier/protocol';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { type TestEdge, type TestStudio, testStudio, textModel } from '../studio.test-support.ts';

type Result = Extract<FromEdge, { kind: 'result' }>;

const tasks = ['text-to-image', 'image-to-image', 'text-generation', 'latent-walk'];
const draw = (seed: number) =>
  NewRun.parse({ chain: { steps: [{ task: 'text-to-image', parameters: { seed, variationSeed: 1 } }] }, inputs: { prompt: { text: 'an apple' } } });
const ended = (run: RunView) => ['succeeded', 'failed', 'cancelled'].includes(run.state);
const timings = { transferSeconds: 0, transferBytes: 0, loadSeconds: 0, runSeconds: 0.01, cold: false };
const png = (text: string) => Buffer.from(`\x89PNG\r\n\x1a\n${text}`, 'latin1');
const hashOf = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex');

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
});
afterAll(() => studio.close());

async function another(name: string): Promise<TestEdge> {
  const one = await studio.addEdge(name, [textModel('painter', tasks, { reproducible: true })], 2);
  added.push(one);
  return one;
}

async function upload(text: string): Promise<Buffer> {
  const bytes = png(text);
  const stored = await studio.artifacts.put(Readable.from([bytes]));
  await studio.core.bytes.recordUpload(studio.other, { ...stored, mediaType: 'image/png' }, { name: 'secret.png', listed: true });
  return bytes;
}

/** Results that name bytes, whoever has them. */
const naming =
  (...hashes: string[]) =>
  async (order: WorkOrder, by: TestEdge) => {
    const outputs = hashes.map((hash, index) => ({ port: 'image', index, hash, mediaType: 'image/png', sizeBytes: 20, text: null }));
    await by.say({ kind: 'result', attemptId: order.attemptId, fence: order.fence, outputs, timings, modelHash: '' } as Result);
  };

async function play(request: NewRun): Promise<RunView> {
  const { id } = await studio.core.runs.create(studio.member, request, {});
  return studio.runUntil(id, ended);
}

const readable = async (hash: string) => (await studio.database.pool.query("SELECT 1 FROM outputs WHERE hash = $1 AND user_id = 'member'", [hash])).rowCount;

test("an edge that names another person's upload without having it gives its run's owner nothing", async () => {
  const secret = await upload('of another person');
  edge.behave = naming(hashOf(secret));
  const run = await play(draw(1));
  expect([run.state, run.steps[0]?.outputs, await readable(hashOf(secret))]).toEqual(['failed', [], 0]);
  expect(edge.received.filter((message) => message.kind === 'prove').map(({ hashes }) => hashes)).toEqual(Array(3).fill([hashOf(secret)]));
  expect(run.error?.message).toContain('did not show that it holds them');
});

test('one secret among many honest results is enough to refuse them all, and each question has a nonce of its own', async () => {
  const secret = await upload('hidden among others');
  edge.behave = async (order, by) => naming(hashOf(png(`new ${order.attemptId}`)), hashOf(secret), hashOf(png(`more ${order.attemptId}`)))(order, by);
  const run = await play(draw(2));
  expect([run.state, await readable(hashOf(secret))]).toEqual(['failed', 0]);
  const nonces = edge.received.filter((message) => message.kind === 'prove').map(({ nonce }) => nonce);
  expect(new Set(nonces).size).toBe(3);
});

test('an edge that has the same bytes shows it, and its result is committed', async () => {
  const first = await play(draw(3));
  const second = await another('B');
  await studio.core.edges.drain(edge.id, true);
  const run = await play({ ...draw(3), fresh: true });
  expect([run.state, run.steps[0]?.outputs[0]?.hash, second.orders.length]).toEqual(['succeeded', first.steps[0]?.outputs[0]?.hash, 1]);
  expect(second.received.filter((message) => message.kind === 'prove').length).toBe(1);
});

test('new bytes, those that the edge made before, and those that its step was given are asked for nothing', async () => {
  await play(draw(4));
  await play({ ...draw(4), fresh: true });
  const given = await upload('to be changed');
  const { rows } = await studio.database.pool.query('SELECT id FROM outputs WHERE hash = $1', [hashOf(given)]);
  edge.behave = (order, by) => naming(order.inputs.find((input) => input.port === 'image')?.hash as string)(order, by);
  const change = NewRun.parse({ chain: { steps: [{ task: 'image-to-image' }] }, inputs: { image: { outputId: rows[0].id }, prompt: { text: 'the same' } } });
  const { id } = await studio.core.runs.create(studio.owner, change, {});
  expect((await studio.runUntil(id, ended)).state).toBe('succeeded');
  expect(edge.received.filter((message) => message.kind === 'prove')).toEqual([]);
});

test('of bytes that only another edge has, which is away, the edge is asked for the bytes themselves', async () => {
  edge.keepsResults = true;
  const first = await play(draw(5));
  await edge.disconnect();
  const liar = await another('Liar');
  liar.behave = naming(first.steps[0]?.outputs[0]?.hash as string);
  const refused = await play(draw(5));
  expect([refused.state, liar.received.some((message) => message.kind === 'store')]).toEqual(['failed', true]);
  await studio.core.edges.drain(liar.id, true);
  const honest = await another('Honest');
  const run = await play(draw(5));
  expect([run.state, honest.orders.length]).toEqual(['succeeded', 1]);
});

test('an edge that never answers holds its run up for a bounded time, and one that connects again is asked again', async () => {
  const secret = await upload('waited for');
  edge.provesNothing = true;
  edge.behave = naming(hashOf(secret));
  const { id } = await studio.core.runs.create(studio.member, draw(6), {});
  const { order } = await edge.next('work');
  const asked = await edge.next('prove');
  // The outbox repeats it: no second question for the same connection.
  await edge.behave(order, edge);
  expect(edge.received.filter((message) => message.kind === 'prove').length).toBe(1);
  await edge.disconnect();
  await edge.connect([order]);
  await edge.behave(order, edge);
  expect((await edge.next('prove', 1)).nonce).not.toBe(asked.nonce);
  // The old question's answer is worth nothing.
  await edge.say({ kind: 'proof', attemptId: order.attemptId, fence: order.fence, nonce: asked.nonce, proofs: [] });
  expect((await studio.core.runs.get(studio.member, id)).steps[0]?.state).toBe('running');
  await studio.core.runs.cancel(studio.member, id);
});

test('bytes that were named before anybody brought them stay with who brings them', async () => {
  edge.keepsResults = true;
  const secret = png('uploaded later');
  edge.behave = naming(hashOf(secret));
  const run = await play(draw(7));
  expect(run.state).toBe('succeeded');
  const [output] = run.steps[0]?.outputs ?? [];
  await studio.artifacts.put(Readable.from([secret]));
  // While the upload is being finished its bytes lie here, and are not given for the name.
  const reading = studio.core.bytes.ensureStored(hashOf(secret), AbortSignal.timeout(50));
  await expect(reading).rejects.toThrow();
  await edge.say({ kind: 'stored', hash: hashOf(secret), error: null });
  await expect(studio.core.bytes.ensureStored(hashOf(secret), AbortSignal.timeout(50))).rejects.toThrow();
  await upload('uploaded later');
  expect((await studio.core.bytes.readable(studio.member, output?.id as never)).hash).not.toBe(hashOf(secret));
  expect(await readable(hashOf(secret))).toBe(0);
  await studio.core.bytes.ensureStored(hashOf(secret));
});

test('a short text that somebody else writes later stays the result of the run that made it first', async () => {
  edge.behave = (order) => edge.succeed(order, 'Yes');
  const run = await play(NewRun.parse({ chain: 'text-generation', inputs: { input: { text: 'is it?' } } }));
  const [output] = run.steps[0]?.outputs ?? [];
  edge.behave = () => undefined;
  const other = await studio.core.runs.create(studio.other, NewRun.parse({ chain: 'text-generation', inputs: { input: { text: 'Yes' } } }), {});
  expect((await studio.core.bytes.readable(studio.member, output?.id as never)).hash).toBe(hashOf(Buffer.from('Yes')));
  await studio.core.runs.cancel(studio.other, other.id);
});

test('links are believed between places that there are', async () => {
  const other = await another('B');
  const link = (from: string) => edge.say({ kind: 'link', from, bytes: 1e6, seconds: 1, latencySeconds: 0.1 } as never);
  for (const from of ['coordinator', other.id, edge.id, newId<string>()]) await link(from);
  await studio.core.edges.revoke(other.id);
  const before = (await studio.core.edges.links()).length;
  await link(other.id);
  const links = (await studio.core.edges.links()).filter(({ to }) => to === edge.id);
  expect([links.map(({ from }) => from).sort(), (await studio.core.edges.links()).length]).toEqual([[other.id, 'coordinator'].sort(), before]);
  expect(FromEdge.safeParse({ kind: 'link', from: 'the moon', bytes: 1, seconds: 1, latencySeconds: null }).success).toBe(false);
  expect(FromEdge.safeParse({ kind: 'link', from: 'coordinator', bytes: 1e300, seconds: 1, latencySeconds: null }).success).toBe(false);
});

test('a text that is not the one which its hash names is refused', async () => {
  const secret = await upload('as text');
  edge.behave = async ({ attemptId, fence }, by) => {
    const outputs = [{ port: 'text', index: 0, hash: hashOf(secret), mediaType: 'text/plain', sizeBytes: 3, text: 'lie' }];
    await by.say({ kind: 'result', attemptId, fence, outputs, timings, modelHash: '' });
  };
  const run = await play(NewRun.parse({ chain: 'text-generation', inputs: { input: { text: 'go' } } }));
  expect([run.state, run.error?.message]).toEqual(['failed', expect.stringContaining('not the one that its hash names')]);
});

test('size and kind come from the bytes, not from what their edge said of them', async () => {
  const bytes = Buffer.from('<script>alert(1)</script>');
  const jpeg = Buffer.from('\xff\xd8\xff\xe0 a picture of another kind', 'latin1');
  const results: string[][] = [];
  for (const [seed, one] of [bytes, jpeg].entries()) {
    edge.keepsResults = true;
    edge.behave = naming(hashOf(one));
    const run = await play(draw(20 + seed));
    const { hash } = await edge.next('store', seed);
    expect(studio.core.bytes.awaits(edge.id, hash)).toBe(true);
    await studio.artifacts.put(Readable.from([one]), { expectedHash: hash });
    await studio.core.bytes.brought(edge.id, { hash, sizeBytes: one.length, head: one });
    await edge.say({ kind: 'stored', hash, error: null });
    const { mediaType, sizeBytes } = await studio.core.bytes.readable(studio.member, run.steps[0]?.outputs[0]?.id as never);
    results.push([mediaType, String(sizeBytes)]);
  }
  expect(results).toEqual([
    ['application/octet-stream', String(bytes.length)],
    ['image/jpeg', String(jpeg.length)],
  ]);
});
