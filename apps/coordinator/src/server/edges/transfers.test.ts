import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { type IncomingMessage, request } from 'node:http';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { createTicketSigner, type FolderStore, folderStore } from '@atelier/artifacts';
import type { EdgeId, Ticket, WorkOrder } from '@atelier/protocol';
import { afterAll, beforeAll, expect, test } from 'vitest';
import {
  type EdgeKey,
  errorOf,
  joinEdge,
  openEdge,
  type SocketEdge,
  type TestCoordinator,
  testCoordinator,
  testModel,
  workingEdge,
} from '../coordinator.test-support.ts';

let coordinator: TestCoordinator;
let store: FolderStore;
let taker: SocketEdge;
let other: SocketEdge;
const writer = testModel('writer', ['text-generation']);

beforeAll(async () => {
  coordinator = await testCoordinator();
  store = await folderStore(join(coordinator.dataFolder, 'artifacts'));
  other = await openEdge(coordinator, await joinEdge(coordinator, 'Other'), []);
});
afterAll(async () => {
  await other.close();
  await coordinator.close();
});

/** Bytes that the coordinator has. */
async function kept(bytes: Uint8Array): Promise<{ hash: string; path: string }> {
  const { hash, sizeBytes } = await store.put(Readable.from([bytes]));
  await coordinator.database.pool.query('INSERT INTO artifacts (hash, size_bytes) VALUES ($1, $2) ON CONFLICT DO NOTHING', [hash, sizeBytes]);
  await coordinator.database.pool.query("INSERT INTO replicas (hash, place) VALUES ($1, 'coordinator') ON CONFLICT DO NOTHING", [hash]);
  return { hash, path: `/api/edge/artifacts/${hash}` };
}

/** A ticket of the coordinator's own key. */
async function ticket(to: EdgeKey, hash: string, more: { seconds?: number; attempt?: string } = {}): Promise<string> {
  const signer = await createTicketSigner(join(coordinator.dataFolder, 'ticket-key.json'));
  return signer.sign({ hash, from: 'coordinator', to: to.edgeId, key: to.publicKey as never, attempt: 'no attempt', seconds: 60, ...more });
}

const newEdge = async (name: string) => {
  const key = await joinEdge(coordinator, name);
  return { key, edge: await openEdge(coordinator, key, [writer]) };
};

const get = async (path: string, headers: Record<string, string>) => {
  const answer = await coordinator.call(path, { headers });
  return answer.ok ? 'given' : (await errorOf(answer)).code;
};

const revoke = (id: EdgeId) => coordinator.call(`/api/edges/${id}`, { method: 'DELETE', token: coordinator.ownerToken });

test('bytes come in only when asked for and with their hash, and go out only for a ticket', async () => {
  const bytes = Buffer.from('a text that was made');
  const hash = createHash('sha256').update(bytes).digest('hex');
  const edge = await workingEdge(coordinator, [writer], () => ({ port: 'text', mediaType: 'text/plain', bytes }));
  const path = `/api/edge/artifacts/${hash}`;
  expect((await coordinator.call(path, { method: 'PUT', headers: await edge.shows('PUT', path), body: bytes })).status).toBe(403);
  const run = await (
    await coordinator.call('/api/runs', { token: coordinator.ownerToken, body: { chain: 'text-generation', inputs: { input: { text: 'begin' } } } })
  ).json();
  const events = await coordinator.call(`/api/runs/${run.id}/events`, { token: coordinator.ownerToken });
  expect(await events.text()).toContain('"succeeded"');
  const { steps } = await (await coordinator.call(`/api/runs/${run.id}`, { token: coordinator.ownerToken })).json();
  const [output] = steps[0].outputs;
  const content = await coordinator.call(`/api/outputs/${output.id}/content`, { token: coordinator.ownerToken });
  expect(await content.text()).toBe(bytes.toString());
  expect((await coordinator.call(path, { token: edge.sessionToken })).status).toBe(401);
  expect((await coordinator.call(path, { token: coordinator.ownerToken })).status).toBe(401);
  await edge.close();
});

test('a ticket gives bytes to the edge that it was given to, and to nobody who only has the ticket', async () => {
  const { key, edge } = await newEdge('Taker');
  const { hash, path } = await kept(Buffer.from('some bytes'));
  const token = await ticket(key, hash);
  const shown = await edge.shows('GET', path, token);
  expect(await get(path, shown)).toBe('given');
  expect(await get(path, { authorization: `Bearer ${token}` })).toBe('unauthenticated');
  expect(await get(path, { authorization: `DPoP ${token}` })).toBe('unauthenticated');
  // Listened to and sent again, even by the same machine.
  expect(await get(path, shown)).toBe('unauthenticated');
  expect(await get(path, await other.shows('GET', path, token))).toBe('forbidden');
  expect(await get(path, await edge.shows('GET', path, await ticket(key, hash, { seconds: -600 })))).toBe('token-expired');
  const elsewhere = await kept(Buffer.from('other bytes'));
  expect(await get(elsewhere.path, await edge.shows('GET', elsewhere.path, token))).toBe('forbidden');
  await edge.close();
});

