import { once } from 'node:events';
import { type EdgeView, limits, newId } from '@atelier/protocol';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { type EdgeKey, errorOf, hello, joinEdge, openEdge, type TestCoordinator, testCoordinator, testModel } from '../coordinator.test-support.ts';

let coordinator: TestCoordinator;
const writer = testModel('writer', ['text-generation']);

beforeAll(async () => {
  coordinator = await testCoordinator();
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
  const forged: EdgeKey = { ...other, edgeId: own.edgeId };
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
  const path = `/api/edge/artifacts/${'a'.repeat(64)}`;
  expect((await coordinator.call(path, { method: 'HEAD', headers: await first.shows('HEAD', path) })).status).toBe(401);
  expect((await coordinator.call(path, { method: 'HEAD', headers: await second.shows('HEAD', path) })).status).toBe(404);
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

test('a result whose media type could end a header is not understood', async () => {
  const edge = await openEdge(coordinator, await joinEdge(coordinator, 'Splitter'), [writer]);
  const output = { port: 'text', index: 0, hash: 'a'.repeat(64), mediaType: 'text/plain\r\nset-cookie: a=b', sizeBytes: 1, text: null };
  const timings = { transferSeconds: 0, transferBytes: 0, loadSeconds: 0, runSeconds: 0, cold: false };
  edge.send({ kind: 'result', attemptId: newId(), fence: 1, outputs: [output], timings, modelHash: '' });
  expect((await edge.next('error')).error).toMatchObject({ code: 'invalid-input', message: expect.stringContaining('image/png') });
});

test('others are sent to an edge where it connects from; elsewhere once an owner has confirmed it, and never to what is not another machine', async () => {
  const key = await joinEdge(coordinator, 'Giver');
  const view = async () => {
    const edges = (await (await coordinator.call('/api/edges', { token: coordinator.ownerToken })).json()) as EdgeView[];
    return edges.find((edge) => edge.id === key.edgeId);
  };
  const says = async (transferUrl: string, headers: Record<string, string> = {}) => {
    const edge = await openEdge(coordinator, key, undefined, headers);
    const greeting = hello([writer]);
    edge.send({ ...greeting, info: { ...greeting.info, transferUrl } });
    for (let seen = await view(); seen?.transfer?.url !== transferUrl || seen.state !== 'online'; seen = await view());
    return { edge, transfer: (await view())?.transfer };
  };
  const confirm = (url: string | null) => coordinator.call(`/api/edges/${key.edgeId}/transfer-address`, { token: coordinator.ownerToken, body: { url } });
  expect((await says('http://127.0.0.1:4750')).transfer).toMatchObject({ state: 'open', reason: null });
  // Behind a proxy of this machine loopback is the proxy's, and the edge may be anywhere.
  expect((await says('http://127.0.0.1:4751', { 'x-forwarded-for': '203.0.113.5' })).transfer).toMatchObject({ state: 'refused' });
  expect((await says('http://169.254.169.254')).transfer).toMatchObject({ state: 'refused' });
  expect((await confirm('http://169.254.169.254')).status).toBe(409);
  const last = await says('http://192.0.2.7:4750');
  expect(last.transfer).toMatchObject({ state: 'unconfirmed', reason: expect.stringContaining('192.0.2.7') });
  expect((await confirm('http://192.0.2.8:4750')).status).toBe(409);
  expect(await (await confirm('http://192.0.2.7:4750')).json()).toMatchObject({ transfer: { state: 'open' } });
  expect(await (await confirm(null)).json()).toMatchObject({ transfer: { state: 'unconfirmed' } });
  await last.edge.close();
  for (const url of ['http://192.0.2.7/path', 'http://me:secret@192.0.2.7', 'ftp://192.0.2.7', 'http://192.0.2.7?q', 'javascript:alert(1)']) {
    const edge = await openEdge(coordinator, key);
    edge.send({ ...hello([]), info: { ...hello([]).info, transferUrl: url } });
    expect((await edge.next('error')).error.code).toBe('invalid-input');
  }
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
