import { once } from 'node:events';
import { limits, type PeopleView, type PersonDetail, type Removed, type RunView, type SessionView, watchSocketPath } from '@atelier/protocol';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { errorOf, joinEdge, keepAtWork, openEdge, type SocketEdge, type TestCoordinator, testCoordinator, testModel } from '../coordinator.test-support.ts';
import { type Browser, joinAs, password, signIn, welcome } from './browser.test-support.ts';

let coordinator: TestCoordinator;
let edge: SocketEdge;
let ada: Browser & { id: string };

beforeAll(async () => {
  coordinator = await testCoordinator();
  edge = await openEdge(coordinator, await joinEdge(coordinator, 'Slow'), [testModel('slow', ['text-generation'])]);
  keepAtWork(edge);
  const browser = await welcome(coordinator, 'Ada');
  ada = { ...browser, id: (await browser.ask<{ id: string }>('/api/me')).id };
});
afterAll(async () => {
  await edge.close();
  await coordinator.close();
});

const count = { joined: 0 };
/** A new person, with a name of their own. */
const join = (role: 'owner' | 'member' | 'guest' = 'member') => joinAs(coordinator, ada, `Person${++count.joined}`, role);
const people = async () => (await ada.ask<PeopleView>('/api/people')).people;
const person = async (id: string) => (await people()).find((one) => one.id === id) as PersonDetail;
const change = (by: Browser, id: string, body: object) => by.call(`/api/people/${id}`, { method: 'PATCH', body });
const remove = (by: Browser, id: string, things: object) => by.call(`/api/people/${id}/remove`, { body: { things } });
const run = (by: Browser, text = 'never ends') => by.ask<RunView>('/api/runs', { body: { chain: 'text-generation', inputs: { input: { text } } } });

async function upload(by: Browser, text: string): Promise<string> {
  const tus = { 'tus-resumable': '1.0.0' };
  const begun = await by.call('/api/uploads', { method: 'POST', headers: { ...tus, 'upload-length': `${text.length}` } });
  const location = begun.headers.get('location') ?? '';
  const headers = { ...tus, 'upload-offset': '0', 'content-type': 'application/offset+octet-stream' };
  await by.call(location, { method: 'PATCH', headers, body: Buffer.from(text) });
  return (await by.ask<{ outputId: string }>(`${location}/result`)).outputId;
}

/** An open event stream and an open socket of somebody's, and whether they have ended. */
async function watching(by: Browser, runId: string) {
  const stream = await by.call(`/api/runs/${runId}/events`);
  const socket = new WebSocket(`${coordinator.url.replace('http', 'ws')}${watchSocketPath}`, { headers: { cookie: by.cookie, origin: coordinator.url } });
  socket.on('error', () => undefined);
  await once(socket, 'open');
  const ended = { stream: false, socket: false };
  const over = () => {
    ended.stream = true;
  };
  stream.text().then(over, over);
  socket.once('close', () => {
    ended.socket = true;
  });
  return ended;
}

test('owners see everybody with what they have, and nobody else does', async () => {
  const bob = await join();
  await upload(bob, 'twelve bytes');
  await run(bob);
  expect(await person(bob.id)).toMatchObject({ role: 'member', openRuns: 1, sessions: 1, tokens: 0, limits: { openRuns: null, uploadedBytes: null } });
  const { uploadedBytes, lastSeenAt } = await person(bob.id);
  expect(uploadedBytes).toBeGreaterThanOrEqual(12);
  expect(Date.now() - Date.parse(lastSeenAt ?? '')).toBeLessThan(600_000);
  expect((await people()).map(({ name }) => name)).not.toContain('This machine');
  for (const path of ['/api/people', '/api/invitations', `/api/people/${ada.id}/sessions`]) expect((await bob.call(path)).status).toBe(403);
});

test('sessions that an owner ends are ended at once, with the streams and sockets that they opened; others go on', async () => {
  const bob = await join();
  const { id } = await run(bob);
  const elsewhere = await signIn(coordinator, `person${count.joined}@example.org`);
  const [open, other] = [await watching(bob, id), await watching(elsewhere, id)];
  const sessions = await ada.ask<SessionView[]>(`/api/people/${bob.id}/sessions`);
  expect(sessions).toHaveLength(2);
  expect(sessions.map(({ current }) => current)).toEqual([false, false]);
  const own = (await bob.ask<SessionView[]>('/api/me/sessions')).find(({ current }) => current);
  await ada.ask(`/api/people/${bob.id}/sessions/${own?.id}`, { method: 'DELETE' });
  await expect.poll(() => open).toEqual({ stream: true, socket: true });
  expect((await bob.call('/api/me')).status).toBe(401);
  expect([other, (await elsewhere.call('/api/me')).status]).toEqual([{ stream: false, socket: false }, 200]);
  expect(await ada.ask(`/api/people/${bob.id}/sessions`, { method: 'DELETE' })).toEqual({ ended: 1 });
  await expect.poll(() => other).toEqual({ stream: true, socket: true });
});

