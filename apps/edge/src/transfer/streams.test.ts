/** The door of a service: who gets a stream to it, and who does not. A real edge, a real service, and a coordinator that says what a test wants. */
import { generateKeyPairSync } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Duplex } from 'node:stream';
import { createKeyProver, openStreamAt, presentToken } from '@atelier/artifacts';
import { AtelierError, type EdgeId, limits, newId, type ServiceId } from '@atelier/protocol';
import { pino } from 'pino';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Edge, runEdge } from '../agent.ts';
import { type SmallCoordinator, startSmallCoordinator } from '../testing/small-coordinator.ts';

const echoServices = join(import.meta.dirname, '../../../../tests/models/echo-services.ts');
const serviceId = newId<ServiceId>();
let folder: string;
let coordinator: SmallCoordinator;
let edge: Edge;
let url: string;
let fence = 1;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'atelier-streams-'));
  coordinator = await startSmallCoordinator(join(folder, 'coordinator'));
  edge = await runEdge({
    folder: join(folder, 'edge'),
    models: [],
    join: { url: coordinator.url, token: coordinator.token },
    listen: '127.0.0.1:0',
    taskModules: [echoServices],
    log: pino({ level: process.env.ATELIER_LOG_LEVEL ?? 'silent' }),
  });
  const hello = await coordinator.hear('hello');
  expect(hello.services?.kinds).toContain('echo');
  url = hello.info.transferUrl as string;
  coordinator.send({ kind: 'service-start', order: { serviceId, fence, service: 'echo', parameters: {}, runId: null, restarts: 0 } });
  await coordinator.hear('service', ({ state }) => state === 'running');
});

afterAll(async () => {
  await edge.close();
  await coordinator[Symbol.asyncDispose]();
  await rm(folder, { recursive: true, force: true });
});

/** Somebody with a key, and what they show. */
function machine() {
  const id = newId<EdgeId>();
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  const prove = createKeyProver(privateKey.export({ format: 'jwk' }) as never, () => new Date());
  const key = publicKey.export({ format: 'jwk' }) as never;
  return {
    id,
    ticket: (more: { from?: string; service?: string; seconds?: number; fence?: number } = {}) =>
      coordinator.tickets.signService({ service: serviceId, fence, caller: 'another', to: id, key, from: coordinator.edgeId(), seconds: 60, ...more }),
    shows: (token: string, target = `/services/${serviceId}`) => presentToken(prove, { method: 'GET', url: url + target, token }),
  };
}

/** On a busy machine the edge may lose its connection for a moment. */
async function open(headers: () => Promise<Record<string, string>>, target = `/services/${serviceId}`): Promise<Duplex> {
  for (;;) {
    try {
      const signal = new AbortController().signal;
      return await openStreamAt({ address: '127.0.0.1', url: new URL(url + target), headers: await headers(), signal, timeoutMs: 60_000 });
    } catch (error) {
      if ((error as AtelierError).code !== 'unavailable') throw error;
    }
  }
}

const refusal = (headers: () => Promise<Record<string, string>>, target?: string) =>
  open(headers, target).then(
    (stream) => {
      stream.destroy();
      return 'opened';
    },
    (error: AtelierError) => error.code,
  );

async function firstLine(stream: Duplex): Promise<string> {
  const [piece] = (await once(stream, 'data')) as [Buffer];
  return piece.toString();
}

test('a stream is opened for whom the ticket was given, and for nobody else', async () => {
  const taker = machine();
  const thief = machine();
  const token = await taker.ticket();
  const shown = await taker.shows(token);
  const stream = await open(async () => shown);
  expect(await firstLine(stream)).toBe('life 0\n');
  stream.destroy();
  expect(await refusal(async () => shown)).toBe('unauthenticated');
  expect(await refusal(async () => ({}))).toBe('unauthenticated');
  expect(await refusal(async () => ({ authorization: `Bearer ${token}` }))).toBe('unauthenticated');
  expect(await refusal(() => thief.shows(token))).toBe('forbidden');
  expect(await refusal(() => taker.shows(token, `/services/${newId<ServiceId>()}`))).toBe('unauthenticated');
});

