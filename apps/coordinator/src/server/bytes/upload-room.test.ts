import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { defaultKeyHasher } from '@better-auth/api-key';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { errorOf, type TestCoordinator, testCoordinator } from '../coordinator.test-support.ts';
import { pngOf } from '../files.test-support.ts';

/** What one person may bring, and what nobody may. */
let coordinator: TestCoordinator;
let full: TestCoordinator;
const tus = { 'tus-resumable': '1.0.0' };

beforeAll(async () => {
  coordinator = await testCoordinator({ uploadQuotaBytes: 1000 });
  // More than any disk has.
  full = await testCoordinator({ diskReserveBytes: 2 ** 60 });
});
afterAll(async () => {
  await coordinator.close();
  await full.close();
});

function begin(token: string, length: number | 'later', on = coordinator): Promise<Response> {
  const how: Record<string, string> = length === 'later' ? { 'upload-defer-length': '1' } : { 'upload-length': String(length) };
  return on.call('/api/uploads', { method: 'POST', token, headers: { ...tus, ...how } });
}

/** Different letters each time, so that they are bytes of their own. */
async function bring(token: string, length: number, letter: string): Promise<string> {
  const headers = { ...tus, 'upload-length': String(length), 'content-type': 'application/offset+octet-stream' };
  const made = await coordinator.call('/api/uploads', { method: 'POST', token, headers, body: Buffer.from(letter.repeat(length)) });
  expect(made.status).toBe(201);
  const result = await coordinator.call(`${made.headers.get('location')}/result`, { token });
  return ((await result.json()) as { outputId: string }).outputId;
}

const usage = async (token: string) => (await coordinator.call('/api/usage', { token })).json();
const member = async () => (await coordinator.person('member')).token;

test('what one person uploaded has a bound, which is told; what is begun counts, and others are not touched', async () => {
  const token = await member();
  await bring(token, 400, 'a');
  const begun = await begin(token, 500);
  expect(begun.status).toBe(201);
  expect(await usage(token)).toEqual({
    uploads: { bytes: 400, mostBytes: 1000, open: 1, mostOpen: 100 },
    results: { bytes: 0 },
    runs: { open: 0, mostOpen: 1000 },
  });
  const over = await begin(token, 101);
  expect([over.status, await errorOf(over)]).toEqual([413, expect.objectContaining({ code: 'too-large', hint: expect.stringContaining('Delete') })]);
  expect((await begin(token, 100)).status).toBe(201);
  expect((await begin(await member(), 1000)).status).toBe(201);
  await coordinator.call(begun.headers.get('location') as string, { method: 'DELETE', token, headers: tus });
  expect((await begin(token, 500)).status).toBe(201);
});

test('the same bytes count once', async () => {
  const token = await member();
  await bring(token, 300, 'b');
  await bring(token, 300, 'b');
  await bring(token, 200, 'c');
  expect((await usage(token)).uploads.bytes).toBe(500);
});

test('an upload without a length counts as the longest there may be', async () => {
  const token = await member();
  expect((await begin(token, 'later')).status).toBe(201);
  expect((await begin(token, 1)).status).toBe(413);
  const other = await member();
  const together = await Promise.all(Array.from({ length: 10 }, () => begin(other, 'later')));
  expect(together.map(({ status }) => status).sort()).toEqual([201, ...Array.from({ length: 9 }, () => 413)]);
});

test('however many are begun at once, no more are open than the bound', async () => {
  const token = await member();
  const answers = await Promise.all(Array.from({ length: 110 }, () => begin(token, 1)));
  const taken = answers.filter(({ status }) => status === 201);
  expect(taken).toHaveLength(100);
  const refused = answers.find(({ status }) => status !== 201) as Response;
  expect([refused.status, await errorOf(refused)]).toEqual([429, expect.objectContaining({ code: 'rate-limited', hint: expect.any(String) })]);
  await coordinator.call(taken[0]?.headers.get('location') as string, { method: 'DELETE', token, headers: tus });
  expect((await begin(token, 1)).status).toBe(201);
});

test('a recording that a program sends in one piece counts as any upload', async () => {
  const form = new FormData();
  form.set('model', 'auto');
  form.set('file', new File([Buffer.alloc(2000)], 'noise.wav'));
  const answer = await coordinator.call('/v1/audio/transcriptions', { method: 'POST', token: await member(), body: form });
  expect([answer.status, (await errorOf(answer)).code]).toEqual([413, 'too-large']);
});