test('a token that its person revokes ends what it has open', async () => {
  const bob = await join();
  const { id } = await run(bob);
  const made = await bob.ask<{ id: string; token: string }>('/api/tokens', { body: { name: 'follower' } });
  const stream = await coordinator.call(`/api/runs/${id}/events`, { token: made.token });
  const over = stream.text().then(
    () => 'over',
    () => 'over',
  );
  await bob.ask(`/api/tokens/${made.id}`, { method: 'DELETE' });
  expect(await over).toBe('over');
});

test('a person sees their sessions with the device, ends the others, and changes name and password with the old one', async () => {
  const bob = await join();
  const email = `person${count.joined}@example.org`;
  const elsewhere = await signIn(coordinator, email);
  const sessions = await bob.ask<SessionView[]>('/api/me/sessions');
  expect(sessions.filter(({ current }) => current)).toHaveLength(1);
  expect(sessions[0]?.address).toMatch(/127\.0\.0\.1|::/);
  expect((await bob.call('/api/me/sessions/of-nobody', { method: 'DELETE' })).status).toBe(404);
  expect((await elsewhere.call(`/api/me/sessions/${(await ada.ask<SessionView[]>('/api/me/sessions'))[0]?.id}`, { method: 'DELETE' })).status).toBe(404);
  await bob.ask('/api/me', { method: 'PATCH', body: { name: '  Robert ' } });
  expect(await bob.ask('/api/me')).toMatchObject({ name: 'Robert' });
  const wrong = await bob.call('/api/me/password', { body: { current: 'a wrong password', password: 'a new good word' } });
  expect([wrong.status, (await errorOf(wrong)).message]).toEqual([403, 'The current password is not right.']);
  expect((await bob.call('/api/me/password', { body: { current: password, password: 'short' } })).status).toBe(400);
  expect(await bob.ask('/api/me/password', { body: { current: password, password: 'a new good word' } })).toEqual({ ended: 1 });
  expect([(await bob.call('/api/me')).status, (await elsewhere.call('/api/me')).status]).toEqual([200, 401]);
  await signIn(coordinator, email, 'a new good word');
  expect(await bob.ask('/api/me/sessions/end-others', { body: {} })).toEqual({ ended: 1 });
});

test('a person has no more sessions than a bound: the one that was used longest ago makes room', async () => {
  const bob = await join();
  const rows = `SELECT 'old-' || n, 'token-' || n, $1, now() + interval '1 day', now() - interval '2 days', now() - interval '2 days' FROM generate_series(1, $2) n`;
  await coordinator.database.pool.query(`INSERT INTO session (id, token, user_id, expires_at, created_at, updated_at) ${rows}`, [
    bob.id,
    limits.sessionsPerPerson,
  ]);
  await signIn(coordinator, `person${count.joined}@example.org`);
  expect((await person(bob.id)).sessions).toBe(limits.sessionsPerPerson);
  expect((await bob.call('/api/me')).status).toBe(200);
});

test('a role that is changed counts at once: a guest watches no runs any more, and starts none', async () => {
  const bob = await join();
  const { id } = await run(bob);
  const open = await watching(bob, id);
  expect((await change(ada, bob.id, { role: 'guest' })).status).toBe(200);
  await expect.poll(() => open).toEqual({ stream: true, socket: true });
  const refused = await bob.call('/api/runs', { body: { chain: 'text-generation', inputs: { input: { text: 'x' } } } });
  expect([refused.status, (await errorOf(refused)).message]).toEqual([403, 'You are a guest here, and this needs a member.']);
  for (const path of ['/api/me', '/api/me/sessions', '/api/tokens', '/api/public/gallery']) expect((await bob.call(path)).status).toBe(200);
  const { token } = await bob.ask<{ token: string }>('/api/tokens', { body: { name: 'of a guest' } });
  expect((await coordinator.call('/api/runs', { token })).status).toBe(403);
});