test('a ticket of another service, of another edge, past its time, or for bytes opens nothing', async () => {
  const taker = machine();
  const withTicket = (more: Parameters<typeof taker.ticket>[0]) => refusal(async () => taker.shows(await taker.ticket(more)));
  expect(await withTicket({ service: newId<ServiceId>() })).toBe('forbidden');
  expect(await withTicket({ from: 'another edge' })).toBe('forbidden');
  expect(await withTicket({ seconds: -600 })).toBe('token-expired');
  expect(await withTicket({ fence: fence + 1 })).toBe('conflict');
  const forBytes = await coordinator.ticket({ hash: 'a'.repeat(64), from: coordinator.edgeId() });
  expect(await refusal(() => taker.shows(forBytes))).toBe('unauthenticated');
  const elsewhere = `/services/${newId<ServiceId>()}`;
  expect(await refusal(async () => taker.shows(await taker.ticket(), elsewhere), elsewhere)).toBe('not-found');
  expect(await refusal(async () => ({}), '/services/..%2f')).toBe('not-found');
});

test('bytes go both ways, each direction ends by itself, and what was sent before the end arrives', async () => {
  const taker = machine();
  const stream = await open(async () => taker.shows(await taker.ticket()));
  const sent = Buffer.alloc(5_000_000, 'abcdefg');
  const received: Buffer[] = [];
  stream.on('data', (piece: Buffer) => received.push(piece));
  stream.end(sent);
  await once(stream, 'end');
  expect(Buffer.concat(received).equals(Buffer.concat([Buffer.from('life 0\n'), sent]))).toBe(true);
});

test('a service has so many streams and no more, and one that closes makes room', async () => {
  const taker = machine();
  const opened = await Promise.all(Array.from({ length: limits.streamsPerService }, () => open(async () => taker.shows(await taker.ticket()))));
  const once503 = async () => {
    const headers = await taker.shows(await taker.ticket());
    const signal = new AbortController().signal;
    return openStreamAt({ address: '127.0.0.1', url: new URL(`${url}/services/${serviceId}`), headers, signal, timeoutMs: 60_000 }).catch((error) => error);
  };
  const refused = await once503();
  expect(refused).toBeInstanceOf(AtelierError);
  expect(refused.message).toContain(`has ${limits.streamsPerService} streams open`);
  opened[0]?.destroy();
  const again = await open(async () => taker.shows(await taker.ticket()));
  for (const stream of [again, ...opened]) stream.destroy();
});

test('another number for the same service closes the door to tickets of the old one, and does not end the service', async () => {
  const taker = machine();
  const old = await taker.ticket();
  fence = 2;
  coordinator.send({ kind: 'service-start', order: { serviceId, fence, service: 'echo', parameters: {}, runId: null, restarts: 0 } });
  const report = await coordinator.hear('service', (said) => said.fence === 2);
  expect([report.state, report.restarts]).toEqual(['running', 0]);
  expect(await refusal(() => taker.shows(old))).toBe('conflict');
  expect(await refusal(async () => taker.shows(await taker.ticket()))).toBe('opened');
});

test('the streams of an edge that is revoked are cut, and those of others go on', async () => {
  const revoked = machine();
  const honest = machine();
  const its = await open(async () => revoked.shows(await revoked.ticket()));
  const theirs = await open(async () => honest.shows(await honest.ticket()));
  await firstLine(theirs);
  its.resume();
  coordinator.revoked.push(revoked.id);
  coordinator.send({ kind: 'revoked', edgeIds: [revoked.id] });
  await once(its, 'close');
  expect(await refusal(async () => revoked.shows(await revoked.ticket()))).toBe('forbidden');
  theirs.write('still here');
  expect(await firstLine(theirs)).toBe('still here');
  theirs.destroy();
});

test('an order for a kind that this edge does not have is refused with a word, and one to stop ends the process', async () => {
  const other = newId<ServiceId>();
  coordinator.send({ kind: 'service-start', order: { serviceId: other, fence: 3, service: 'nonsense', parameters: {}, runId: null, restarts: 0 } });
  const refused = await coordinator.hear('service', (said) => said.serviceId === other);
  expect([refused.state, refused.error?.code]).toEqual(['failed', 'not-found']);
  coordinator.send({ kind: 'service-stop', serviceId });
  await coordinator.hear('service', (said) => said.serviceId === serviceId && said.state === 'stopped');
  const since = coordinator.heard.length;
  const beat = await coordinator.hear('heartbeat', () => true, since);
  expect(beat.services).toEqual([]);
});
