import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Database, testDatabase } from '@atelier/store';
import pino from 'pino';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { joinEdge, openEdge, testCoordinator, testModel } from './server/coordinator.test-support.ts';
import { type CoordinatorOptions, startCoordinator } from './start.ts';

let database: Database;
let folder: string;
const log = pino({ level: 'silent' });

beforeAll(async () => {
  database = await testDatabase();
  folder = await mkdtemp(join(tmpdir(), 'atelier-start-'));
});
afterAll(async () => {
  await database.close();
  await rm(folder, { recursive: true, force: true });
});

const options = (name: string, more: Partial<CoordinatorOptions> = {}): CoordinatorOptions => ({
  host: '127.0.0.1',
  port: 0,
  dataFolder: join(folder, name),
  localEdge: false,
  databaseUrl: database.url,
  log,
  ...more,
});

test('a port that another program has is told as such, and the folder is free again', async () => {
  const other = createServer().listen(0, '127.0.0.1');
  await once(other, 'listening');
  const { port } = other.address() as { port: number };
  await expect(startCoordinator(options('port', { port }))).rejects.toMatchObject({ code: 'port-in-use', hint: expect.stringContaining('--port') });
  other.close();
  const coordinator = await startCoordinator(options('port', { port }));
  expect(coordinator.url).toBe(`http://127.0.0.1:${port}`);
  await coordinator.close();
});

test('a data folder has one coordinator, and its address is told to the second', async () => {
  const first = await startCoordinator(options('one'));
  await expect(startCoordinator(options('one'))).rejects.toMatchObject({ code: 'conflict', message: expect.stringContaining(first.url) });
  await first.close();
});

test('a data folder that is no folder is a clear error', async () => {
  const file = join(folder, 'a-file');
  await writeFile(file, '');
  await expect(startCoordinator({ ...options('x'), dataFolder: join(file, 'data') })).rejects.toMatchObject({
    code: 'forbidden',
    hint: expect.stringContaining('--data'),
  });
});

test('it lives before chains can run, and says what is missing', async () => {
  const coordinator = await startCoordinator(options('health'));
  expect((await fetch(`${coordinator.url}/livez`)).status).toBe(200);
  const health = await fetch(`${coordinator.url}/healthz`);
  expect(health.status).toBe(503);
  expect(await health.json()).toMatchObject({ ready: false, missing: expect.arrayContaining(['text-to-image']) });
  await coordinator.close();
});

test('it is ready once each starter task has an offer', async () => {
  const coordinator = await testCoordinator();
  const all = ['automatic-speech-recognition', 'text-generation', 'text-to-image', 'image-to-video'];
  const edge = await openEdge(coordinator, await joinEdge(coordinator, 'All'), [testModel('all', all)]);
  await coordinator.ready;
  expect((await coordinator.call('/healthz')).status).toBe(200);
  await edge.close();
  await coordinator.close();
});

test('closing does not wait for work, nor for a reader of events, and the run is there after the next start', async () => {
  const coordinator = await testCoordinator();
  const edge = await openEdge(coordinator, await joinEdge(coordinator, 'Slow'), [testModel('slow', ['text-generation'])]);
  const body = { chain: 'text-generation', inputs: { input: { text: 'never' } } };
  const { id } = await (await coordinator.call('/api/runs', { token: coordinator.ownerToken, body })).json();
  await edge.next('work');
  const events = await coordinator.call(`/api/runs/${id}/events`, { token: coordinator.ownerToken });
  const reader = events.body?.getReader();
  await reader?.read();
  const again = options('again', { databaseUrl: coordinator.database.url });
  await coordinator.stop();
  await reader?.cancel().catch(() => undefined);
  const second = await startCoordinator(again);
  const { rows } = await coordinator.database.pool.query('select id, state from runs');
  expect(rows).toEqual([{ id, state: 'running' }]);
  await second.close();
  await coordinator.close();
});