/** A person whose quota is full, and what is in the store then. */
async function fullUp() {
  const token = await member();
  await bring(token, 950, 'f');
  return { token, before: await stored() };
}

const stored = async () => (await readdir(join(coordinator.dataFolder, 'artifacts'), { recursive: true })).sort();

test.each([
  ['a run, with a text', '/api/runs', { chain: 'text-generation', inputs: { input: { text: 'x'.repeat(100) } } }],
  [
    'a chat',
    '/v1/chat/completions',
    {
      model: 'auto',
      messages: [
        { role: 'user', content: 'one' },
        { role: 'assistant', content: 'two' },
        { role: 'user', content: 'x'.repeat(100) },
      ],
    },
  ],
  ['a completion', '/v1/completions', { model: 'auto', prompt: 'x'.repeat(100) }],
  ['an image to be drawn', '/v1/images/generations', { model: 'auto', prompt: 'x'.repeat(100) }],
])('%s that would bring more than the quota is refused, and nothing of it is kept', async (_what, path, body) => {
  const { token, before } = await fullUp();
  const answer = await coordinator.call(path, { method: 'POST', token, body });
  expect([answer.status, await errorOf(answer)]).toEqual([413, expect.objectContaining({ message: expect.stringContaining('no room') })]);
  expect(await stored()).toEqual(before);
  expect((await usage(token)).uploads.bytes).toBe(950);
});

test('an image in a form that would be more than the quota is refused, and nothing of it is kept', async () => {
  const form = new FormData();
  form.set('prompt', 'x');
  form.set('image', new File([new Uint8Array(pngOf(9, 64))], 'a.png'));
  const { token, before } = await fullUp();
  const answer = await coordinator.call('/v1/images/edits', { method: 'POST', token, body: form });
  expect([answer.status, (await errorOf(answer)).message]).toEqual([413, expect.stringContaining('no room')]);
  expect(await stored()).toEqual(before);
});

test('however many texts come at once, together they stay under the quota, and what is deleted for good makes room again', async () => {
  const token = await member();
  const chat = (letter: string) => {
    const messages = ['user', 'assistant', 'user'].map((role) => ({ role, content: letter.repeat(60) }));
    return coordinator.call('/v1/chat/completions', { method: 'POST', token, body: { model: 'auto', messages } });
  };
  const answers = await Promise.all([...'abcdefghijklmnopqrst'].map(chat));
  const refused = answers.filter(({ status }) => status === 413);
  expect(refused.length).toBeGreaterThan(0);
  expect(refused.length).toBeLessThan(20);
  const { bytes } = (await usage(token)).uploads;
  expect(bytes).toBeLessThanOrEqual(1000);
  expect(bytes).toBeGreaterThan(600);
  await coordinator.database.pool.query('DELETE FROM outputs o USING apikey k WHERE k.reference_id = o.user_id AND k.key = $1', [
    await defaultKeyHasher(token),
  ]);
  expect((await chat('u')).status).not.toBe(413);
});

test('below the reserve of the disk nothing is taken, and why is said at once', async () => {
  const { ownerToken: token } = full;
  const upload = await begin(token, 5, full);
  expect([upload.status, await errorOf(upload)]).toEqual([507, expect.objectContaining({ code: 'disk-full', hint: expect.any(String) })]);
  const run = await full.call('/api/runs', { token, body: { chain: 'text-generation', inputs: { input: { text: 'a red apple' } } } });
  expect(['disk-full', 'no-offer']).toContain((await errorOf(run)).code);
  expect(await readdir(join(full.dataFolder, 'uploads'))).toEqual([]);
  expect((await full.call('/api/gallery', { token })).status).toBe(200);
});

test('a conversation that a program sends is no new item of the gallery', async () => {
  const token = await member();
  const messages = ['user', 'assistant', 'user'].map((role, index) => ({ role, content: `said ${index}` }));
  await coordinator.call('/v1/chat/completions', { method: 'POST', token, body: { model: 'auto', messages } });
  const kept = await coordinator.database.pool.query('SELECT listed FROM outputs o JOIN apikey k ON k.reference_id = o.user_id WHERE k.key = $1', [
    await defaultKeyHasher(token),
  ]);
  expect(kept.rows).toEqual([{ listed: false }]);
  expect((await (await coordinator.call('/api/gallery?uploads=true', { token })).json()).items).toEqual([]);
});