test('the bounds of a person hold for them alone, are shown to them, and go back to those of the studio', async () => {
  const [bob, other] = [await join(), await join()];
  expect((await change(ada, bob.id, { limits: { openRuns: 1, uploadedBytes: 20 } })).status).toBe(200);
  expect(await bob.ask('/api/usage')).toMatchObject({ uploads: { mostBytes: 20 }, runs: { open: 0, mostOpen: 1 } });
  await run(bob, 'one');
  const second = await bob.call('/api/runs', { body: { chain: 'text-generation', inputs: { input: { text: 'two' } } } });
  expect(await errorOf(second)).toMatchObject({ code: 'rate-limited', message: 'You have 1 runs that have not ended, and may have 1.' });
  const much = await bob.call('/api/uploads', { method: 'POST', headers: { 'tus-resumable': '1.0.0', 'upload-length': '21' } });
  expect(much.status).toBe(413);
  await upload(other, 'more than twenty bytes of text');
  await change(ada, bob.id, { limits: { openRuns: null, uploadedBytes: null } });
  await run(bob, 'two');
  await upload(bob, 'more than twenty bytes of text');
  expect((await change(ada, bob.id, { limits: { openRuns: -1 } })).status).toBe(400);
});

test('the only owner is neither demoted nor removed, also when two owners demote each other at the same moment', async () => {
  const alone = await change(ada, ada.id, { role: 'member' });
  expect([alone.status, await errorOf(alone)]).toEqual([409, expect.objectContaining({ hint: expect.stringContaining('owner first') })]);
  const cid = await join('owner');
  for (let round = 0; round < 5; round++) {
    const answers = await Promise.all([change(ada, cid.id, { role: 'member' }), change(cid, ada.id, { role: 'member' })]);
    // Whoever lost may have been refused for want of owners, or as a member by then.
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
    const { rows } = await coordinator.database.pool.query(`SELECT id FROM "user" WHERE role = 'owner' AND NOT service`);
    expect(rows).toHaveLength(1);
    await coordinator.database.pool.query(`UPDATE "user" SET role = 'owner' WHERE id = ANY($1)`, [[ada.id, cid.id]]);
  }
  const removals = await Promise.all([remove(ada, cid.id, { kind: 'hand-over' }), remove(cid, ada.id, { kind: 'hand-over' })]);
  expect(removals.filter(({ status }) => status === 200)).toHaveLength(1);
  // Whoever is left goes on as the owner of the other tests.
  if (removals[1]?.status === 200) ada = cid;
});

test('nobody removes themselves, and things go only to somebody who can have them', async () => {
  const [bob, guest] = [await join(), await join('guest')];
  expect(await errorOf(await remove(ada, ada.id, { kind: 'delete' }))).toMatchObject({ code: 'conflict', message: 'You cannot remove yourself.' });
  for (const to of [bob.id, guest.id, 'nobody']) expect([to, (await remove(ada, bob.id, { kind: 'hand-over', to })).status]).toEqual([to, 400]);
  expect((await remove(bob, guest.id, { kind: 'delete' })).status).toBe(403);
  expect((await remove(ada, 'nobody', { kind: 'delete' })).status).toBe(404);
  expect((await person(bob.id)).role).toBe('member');
});

test('whoever is removed is shut out at once, and another has their runs, which go on, their items and their chains', async () => {
  const [bob, cleo] = [await join(), await join()];
  const item = await upload(bob, 'a text of some length');
  const { id } = await run(bob);
  for (const by of [bob, cleo]) await by.ask('/api/chains', { body: { name: 'Words', chain: 'text-generation' } });
  const { token } = await bob.ask<{ token: string }>('/api/tokens', { body: { name: 'program' } });
  const unfinished = await bob.call('/api/uploads', { method: 'POST', headers: { 'tus-resumable': '1.0.0', 'upload-length': '50' } });
  const open = await watching(bob, id);
  const before = (await cleo.ask<{ uploads: { bytes: number } }>('/api/usage')).uploads.bytes;
  const name = (await person(bob.id)).name;
  const removed = await remove(ada, bob.id, { kind: 'hand-over', to: cleo.id });
  expect((await removed.json()) as Removed).toMatchObject({ name, runs: 1, items: 1, savedChains: 1, handedOverTo: (await person(cleo.id)).name });
  await expect.poll(() => open).toEqual({ stream: true, socket: true });
  expect([(await bob.call('/api/me')).status, (await coordinator.call('/api/me', { token })).status]).toEqual([401, 401]);
  await expect(signIn(coordinator, `person${count.joined - 1}@example.org`)).rejects.toThrow('401');
  const location = unfinished.headers.get('location') ?? '';
  const rest = await bob.call(location, {
    method: 'PATCH',
    headers: { 'tus-resumable': '1.0.0', 'upload-offset': '0', 'content-type': 'application/offset+octet-stream' },
    body: 'x'.repeat(50),
  });
  expect(rest.status).toBe(401);
  expect(await person(bob.id)).toBeUndefined();
  expect(await cleo.ask(`/api/runs/${id}`)).toMatchObject({ id, state: 'running' });
  expect(await (await cleo.call(`/api/outputs/${item}/content`)).text()).toBe('a text of some length');
  expect((await cleo.ask<{ name: string }[]>('/api/chains')).map((chain) => chain.name)).toEqual(['Words', `Words (from ${name})`]);
  expect((await cleo.ask<{ uploads: { bytes: number } }>('/api/usage')).uploads.bytes).toBeGreaterThanOrEqual(before + 21);
  expect(await cleo.ask(`/api/runs/${id}/cancel`, { body: {} })).toMatchObject({ state: 'cancelled' });
});

