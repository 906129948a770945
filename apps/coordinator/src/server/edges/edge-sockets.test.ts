import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { limits } from '@atelier/protocol';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { type EdgeKey, errorOf, hello, joinEdge, openEdge, type TestCoordinator, testCoordinator, testModel, workingEdge } from '../coordinator-for-tests.ts';

let coordinator: TestCoordinator;
const writer = testModel('writer', ['text-generation']);

beforeAll(async () => {
  coordinator = await testCoordinator({ edgeTimes: { pingMs: 150, introduceMs: 2_000 } });
});
afterAll(() => coordinator.close());

const stateOf = async (id: string) => {
  const edges = (await (await coordinator.call('/api/edges', { token: coordinator.ownerToken })).json()) as { id: string; state: string }[];
  return edges.find((edge) => edge.id === id)?.state;
};

/** Asks until it is so; vitest's own deadline ends it otherwise. */
async function untilState(id: string, state: string): Promise<void> {
  while ((await stateOf(id)) !== state);
}

test('a join token lets one edge in, once', async () => {
  const { token } = await (await coordinator.call('/api/join-tokens', { token: coordinator.ownerToken, body: {} })).json();
  const publicKey = { kty: 'OKP', crv: 'Ed25519', x: 'A'.repeat(43) };
  const join = () => coordinator.call('/api/edge/join', { body: { token, name: 'Twin', publicKey } });
  const answers = await Promise.all([join(), join()]);
  expect(answers.map((answer) => answer.status).sort()).toEqual([201, 409]);
  expect(await errorOf(answers.find((answer) => answer.status === 409) as Response)).toMatchObject({ code: 'token-used' });
  expect((await coordinator.call('/api/edge/join', { body: { token: 'not-a-token-at-all', name: 'Twin', publicKey } })).status).toBe(401);
});

test('an edge that signs with another key is refused', async () => {
  const own = await joinEdge(coordinator, 'Honest');
  const other = await joinEdge(coordinator, 'Other');
  const forged: EdgeKey = { edgeId: own.edgeId, prove: (nonce) => other.prove(nonce) };
  await expect(openEdge(coordinator, forged)).rejects.toThrow(/unauthenticated/);
});

test('after hello the edge is online, and away after its socket closed', async () => {
  const edge = await openEdge(coordinator, await joinEdge(coordinator, 'Comes and goes'), [writer]);
  await untilState(edge.id, 'online');
  await edge.close();
  await untilState(edge.id, 'away');
});

test('the newest socket of an edge wins', async () => {
  const key = await joinEdge(coordinator, 'Twice');
  const first = await openEdge(coordinator, key, [writer]);
  await untilState(first.id, 'online');
  const ended = once(first.socket, 'close');
  const second = await openEdge(coordinator, key, [writer]);
  const [code] = await ended;
  expect(code).toBe(4409);
  await untilState(first.id, 'online');
  expect(second.socket.readyState).toBe(WebSocket.OPEN);
  expect((await coordinator.call(`/api/edge/artifacts/${'a'.repeat(64)}`, { method: 'HEAD', token: first.sessionToken })).status).toBe(401);
  await second.close();
});

test('a revoked edge is cut off and never let in again', async () => {
  const key = await joinEdge(coordinator, 'Lost laptop');
  const edge = await openEdge(coordinator, key, [writer]);
  await untilState(edge.id, 'online');
  const ended = once(edge.socket, 'close');
  expect((await coordinator.call(`/api/edges/${edge.id}`, { method: 'DELETE', token: coordinator.ownerToken })).status).toBe(200);
  await ended;
  await expect(openEdge(coordinator, key, [writer])).rejects.toThrow(/unauthenticated/);
});

test('a message that is not understood, or of another version, ends the socket with a reason', async () => {
  const key = await joinEdge(coordinator, 'Babbler');
  const babbler = await openEdge(coordinator, key);
  babbler.socket.send('{"kind":"gossip"}');
  expect((await babbler.next('error')).error.code).toBe('invalid-input');
  const old = await openEdge(coordinator, key);
  old.send({ ...hello([]), protocolVersion: 0 });
  expect((await old.next('error')).error).toMatchObject({ code: 'conflict', hint: expect.stringContaining('same release') });
});

test('a message over the bound ends the socket', async () => {
  const edge = await openEdge(coordinator, await joinEdge(coordinator, 'Shouter'), [writer]);
  const ended = once(edge.socket, 'close');
  edge.socket.send('x'.repeat(limits.edgeMessageBytes + 1));
  expect((await ended)[0]).toBe(1009);
});

test('a socket that answers no pings is dead', async () => {
  const key = await joinEdge(coordinator, 'Frozen');
  const edge = await openEdge(coordinator, key, [writer]);
  await untilState(edge.id, 'online');
  edge.socket.pause();
  await untilState(edge.id, 'away');
  edge.socket.terminate();
});

test('a page of another site cannot open a socket', async () => {
  const socket = new WebSocket(`${coordinator.url.replace('http', 'ws')}/api/edge/socket`, { origin: 'http://evil.example' });
  const [error] = await once(socket, 'error');
  expect(String(error)).toMatch(/403/);
});

test('bytes come in only when asked for and with their hash, and go out only for a ticket', async () => {
  const bytes = Buffer.from('a text that was made');
  const hash = createHash('sha256').update(bytes).digest('hex');
  const edge = await workingEdge(coordinator, [writer], () => ({ port: 'text', mediaType: 'text/plain', bytes }));
  const path = `/api/edge/artifacts/${hash}`;
  const put = (body: Uint8Array) => coordinator.call(path, { method: 'PUT', token: edge.sessionToken, body });
  expect((await put(bytes)).status).toBe(403);
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
