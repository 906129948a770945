import { readFile, stat } from 'node:fs/promises';
import { request } from 'node:http';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { errorOf, type TestCoordinator, testCoordinator } from '../coordinator.test-support.ts';

let coordinator: TestCoordinator;
let cookie: string;
let uploaded: string;
const password = 'a long enough word';

beforeAll(async () => {
  coordinator = await testCoordinator();
});
afterAll(() => coordinator.close());

test('the owner token of the data folder works before there is a first person, and only its owner may read it', async () => {
  const me = await coordinator.call('/api/me', { token: coordinator.ownerToken });
  expect(await me.json()).toMatchObject({ role: 'owner' });
  expect((await stat(join(coordinator.dataFolder, 'owner.token'))).mode & 0o777).toBe(0o600);
  expect((await stat(coordinator.dataFolder)).mode & 0o777).toBe(0o700);
  const { url, pid } = JSON.parse(await readFile(join(coordinator.dataFolder, 'coordinator.json'), 'utf8'));
  expect([url, pid]).toEqual([coordinator.url, process.pid]);
});

test('the welcome code makes the first owner once', async () => {
  uploaded = await uploadText('before there was anybody');
  const code = new URL(coordinator.welcomeUrl ?? '').searchParams.get('code') ?? '';
  const owner = { name: 'Ada', email: 'Ada@Example.org', password };
  expect(await errorOf(await coordinator.call('/api/welcome', { body: { ...owner, code: 'guessed-guessed' } }))).toMatchObject({ code: 'unauthenticated' });
  const [first, second] = await Promise.all([1, 2].map(() => coordinator.call('/api/welcome', { body: { ...owner, code } })));
  const statuses = [first?.status, second?.status].sort();
  expect(statuses).toEqual([201, 409]);
  const refused = first?.status === 409 ? first : second;
  expect(await errorOf(refused as Response)).toMatchObject({ code: 'token-used' });
  const made = (first?.status === 201 ? first : second) as Response;
  const setCookie = made.headers.getSetCookie().join();
  expect(setCookie).toMatch(/HttpOnly.*SameSite=Lax/);
  cookie = made.headers
    .getSetCookie()
    .map((line) => line.split(';')[0])
    .join('; ');
  expect(await (await coordinator.call('/api/me', { headers: { cookie } })).json()).toMatchObject({ name: 'Ada', email: 'ada@example.org', role: 'owner' });
});

/** Uploads a text with the token of the command line. */
async function uploadText(text: string): Promise<string> {
  const token = coordinator.ownerToken;
  const tus = { 'tus-resumable': '1.0.0' };
  const begun = await coordinator.call('/api/uploads', { method: 'POST', token, headers: { ...tus, 'upload-length': String(text.length) } });
  const location = begun.headers.get('location') ?? '';
  const headers = { ...tus, 'upload-offset': '0', 'content-type': 'application/offset+octet-stream' };
  await coordinator.call(location, { method: 'PATCH', token, headers, body: Buffer.from(text) });
  return (await (await coordinator.call(`${location}/result`, { token })).json()).outputId;
}

test('the command line works as the first owner from then on, who has what it made before', async () => {
  expect(await (await coordinator.call('/api/me', { token: coordinator.ownerToken })).json()).toMatchObject({ name: 'Ada' });
  const { items } = await (await coordinator.call('/api/gallery?uploads=true', { headers: { cookie } })).json();
  expect(items).toMatchObject([{ id: uploaded, mine: true }]);
});

test('nobody can sign up by themselves', async () => {
  const body = { name: 'Eve', email: 'eve@example.org', password };
  expect((await coordinator.call('/api/auth/sign-up/email', { body, headers: { origin: coordinator.url } })).status).toBe(404);
});

test('a session may change something only from a page of our own', async () => {
  const make = (headers: Record<string, string>) => coordinator.call('/api/tokens', { body: { name: 'mine' }, headers: { cookie, ...headers } });
  expect((await make({})).status).toBe(403);
  expect((await make({ origin: 'http://evil.example' })).status).toBe(403);
  expect((await make({ origin: coordinator.url.replace('127.0.0.1', 'localhost') })).status).toBe(403);
  expect((await make({ origin: coordinator.url })).status).toBe(201);
});

test('a token made in a session works until it is revoked, as bearer and as x-api-key', async () => {
  const headers = { cookie, origin: coordinator.url };
  const { token, id } = await (await coordinator.call('/api/tokens', { body: { name: 'second', days: 1 }, headers })).json();
  expect((await coordinator.call('/api/me', { token })).status).toBe(200);
  expect((await coordinator.call('/api/me', { headers: { 'x-api-key': token } })).status).toBe(200);
  const listed = await (await coordinator.call('/api/tokens', { token })).text();
  expect(listed).toContain(id);
  expect(listed).not.toContain(token);
  const stranger = await coordinator.person('member');
  expect((await coordinator.call(`/api/tokens/${id}`, { method: 'DELETE', token: stranger.token })).status).toBe(404);
  expect((await coordinator.call(`/api/tokens/${id}`, { method: 'DELETE', token })).status).toBe(200);
  expect((await coordinator.call('/api/me', { token })).status).toBe(401);
});

test('signing out ends the session', async () => {
  const headers = { origin: coordinator.url };
  const signedIn = await coordinator.call('/api/auth/sign-in/email', { body: { email: 'ada@example.org', password }, headers });
  expect(signedIn.status).toBe(200);
  const own = signedIn.headers
    .getSetCookie()
    .map((line) => line.split(';')[0])
    .join('; ');
  expect((await coordinator.call('/api/me', { headers: { cookie: own } })).status).toBe(200);
  expect((await coordinator.call('/api/auth/sign-out', { method: 'POST', headers: { ...headers, cookie: own } })).status).toBe(200);
  expect((await coordinator.call('/api/me', { headers: { cookie: own } })).status).toBe(401);
});

test('guessing passwords is slowed down', async () => {
  const guess = () =>
    coordinator.call('/api/auth/sign-in/email', { body: { email: 'ada@example.org', password: 'wrong' }, headers: { origin: coordinator.url } });
  let answer = await guess();
  for (let tries = 0; answer.status === 401 && tries < 20; tries++) answer = await guess();
  expect(answer.status).toBe(429);
  expect(await errorOf(answer)).toMatchObject({ code: 'rate-limited' });
});

test('a request under a foreign name is refused, whoever it is from', async () => {
  const status = await new Promise<number>((done, fail) => {
    const headers = { host: 'rebound.example:80', authorization: `Bearer ${coordinator.ownerToken}` };
    request(`${coordinator.url}/api/me`, { headers }, (answer) => {
      answer.resume();
      done(answer.statusCode ?? 0);
    })
      .on('error', fail)
      .end();
  });
  expect(status).toBe(403);
});