test('what is deleted with a person is gone with its bytes, and its open runs are stopped; bytes that another has too stay', async () => {
  const [bob, cleo] = [await join(), await join()];
  const [own, shared, hers] = [await upload(bob, 'only of this person'), await upload(bob, 'of two people'), await upload(cleo, 'of two people')];
  // Whatever earlier tests left in line, so that this run is at work.
  for (const { id } of (await ada.ask<{ runs: { id: string }[] }>('/api/queue')).runs) await ada.ask(`/api/runs/${id}/cancel`, { body: {} });
  const { id } = await run(bob);
  await expect.poll(async () => (await bob.ask<RunView>(`/api/runs/${id}`)).steps[0]?.state).toBe('running');
  edge.received.length = 0;
  await ada.ask('/api/runs', { body: { chain: 'text-generation', inputs: { input: { outputId: shared } } } });
  const { rows } = await coordinator.database.pool.query('SELECT hash FROM outputs WHERE id = $1', [own]);
  const usage = await ada.ask<{ uploads: { bytes: number } }>('/api/usage');
  const removed = await remove(ada, bob.id, { kind: 'delete' });
  expect((await removed.json()) as Removed).toMatchObject({ runs: 1, items: 2, handedOverTo: null });
  expect((await ada.call(`/api/runs/${id}`)).status).toBe(404);
  await edge.next('cancel');
  const artifacts = () => coordinator.database.pool.query('SELECT 1 FROM artifacts WHERE hash = $1', [rows[0].hash]);
  await expect.poll(async () => (await artifacts()).rows).toEqual([]);
  expect((await ada.call(`/api/outputs/${own}/content`)).status).toBe(404);
  expect(await (await cleo.call(`/api/outputs/${hers}/content`)).text()).toBe('of two people');
  expect((await bob.call('/api/me')).status).toBe(401);
  expect((await ada.ask<{ items: unknown[] }>('/api/gallery?deleted=true')).items).toEqual([]);
  // What an open run of the owner's was given stays until it has ended; nothing else was added to what the owner has.
  expect((await ada.ask<{ uploads: { bytes: number } }>('/api/usage')).uploads.bytes - usage.uploads.bytes).toBeLessThanOrEqual('of two people'.length);
});

test('a gallery of many items changes hands in one go', async () => {
  const [bob, cleo] = [await join(), await join()];
  const item = await upload(bob, 'many times');
  const many = 20_000;
  await coordinator.database.pool.query(
    `INSERT INTO outputs (id, user_id, hash, media_type, modality, listed, caption)
    SELECT gen_random_uuid(), $1, o.hash, 'text/plain', 'text', true, 'item ' || n FROM outputs o, generate_series(1, $3) n WHERE o.id = $2`,
    [bob.id, item, many],
  );
  const removed = (await (await remove(ada, bob.id, { kind: 'hand-over', to: cleo.id })).json()) as Removed;
  expect(removed.items).toBe(many + 1);
  const { items } = await cleo.ask<{ items: unknown[] }>('/api/gallery?uploads=true&search=item%2017');
  expect(items.length).toBeGreaterThan(0);
});

test("the first owner can go: this machine's command line works as another owner from then on, with no right of theirs left", async () => {
  const heir = await join('owner');
  await change(heir, ada.id, { role: 'member' });
  expect(await (await coordinator.call('/api/me', { token: coordinator.ownerToken })).json()).toMatchObject({ role: 'owner' });
  // A token that only has the name of the machine's is none.
  const { token } = await ada.ask<{ token: string }>('/api/tokens', { body: { name: 'Command line of this machine' } });
  expect((await remove(heir, ada.id, { kind: 'hand-over' })).status).toBe(200);
  expect((await coordinator.call('/api/me', { token })).status).toBe(401);
  expect(await (await coordinator.call('/api/me', { token: coordinator.ownerToken })).json()).toMatchObject({ id: heir.id });
});
