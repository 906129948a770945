import { createHash } from 'node:crypto';
import type { InvitationView, PeopleView, SecretLink } from '@atelier/protocol';
import { limits } from '@atelier/protocol';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { errorOf, type TestCoordinator, testCoordinator } from '../coordinator.test-support.ts';
import { type Browser, browserOf, codeOf, joinAs, password, signIn, welcome } from './browser.test-support.ts';

let coordinator: TestCoordinator;
let ada: Browser;

beforeAll(async () => {
  coordinator = await testCoordinator();
  ada = await welcome(coordinator, 'Ada');
});
afterAll(() => coordinator.close());

type Made = InvitationView & SecretLink;
const invite = (body: object = {}) => ada.ask<Made>('/api/invitations', { body });
const join = (code: string, email: string, more: object = {}) => coordinator.call('/api/join', { body: { code, name: 'Bob', email, password, ...more } });
const offer = (code: string) => coordinator.call('/api/invitations/offer', { body: { code } });
const open = async () => (await ada.ask<InvitationView[]>('/api/invitations')).map(({ id }) => id);

test('an invitation says who made it and for what, makes a person once who is signed in at once, and only its hash is kept', async () => {
  const made = await invite({ role: 'guest', note: 'Bob from next door' });
  const code = codeOf(made.url);
  expect(made.url).toBe(`${coordinator.url}/join#${code}`);
  expect(made).toMatchObject({ role: 'guest', madeBy: 'Ada', note: 'Bob from next door', reach: 'this-machine' });
  expect(Date.parse(made.expiresAt) - Date.now()).toBeGreaterThan(6.9 * 86_400_000);
  expect(await (await offer(code)).json()).toMatchObject({ role: 'guest', invitedBy: 'Ada', note: 'Bob from next door' });
  expect(await open()).toContain(made.id);
  const { rows } = await coordinator.database.pool.query('SELECT * FROM single_use_token WHERE id = $1', [made.id]);
  expect(JSON.stringify(rows)).not.toContain(code);
  expect(rows[0].token_hash).toBe(createHash('sha256').update(code).digest('hex'));
  const answer = await join(code, 'Bob@Example.org');
  expect([answer.status, await answer.clone().json()]).toEqual([201, expect.objectContaining({ name: 'Bob', email: 'bob@example.org', role: 'guest' })]);
  expect(await browserOf(coordinator, answer).ask('/api/me')).toMatchObject({ name: 'Bob', role: 'guest' });
  expect(await open()).not.toContain(made.id);
  for (const again of [await join(code, 'eve@example.org'), await offer(code)]) {
    expect(await errorOf(again)).toMatchObject({
      code: 'token-used',
      message: expect.stringContaining('used already'),
      hint: expect.stringContaining('new link'),
    });
  }
});

test('of two people who accept at the same moment one wins, and the other is told', async () => {
  const code = codeOf((await invite()).url);
  const answers = await Promise.all([join(code, 'first@example.org'), join(code, 'second@example.org')]);
  expect(answers.map(({ status }) => status).sort()).toEqual([201, 409]);
  expect(await errorOf(answers.find(({ status }) => status === 409) as Response)).toMatchObject({ code: 'token-used' });
});

test('an invitation past its time, a revoked one and an invented one are each told by their own words', async () => {
  const [late, revoked] = [await invite({ hours: 1 }), await invite()];
  await coordinator.database.pool.query("UPDATE single_use_token SET expires_at = now() - interval '1 second' WHERE id = $1", [late.id]);
  await ada.ask(`/api/invitations/${revoked.id}`, { method: 'DELETE' });
  const told: Record<string, RegExp> = { [codeOf(late.url)]: /past its time/, [codeOf(revoked.url)]: /revoked/, 'never-made-by-anybody': /not known/ };
  for (const [code, words] of Object.entries(told)) {
    for (const answer of [await join(code, 'late@example.org'), await offer(code)]) expect((await errorOf(answer)).message).toMatch(words);
  }
  expect(await open()).not.toContain(revoked.id);
  expect((await ada.call(`/api/invitations/${revoked.id}`, { method: 'DELETE' })).status).toBe(404);
});

test('a form that fails uses nothing up: an address that is taken, a short password, no name', async () => {
  const code = codeOf((await invite()).url);
  const taken = await join(code, 'ADA@example.org');
  expect([taken.status, await errorOf(taken)]).toEqual([
    409,
    expect.objectContaining({
      code: 'conflict',
      message: expect.stringContaining('ada@example.org is here already'),
      hint: expect.stringContaining('not used up'),
    }),
  ]);
  for (const wrong of [{ password: 'short' }, { name: '  ' }, { email: 'nobody' }]) expect((await join(code, 'carol@example.org', wrong)).status).toBe(400);
  expect((await join(code, 'carol@example.org')).status).toBe(201);
});

