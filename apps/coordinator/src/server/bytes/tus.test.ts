import { readdir } from 'node:fs/promises';
import { request as httpRequest } from 'node:http';
import { join } from 'node:path';
import { newId } from '@atelier/protocol';
import { schema } from '@atelier/store';
import { defaultKeyHasher } from '@better-auth/api-key';
import { eq } from 'drizzle-orm';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { errorOf, type TestCoordinator, testCoordinator } from '../coordinator.test-support.ts';

/** Uploads as tus 1.0 describes them, and as somebody hostile sends them. */
let coordinator: TestCoordinator;
let mine: string;
let his: string;
const tus = { 'tus-resumable': '1.0.0' };
const bytes = Buffer.from('a red apple on a blue background');

beforeAll(async () => {
  coordinator = await testCoordinator();
  mine = (await coordinator.person('member')).token;
  his = (await coordinator.person('member')).token;
});
afterAll(() => coordinator.close());

interface Sent {
  readonly token?: string;
  readonly headers?: Record<string, string>;
  readonly body?: Uint8Array;
}

function call(method: string, location: string, { token = mine, headers = {}, body }: Sent = {}): Promise<Response> {
  return coordinator.call(location, { method, token, headers: { ...tus, ...headers }, ...(body ? { body } : {}) });
}

async function begin(token = mine): Promise<string> {
  const begun = await call('POST', '/api/uploads', { token, headers: { 'upload-length': String(bytes.length) } });
  expect(begun.status).toBe(201);
  return begun.headers.get('location') as string;
}

const part = (offset: number) => ({ 'upload-offset': String(offset), 'content-type': 'application/offset+octet-stream' });
const outputOf = async (location: string) => (await call('GET', `${location}/result`)).json();
const idOf = (location: string) => location.split('/').at(-1) as string;

/** Sends a target as it is written; fetch would tidy it. */
function raw(method: string, target: string, token: string, headers: Record<string, string>, body = ''): Promise<number> {
  return new Promise((resolve, reject) => {
    const { hostname, port } = new URL(coordinator.url);
    const sent = httpRequest({ hostname, port, method, path: target, headers: { ...tus, authorization: `Bearer ${token}`, ...headers } }, (answer) => {
      answer.resume();
      answer.once('end', () => resolve(answer.statusCode ?? 0));
    });
    sent.once('error', reject);
    sent.end(body);
  });
}

test('however an address is written, nothing is written into an upload that was not checked', async () => {
  const own = await begin();
  const victim = idOf(await begin(his));
  const tails = [
    `?/${victim}`,
    `?x=/${victim}`,
    `?/%2e/${victim}`,
    `#/${victim}`,
    `/../${victim}`,
    `//${victim}`,
    `/${victim}`,
    `%2f${victim}`,
    `%3f/${victim}`,
    `;/${victim}`,
    `\\${victim}`,
  ];
  for (const tail of tails) {
    await raw('PATCH', `${own}${tail}`, mine, part(0), 'evil');
    await raw('DELETE', `${own}${tail}`, mine, {});
    const head = await call('HEAD', `/api/uploads/${victim}`, { token: his });
    expect([tail, head.status, head.headers.get('upload-offset')]).toEqual([tail, 200, '0']);
  }
});

test('a name that leads out of the folder of uploads reaches no file', async () => {
  const before = await readdir(coordinator.dataFolder);
  for (const name of ['..%2fowner.token', '..%5cowner.token', '%2e%2e%2fsession-secret', 'x%00', '%']) {
    for (const method of ['HEAD', 'PATCH', 'DELETE']) expect(await raw(method, `/api/uploads/${name}`, mine, part(0))).toBeGreaterThanOrEqual(400);
  }
  expect(await readdir(coordinator.dataFolder)).toEqual(before);
});

test('an upload that has ended still says that all of it is here', async () => {
  const location = await begin();
  expect((await call('PATCH', location, { headers: part(0), body: bytes })).status).toBe(204);
  const head = await call('HEAD', location);
  const said = ['upload-offset', 'upload-length', 'tus-resumable', 'cache-control'].map((name) => head.headers.get(name));
  expect([head.status, ...said]).toEqual([200, String(bytes.length), String(bytes.length), '1.0.0', 'no-store']);
  expect((await call('PATCH', location, { headers: part(bytes.length) })).status).toBe(204);
  expect((await call('PATCH', location, { headers: part(0), body: bytes })).status).toBe(409);
  expect((await call('DELETE', location)).status).toBe(409);
  expect((await call('HEAD', location, { token: his })).status).toBe(404);
  expect(await outputOf(location)).toMatchObject({ sizeBytes: bytes.length });
});

test('bytes that come with the creation are taken, and the answer says so', async () => {
  const headers = { 'upload-length': String(bytes.length), 'content-type': 'application/offset+octet-stream' };
  const whole = await call('POST', '/api/uploads', { headers, body: bytes });
  expect([whole.status, whole.headers.get('upload-offset')]).toEqual([201, String(bytes.length)]);
  expect(await outputOf(whole.headers.get('location') as string)).toMatchObject({ sizeBytes: bytes.length });
  const half = await call('POST', '/api/uploads', { headers, body: bytes.subarray(0, 7) });
  expect([half.status, half.headers.get('upload-offset')]).toEqual([201, '7']);
  const rest = await call('PATCH', half.headers.get('location') as string, { headers: part(7), body: bytes.subarray(7) });
  expect(rest.status).toBe(204);
});

