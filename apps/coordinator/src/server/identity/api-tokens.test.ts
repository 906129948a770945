import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { schema } from '@atelier/store';
import { defaultKeyHasher } from '@better-auth/api-key';
import { eq } from 'drizzle-orm';
import pino from 'pino';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startCoordinator } from '../../start.ts';
import { errorOf, type TestCoordinator, testCoordinator } from '../coordinator.test-support.ts';

let coordinator: TestCoordinator;

beforeAll(async () => {
  coordinator = await testCoordinator();
});
afterAll(() => coordinator.close());

const make = (token: string, days?: number) => coordinator.call('/api/tokens', { token, body: { name: 'made', ...(days ? { days } : {}) } });
const made = async (token: string, days?: number): Promise<{ id: string; token: string; expiresAt: string | null }> => (await make(token, days)).json();
const works = async (token: string) => (await coordinator.call('/api/me', { token })).status === 200;

async function idOf(token: string): Promise<string> {
  const { apikey } = schema;
  const [row] = await coordinator.database.db
    .select({ id: apikey.id })
    .from(apikey)
    .where(eq(apikey.key, await defaultKeyHasher(token)));
  return row?.id as string;
}

test('a token that was made with a token ends when that one does, however long it was wanted', async () => {
  const expiresAt = new Date(Date.now() + 3_600_000);
  const { token } = await coordinator.person('member', { expiresAt });
  for (const days of [undefined, 1, 3650]) expect((await made(token, days)).expiresAt).toBe(expiresAt.toISOString());
  const child = await made(token);
  expect((await made(child.token, 30)).expiresAt).toBe(expiresAt.toISOString());
});

test('a token with a shorter time than the one that made it has that', async () => {
  const { token } = await coordinator.person('member', { expiresAt: new Date(Date.now() + 10 * 86_400_000) });
  const days = (Date.parse((await made(token, 2)).expiresAt ?? '') - Date.now()) / 86_400_000;
  expect(days).toBeGreaterThan(1.9);
  expect(days).toBeLessThan(2.1);
});

test('revoking a token ends all that were made with it, and with those; no other', async () => {
  const person = await coordinator.person('owner');
  const [child, sister] = [await made(person.token), await made(person.token)];
  const grandchild = await made(child.token);
  expect(await works(grandchild.token)).toBe(true);
  await coordinator.call(`/api/tokens/${child.id}`, { method: 'DELETE', token: sister.token });
  expect(await Promise.all([person, sister, child, grandchild].map(({ token }) => works(token)))).toEqual([true, true, false, false]);
  await coordinator.call(`/api/tokens/${await idOf(person.token)}`, { method: 'DELETE', token: person.token });
  expect(await Promise.all([person, sister].map(({ token }) => works(token)))).toEqual([false, false]);
});

test('no token that is being made while the one that makes it is revoked outlives it', async () => {
  for (let round = 0; round < 5; round++) {
    const { token } = await coordinator.person('member');
    const id = await idOf(token);
    const making = Array.from({ length: 8 }, () => make(token));
    const revoking = coordinator.call(`/api/tokens/${id}`, { method: 'DELETE', token });
    const answers = await Promise.all(making);
    await revoking;
    for (const answer of answers) {
      if (answer.status !== 201) expect(await errorOf(answer)).toMatchObject({ code: 'unauthenticated' });
      else expect(await works(((await answer.json()) as { token: string }).token)).toBe(false);
    }
  }
});

test('the token of the house makes tokens, as the command line does', async () => {
  const { token, expiresAt } = await made(coordinator.ownerToken);
  expect([await works(token), expiresAt]).toEqual([true, null]);
});

test('programs keep their tokens when the file with the token of the house was lost, and those end with the new one', async () => {
  const house = await testCoordinator();
  const answer = await house.call('/api/tokens', { token: house.ownerToken, body: { name: 'a program' } });
  const { token } = (await answer.json()) as { token: string };
  await house.stop();
  const file = join(house.dataFolder, 'owner.token');
  await rm(file);
  const log = pino({ level: 'silent' });
  const again = await startCoordinator({ host: '127.0.0.1', port: 0, dataFolder: house.dataFolder, localEdge: false, databaseUrl: house.database.url, log });
  const me = async (as: string) => (await fetch(`${again.url}/api/me`, { headers: { authorization: `Bearer ${as}` } })).status;
  const found = (await readFile(file, 'utf8')).trim();
  expect(await Promise.all([me(found), me(token), me(house.ownerToken)])).toEqual([200, 200, 401]);
  const { rows } = await house.database.pool.query("SELECT id FROM apikey WHERE name LIKE 'Command line of this machine%'");
  expect(rows).toHaveLength(1);
  await house.database.pool.query('DELETE FROM apikey WHERE id = $1', [rows[0].id]);
  expect(await me(token)).toBe(401);
  await again.close();
  await house.close();
});