test('two who join with one address by two invitations: one is told, and their invitation is still good', async () => {
  const codes = [codeOf((await invite()).url), codeOf((await invite()).url)];
  const answers = await Promise.all(codes.map((code) => join(code, 'twin@example.org')));
  expect(answers.map(({ status }) => status).sort()).toEqual([201, 409]);
  const left = codes[answers.findIndex(({ status }) => status === 409)] as string;
  expect((await join(left, 'other-twin@example.org')).status).toBe(201);
});

test('times and roles out of bounds are refused', async () => {
  for (const wrong of [{ hours: 0 }, { hours: limits.invitationHours + 1 }, { hours: 1.5 }, { role: 'root' }, { note: 'x'.repeat(201) }]) {
    expect([wrong, (await ada.call('/api/invitations', { body: wrong })).status]).toEqual([wrong, 400]);
  }
});

test('what an owner gave out is worth nothing once they are none any more', async () => {
  const dora = await joinAs(coordinator, ada, 'Dora', 'owner');
  const made = await dora.ask<Made>('/api/invitations', { body: { role: 'owner' } });
  const machine = await dora.ask<{ token: string }>('/api/join-tokens', { body: {} });
  await ada.ask(`/api/people/${dora.id}`, { method: 'PATCH', body: { role: 'member' } });
  expect((await errorOf(await join(codeOf(made.url), 'hers@example.org'))).message).toContain('revoked');
  const edge = await coordinator.call('/api/edge/join', {
    body: { token: machine.token, name: 'Hers', publicKey: { kty: 'OKP', crv: 'Ed25519', x: 'a'.repeat(43) } },
  });
  expect(edge.status).not.toBe(201);
  expect((await dora.call('/api/invitations', { body: {} })).status).toBe(403);
});

test('a link for a new password works once, ends sessions, leaves tokens unless it is asked, and no other link stays', async () => {
  const fay = await joinAs(coordinator, ada, 'Fay');
  const { token } = await fay.ask<{ token: string }>('/api/tokens', { body: { name: 'program' } });
  const make = async (endTokens: boolean) => codeOf((await ada.ask<SecretLink>(`/api/people/${fay.id}/reset-link`, { body: { endTokens } })).url);
  const reset = (code: string, word: string) => coordinator.call('/api/password-reset', { body: { code, password: word } });
  const [first, second] = [await make(true), await make(false)];
  expect((await errorOf(await reset(first, 'another good word'))).message).toContain('revoked');
  expect(await (await coordinator.call('/api/password-reset/offer', { body: { code: second } })).json()).toMatchObject({ name: 'Fay', endsTokens: false });
  expect((await reset(second, 'short')).status).toBe(400);
  const answer = await reset(second, 'another good word');
  expect(answer.status).toBe(201);
  expect(await browserOf(coordinator, answer).ask('/api/me')).toMatchObject({ name: 'Fay' });
  expect((await fay.call('/api/me')).status).toBe(401);
  expect((await coordinator.call('/api/me', { token })).status).toBe(200);
  expect((await errorOf(await reset(second, 'a third good word'))).code).toBe('token-used');
  await expect(signIn(coordinator, 'fay@example.org')).rejects.toThrow('401');
  await signIn(coordinator, 'fay@example.org', 'another good word');
  expect((await reset(await make(true), 'a third good word')).status).toBe(201);
  expect((await coordinator.call('/api/me', { token })).status).toBe(401);
});

test('a link for the password of the first owner leaves the command line of this machine as it is', async () => {
  const { people } = await ada.ask<PeopleView>('/api/people');
  const id = people.find(({ name }) => name === 'Ada')?.id;
  const { url } = await ada.ask<SecretLink>(`/api/people/${id}/reset-link`, { body: { endTokens: true } });
  const answer = await coordinator.call('/api/password-reset', { body: { code: codeOf(url), password } });
  expect(answer.status).toBe(201);
  ada = browserOf(coordinator, answer);
  expect((await coordinator.call('/api/me', { token: coordinator.ownerToken })).status).toBe(200);
});

test('whoever tries many codes is slowed down', async () => {
  let answer = await join('guessed-guessed', 'eve@example.org');
  for (let tries = 0; answer.status === 401 && tries < 2 * limits.doorTriesPerMinute; tries++) answer = await join('guessed-guessed', 'eve@example.org');
  expect(await errorOf(answer)).toMatchObject({ code: 'rate-limited' });
});
