import { generateKeyPairSync } from 'node:crypto';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { type IncomingMessage, request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { createKeyProver, folderStore, presentToken } from '@atelier/artifacts';
import { type EdgeId, newId } from '@atelier/protocol';
import { pino } from 'pino';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { stringify } from 'yaml';
import { type Edge, runEdge } from '../agent.ts';
import { type SmallCoordinator, startSmallCoordinator } from '../testing/small-coordinator.ts';

const dayMs = 86_400_000;
let folder: string;
let coordinator: SmallCoordinator;
let giver: Edge;
/** Where the giver is reached; a new port after each start. */
let url: string;
let held: { hash: string; sizeBytes: number };

/** Somebody with a key, and what they show. */
function machine() {
  const id = newId<EdgeId>();
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  const prove = createKeyProver(privateKey.export({ format: 'jwk' }) as never, () => new Date(coordinator.time()));
  const key = publicKey.export({ format: 'jwk' }) as never;
  return {
    id,
    ticket: (more: { from?: string; seconds?: number } = {}) =>
      coordinator.tickets.sign({ hash: held.hash, to: id, key, attempt: 'one', from: coordinator.edgeId(), seconds: 60, ...more }),
    shows: (token: string, method = 'GET') => presentToken(prove, { method, url: address(), token }),
  };
}

const address = () => `${url}/artifacts/${held.hash}`;

async function startGiver(): Promise<void> {
  const edgeFolder = join(folder, 'giver');
  await mkdir(edgeFolder, { recursive: true });
  await writeFile(join(edgeFolder, 'edge.yaml'), stringify({ name: 'Giver', models: [] }));
  const store = await folderStore(join(edgeFolder, 'artifacts'));
  held = await store.put(Readable.from([Buffer.alloc(64 * 1024 ** 2, 'x')]));
  giver = await runEdge({
    folder: edgeFolder,
    models: [],
    join: { url: coordinator.url, token: coordinator.token },
    listen: '127.0.0.1:0',
    log: pino({ level: process.env.ATELIER_LOG_LEVEL ?? 'silent' }),
  });
  const { info } = await coordinator.hear('hello');
  url = info.transferUrl as string;
}

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'atelier-giving-'));
  coordinator = await startSmallCoordinator(join(folder, 'coordinator'));
});

afterEach(async () => {
  await giver.close();
  await coordinator[Symbol.asyncDispose]();
  await rm(folder, { recursive: true, force: true });
});

/** What is answered: `given`, or the code of the refusal. On a busy machine the giver may lose its connection for a moment. */
async function ask(headers: () => Promise<Record<string, string>>): Promise<string> {
  for (;;) {
    const answer = await askOnce(await headers());
    if (answer !== 'unavailable') return answer;
  }
}

async function askOnce(headers: Record<string, string>): Promise<string> {
  const answer = await fetch(address(), { headers: { ...headers, range: 'bytes=0-9' } });
  if (answer.status === 206) {
    await answer.arrayBuffer();
    return 'given';
  }
  return ((await answer.json()) as { error: { code: string } }).error.code;
}

/** Begins to read, and reads no further. */
async function begin(headers: Record<string, string>): Promise<IncomingMessage> {
  const asked = request(address(), { headers });
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

test('an edge gives to whom a ticket was given, and not to another that has it', async () => {
  await startGiver();
  const taker = machine();
  const thief = machine();
  const token = await taker.ticket();
  const shown = await taker.shows(token);
  expect(await ask(async () => shown)).toBe('given');
  expect(await ask(async () => ({}))).toBe('unauthenticated');
  expect(await ask(async () => ({ authorization: `Bearer ${token}` }))).toBe('unauthenticated');
  expect(await ask(async () => shown)).toBe('unauthenticated');
  expect(await ask(() => taker.shows(token, 'PUT'))).toBe('unauthenticated');
  expect(await ask(() => thief.shows(token))).toBe('forbidden');
  expect(await ask(async () => taker.shows(await taker.ticket({ from: 'another giver' })))).toBe('forbidden');
  expect(await ask(async () => taker.shows(await taker.ticket({ seconds: -600 })))).toBe('token-expired');
});

test('time is the coordinator’s: a clock at home that is a day behind neither shuts honest ones out nor lets old tickets in', async () => {
  const atCoordinator = () => Date.now() + dayMs;
  coordinator.time = atCoordinator;
  await startGiver();
  const taker = machine();
  expect(await ask(async () => taker.shows(await taker.ticket({ seconds: dayMs / 1000 + 60 })))).toBe('given');
  expect(await ask(async () => taker.shows(await taker.ticket({ seconds: 3600 })))).toBe('token-expired');
});

test('the time is heard again with each ping: after a sleep, in which clocks that count stand still, tickets are taken as before', async () => {
  await startGiver();
  coordinator.time = () => Date.now() + dayMs;
  coordinator.ping();
  const taker = machine();
  // By the time of before, the proof would be of tomorrow.
  while ((await ask(async () => taker.shows(await taker.ticket({ seconds: dayMs / 1000 + 60 })))) !== 'given');
});

test('an edge that is told of a revocation gives that one nothing more and cuts what it receives, and the others go on', async () => {
  await startGiver();
  const revoked = machine();
  const honest = machine();
  const token = await revoked.ticket();
  const its = await begin(await revoked.shows(token));
  const theirs = await begin(await honest.shows(await honest.ticket()));
  coordinator.revoked.push(revoked.id);
  coordinator.send({ kind: 'revoked', edgeIds: [revoked.id] });
  while ((await askOnce(await revoked.shows(token))) !== 'forbidden');
  expect(await lengthOf(its)).toBe('cut');
  expect(await lengthOf(theirs)).toBe(held.sizeBytes);
  expect(await ask(async () => honest.shows(await honest.ticket()))).toBe('given');
});

test('an edge that was away gives nothing before it has heard who was revoked, while what it gave already goes on', async () => {
  await startGiver();
  const revoked = machine();
  const honest = machine();
  const [token, other] = [await revoked.ticket(), await honest.ticket()];
  const its = await begin(await revoked.shows(token));
  const theirs = await begin(await honest.shows(other));
  coordinator.refusesSockets = true;
  coordinator.cut();
  while ((await askOnce(await honest.shows(other))) !== 'unavailable');
  coordinator.revoked.push(revoked.id);
  expect(await askOnce(await revoked.shows(token))).toBe('unavailable');
  coordinator.refusesSockets = false;
  while ((await askOnce(await honest.shows(other))) !== 'given');
  expect(await ask(() => revoked.shows(token))).toBe('forbidden');
  expect(await lengthOf(its)).toBe('cut');
  expect(await lengthOf(theirs)).toBe(held.sizeBytes);
});