test('the tickets of an order live minutes, and are renewed for its own edge while it works on it, also when they are past their time', async () => {
  const { key, edge } = await newEdge('Renewer');
  taker = edge;
  const body = { chain: 'text-generation', inputs: { input: { text: 'what has to be fetched' } } };
  const run = await (await coordinator.call('/api/runs', { token: coordinator.ownerToken, body })).json();
  const { order } = await taker.next('work');
  const input = order.inputs[0] as WorkOrder['inputs'][number];
  const { token, url } = input.tickets[0] as Ticket;
  const { exp, iat } = JSON.parse(Buffer.from(token.split('.')[1] as string, 'base64url').toString());
  expect(exp - iat).toBeLessThanOrEqual(600);
  const past = await ticket(key, input.hash, { seconds: -3600, attempt: order.attemptId });
  expect(await get(url, await edge.shows('GET', url, past))).toBe('token-expired');
  const renew = async (who: SocketEdge, old: string) =>
    coordinator.call('/api/edge/tickets', { headers: await who.shows('POST', '/api/edge/tickets'), body: { token: old } });
  const { tickets } = (await (await renew(edge, past)).json()) as { tickets: Ticket[] };
  expect(tickets.map(({ from }) => from)).toEqual(['coordinator']);
  expect(await get(url, await edge.shows('GET', url, tickets[0]?.token))).toBe('given');
  expect((await renew(other, past)).status).toBe(403);
  expect((await renew(edge, await ticket(key, input.hash, { attempt: 'no attempt' }))).status).toBe(403);
  expect((await renew(edge, 'nonsense')).status).toBe(401);
  // What was for an attempt that has ended is over.
  await coordinator.call(`/api/runs/${run.id}/cancel`, { method: 'POST', token: coordinator.ownerToken });
  await edge.next('cancel');
  expect((await renew(edge, past)).status).toBe(403);
  await edge.close();
});

/** Begins to read a large answer, and then no further. */
async function begin(path: string, headers: Record<string, string>): Promise<IncomingMessage> {
  const asked = request(new URL(path, coordinator.url), { headers });
  asked.end();
  const [answer] = (await once(asked, 'response')) as [IncomingMessage];
  answer.once('error', () => undefined);
  await once(answer, 'readable');
  answer.read(1);
  return answer;
}

/** Reads on. */
async function lengthOf(answer: IncomingMessage): Promise<number | 'cut'> {
  let received = 1;
  try {
    for await (const chunk of answer) received += (chunk as Buffer).length;
    return received;
  } catch {
    return 'cut';
  }
}

test('what an edge receives when it is revoked is cut, its tickets and its token open nothing from then on, and the others hear of it', async () => {
  const { key, edge } = await newEdge('Lost laptop');
  const { hash, path } = await kept(Buffer.alloc(64 * 1024 ** 2, 'x'));
  const token = await ticket(key, hash);
  const mine = await begin(path, await edge.shows('GET', path, token));
  const otherKey = await joinEdge(coordinator, 'Honest');
  const honest = await openEdge(coordinator, otherKey, []);
  const its = await begin(path, await honest.shows('GET', path, await ticket(otherKey, hash)));
  const renewal = await edge.shows('POST', '/api/edge/tickets');
  const asked = await edge.shows('GET', path, token);
  expect((await revoke(key.edgeId)).status).toBe(200);
  expect(await lengthOf(mine)).toBe('cut');
  expect(await get(path, asked)).toBe('forbidden');
  expect((await coordinator.call('/api/edge/tickets', { headers: renewal, body: { token } })).status).toBe(401);
  // The first tells who had been revoked when it came.
  while (!(await honest.next('revoked')).edgeIds.includes(key.edgeId));
  expect(await lengthOf(its)).toBe(64 * 1024 ** 2);
  await honest.close();
});

test('an edge that was away when another was revoked is told in its welcome', async () => {
  const { key, edge } = await newEdge('Gone for good');
  const away = await joinEdge(coordinator, 'Away');
  await (await openEdge(coordinator, away, [])).close();
  await revoke(key.edgeId);
  await edge.close();
  const back = await openEdge(coordinator, away);
  expect(back.welcome.revoked).toContain(key.edgeId);
  expect(Math.abs(back.welcome.time - Date.now())).toBeLessThan(60_000);
  await back.close();
});
