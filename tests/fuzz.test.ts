/** Doors: whatever a stranger sends, the coordinator lives, answers, and keeps its memory. Real processes, raw sockets. */
import { once } from 'node:events';
import { connect } from 'node:net';
import { seeded } from '@atelier/seeded';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { until, within } from './support/deadline.ts';
import { digestFleet, digestModel, giveModels } from './support/digest-fleet.ts';
import { hostile } from './support/hostile.ts';
import { isAlive, residentBytes } from './support/processes.ts';
import { Studio } from './support/studio.ts';

const random = seeded('fuzz');
const messages = 5_000;
const atOnce = 24;
const growthBytes = 100e6;
const mebibyte = 1024 ** 2;
let studio: Studio;

beforeAll(async () => {
  // Refusals are what is asked for here; a line for each would be thousands.
  studio = new Studio({ fleet: digestFleet(['Only'], 1, ['digest']), environment: { ATELIER_LOG_LEVEL: 'fatal' } });
  giveModels(studio, 'Only', [digestModel(40)]);
  await studio.start();
  await studio.offered('digest');
  await expectItWorks();
});

afterAll(async () => {
  await studio[Symbol.asyncDispose]();
});

/** It answers, and a run goes through. */
async function expectItWorks(): Promise<void> {
  const health = await fetch(`${studio.url}/healthz`);
  expect(await health.json()).toHaveProperty('ready');
  const steps = [{ id: 'digest', task: 'text-generation', model: 'digest', inputs: { prompt: 'inputs.text' } }];
  const run = await studio.client.api.runs.create({
    chain: { inputs: { text: { modality: 'text' } }, steps },
    inputs: { text: { text: 'alive' } },
    fresh: true,
  });
  expect((await studio.ended(run.id)).state).toBe('succeeded');
}

const address = (url = studio.url) => ({ host: new URL(url).hostname, port: Number(new URL(url).port) });

/** Sends bytes on a connection of their own, and waits for its end where one is due. */
async function send(bytes: Buffer, isWhole: boolean, url = studio.url): Promise<void> {
  const socket = connect(address(url));
  const closed = new Promise<void>((done) => socket.once('close', () => done()));
  socket.on('error', () => socket.destroy());
  socket.resume();
  socket.write(bytes, () => !isWhole && socket.end());
  // What waits for more from us is left alone after a while, as a stranger would.
  socket.setTimeout(2_000, () => socket.destroy());
  await closed;
}

/** Runs an attack and says by how much the coordinator's memory was above its start at the worst moment seen. */
async function worstGrowth(attack: () => Promise<unknown>): Promise<number> {
  const before = residentBytes(studio.pid);
  let worst = 0;
  const look = setInterval(() => {
    if (isAlive(studio.pid)) worst = Math.max(worst, residentBytes(studio.pid) - before);
  }, 50);
  await attack();
  clearInterval(look);
  return worst;
}

test(`after ${messages} hostile requests, upgrades, frames and uploads the same process lives, works, and has kept its memory`, async () => {
  const { pid } = studio;
  const target = { host: new URL(studio.url).host, token: studio.token };
  const before = residentBytes(pid);
  let sent = 0;
  const attack = async () => {
    while (sent < messages) {
      sent += 1;
      const { bytes, isWhole } = hostile(random, target);
      await send(bytes, isWhole);
      if (!isAlive(pid) || studio.pid !== pid)
        throw new Error(`the coordinator ended at message ${sent}: ${JSON.stringify(bytes.subarray(0, 300).toString('latin1'))}`);
    }
  };
  await Promise.all(Array.from({ length: atOnce }, attack));
  expect(studio.pid).toBe(pid);
  expect(isAlive(pid)).toBe(true);
  await expectItWorks();
  await within(
    `less than ${growthBytes / 1e6} MB more memory than before`,
    until(() => residentBytes(pid) - before < growthBytes),
  );
});

test(`after ${messages / 5} hostile requests and upgrades at the door of an edge it lives, and works`, async () => {
  const [edge] = await studio.client.api.edges.list();
  const url = edge?.info?.transferUrl as string;
  const { pid } = studio.edge('Only');
  let sent = 0;
  const attack = async () => {
    while (sent < messages / 5) {
      sent += 1;
      const { bytes, isWhole } = hostile(random, { host: new URL(url).host, token: studio.token });
      await send(bytes, isWhole, url);
      if (!isAlive(pid)) throw new Error(`the edge ended at message ${sent}: ${JSON.stringify(bytes.subarray(0, 300).toString('latin1'))}`);
    }
  };
  await Promise.all(Array.from({ length: atOnce }, attack));
  expect(studio.edge('Only').pid).toBe(pid);
  await expectItWorks();
});

test('a sign-in of 400 MB is refused before it is read', async () => {
  const socket = connect(address());
  const closed = new Promise<void>((done) => socket.once('close', () => done()));
  socket.on('error', () => socket.destroy());
  let answer = '';
  socket.on('data', (chunk) => (answer += chunk.toString('latin1')));
  const worst = await worstGrowth(async () => {
    const { host } = new URL(studio.url);
    socket.write(`POST /api/auth/sign-in/email HTTP/1.1\r\nHost: ${host}\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n`);
    const piece = Buffer.concat([Buffer.from(`${mebibyte.toString(16)}\r\n`), Buffer.alloc(mebibyte, 'a'), Buffer.from('\r\n')]);
    for (let count = 0; count < 400 && !socket.destroyed; count += 1) {
      if (!socket.write(piece)) await Promise.race([once(socket, 'drain').catch(() => undefined), closed]);
    }
    socket.destroy();
    await closed;
  });
  expect(answer).toMatch(/^HTTP\/1\.1 413 /);
  expect(worst).toBeLessThan(growthBytes);
  await expectItWorks();
});

test('sockets that do not say which edge they are hold no memory: whoever says too much is cut off', async () => {
  const large = frameOf(Buffer.alloc(7 * mebibyte, ' '));
  const worst = await worstGrowth(() =>
    Promise.all([pour(large, 64), pour(large, 64), pour(large, 64), pour(frameOf(Buffer.from('{}')), 100_000), pour(frameOf(Buffer.alloc(100)), 3)]),
  );
  expect(worst).toBeLessThan(growthBytes);
  await expectItWorks();
});

/** A whole text frame as a client sends it (RFC 6455, section 5.2), masked with zeros. */
function frameOf(payload: Buffer): Buffer {
  const head = Buffer.alloc(14);
  head.writeUInt16BE(0x81ff);
  head.writeBigUInt64BE(BigInt(payload.length), 2);
  return Buffer.concat([head, payload]);
}

/** Sends a frame again and again to the edges' socket, whatever is answered, until it is cut off. */
async function pour(frame: Buffer, count: number): Promise<void> {
  const socket = connect(address());
  const closed = new Promise<void>((done) => socket.once('close', () => done()));
  socket.on('error', () => socket.destroy());
  socket.resume();
  const key = Buffer.alloc(16, 7).toString('base64');
  socket.write(
    `GET /api/edge/socket HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: ${key}\r\nSec-WebSocket-Version: 13\r\n\r\n`,
  );
  for (let sent = 0; sent < count && !socket.destroyed; sent += 1) {
    if (!socket.write(frame)) await Promise.race([once(socket, 'drain').catch(() => undefined), closed]);
  }
  await within('the end of a socket that says too much', closed);
}