test('bytes with the creation that are refused leave nothing', async () => {
  const headers = { 'upload-length': '3', 'content-type': 'application/offset+octet-stream' };
  const answer = await call('POST', '/api/uploads', { headers, body: Buffer.from([0, 1, 2]) });
  expect(await errorOf(answer)).toMatchObject({ code: 'unsupported-media' });
  const open = await begin();
  const left = (await readdir(join(coordinator.dataFolder, 'uploads'))).filter((file) => file.startsWith(idOf(open)));
  expect(left.length).toBe(2);
});

test('an upload whose length comes later is taken', async () => {
  const begun = await call('POST', '/api/uploads', { headers: { 'upload-defer-length': '1' } });
  const location = begun.headers.get('location') as string;
  expect((await call('HEAD', location)).headers.get('upload-defer-length')).toBe('1');
  const answer = await call('PATCH', location, { headers: { ...part(0), 'upload-length': String(bytes.length) }, body: bytes });
  expect(answer.status).toBe(204);
  expect((await call('HEAD', location)).headers.get('upload-length')).toBe(String(bytes.length));
  expect(await outputOf(location)).toMatchObject({ sizeBytes: bytes.length });
});

test('OPTIONS tells anybody what is spoken here', async () => {
  for (const path of ['/api/uploads', await begin()]) {
    const answer = await coordinator.call(path, { method: 'OPTIONS' });
    expect([answer.status, answer.headers.get('tus-version'), answer.headers.get('tus-max-size')]).toEqual([204, '1.0.0', String(2 * 1024 ** 3)]);
    const extensions = answer.headers.get('tus-extension')?.split(',').sort();
    expect(extensions).toEqual(['creation', 'creation-defer-length', 'creation-with-upload', 'expiration', 'termination']);
  }
  const other = await coordinator.call('/api/uploads', { method: 'POST', token: mine, headers: { 'tus-resumable': '0.2.2', 'upload-length': '1' } });
  expect([other.status, other.headers.get('tus-version')]).toEqual([412, '1.0.0']);
});

test('a POST may stand for PATCH, HEAD and DELETE, and for nothing else', async () => {
  const location = await begin();
  const as = (method: string, more: Sent = {}) => call('POST', location, { ...more, headers: { 'x-http-method-override': method, ...more.headers } });
  expect((await as('PATCH', { headers: part(0), body: bytes.subarray(0, 9) })).status).toBe(204);
  expect((await as('patch', { headers: part(0), body: bytes, token: his })).status).toBe(404);
  expect((await as('HEAD')).headers.get('upload-offset')).toBe('9');
  expect((await as('GET')).status).toBe(404);
  expect((await call('POST', location)).status).toBe(404);
  expect((await as('DELETE')).status).toBe(204);
  expect((await call('HEAD', location)).status).toBe(404);
  expect((await readdir(join(coordinator.dataFolder, 'uploads'))).filter((file) => file.startsWith(idOf(location)))).toEqual([]);
});

/** A second token of the same person, never used. */
async function anotherToken(token: string): Promise<{ id: string; token: string }> {
  const { db } = coordinator.database;
  const [own] = await db
    .select()
    .from(schema.apikey)
    .where(eq(schema.apikey.key, await defaultKeyHasher(token)));
  const made = { id: newId<string>(), token: `atl_${newId().replaceAll('-', '')}` };
  await db.insert(schema.apikey).values({ id: made.id, referenceId: own?.referenceId as string, name: 'second', key: await defaultKeyHasher(made.token) });
  return made;
}

test('a question for the offset does not overtake the request that came before it', async () => {
  const location = await begin();
  const slow = await anotherToken(mine);
  const lock = await coordinator.database.pool.connect();
  await lock.query('BEGIN');
  // The first use of a token is noted in its row: whoever brings it waits here, before it is known who asks.
  await lock.query('SELECT 1 FROM apikey WHERE id = $1 FOR UPDATE', [slow.id]);
  const writing = call('PATCH', location, { token: slow.token, headers: part(0), body: bytes.subarray(0, 12) });
  const waiting = `SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE '%apikey%' AND datname = current_database()`;
  while ((await coordinator.database.pool.query(waiting)).rowCount === 0);
  const asking = call('HEAD', location);
  // Long enough for another's question from its beginning to its end.
  await call('HEAD', await begin());
  await lock.query('COMMIT');
  lock.release();
  expect((await writing).status).toBe(204);
  expect((await asking).headers.get('upload-offset')).toBe('12');
});

test('a request that is refused at the gate holds nobody up', async () => {
  const location = await begin();
  const refused = Array.from({ length: 5 }, () => call('HEAD', location, { token: 'atl_invented' }));
  expect((await call('PATCH', location, { headers: part(0), body: bytes })).status).toBe(204);
  for (const answer of refused) expect((await answer).status).toBe(401);
});
