import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { setTimeout as pause } from 'node:timers/promises';
import { holderOf } from '@atelier/folder-lock';
import pino from 'pino';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startCoordinator } from '../../start.ts';
import { type TestCoordinator, testCoordinator } from '../coordinator.test-support.ts';

let coordinator: TestCoordinator;
const fleet = 'edges:\n  - { name: Left, models: [starter-diffusion] }\n';

beforeAll(async () => {
  coordinator = await testCoordinator();
});
afterAll(() => coordinator.close());

const edgeFolder = () => join(coordinator.dataFolder, 'edges', 'Left');
const pidOf = async () => (await holderOf(edgeFolder(), 'edge'))?.pid ?? undefined;

async function untilOnline(url: string): Promise<{ id: string; local: boolean }> {
  for (;;) {
    // Nobody answers while it starts; then it says so with an error, which is no list.
    const answer = await fetch(`${url}/api/edges`, { headers: { authorization: `Bearer ${coordinator.ownerToken}` } }).catch(() => undefined);
    const edges = answer?.ok ? ((await answer.json()) as { id: string; name: string; local: boolean; state: string }[]) : [];
    const left = edges.find((edge) => edge.name === 'Left' && edge.state === 'online');
    if (left) return left;
    await pause(50);
  }
}

/** Looks until it is so; vitest's own deadline ends it otherwise. */
async function untilPid(wanted: (pid: number | undefined) => boolean): Promise<number | undefined> {
  for (;;) {
    const pid = await pidOf();
    if (wanted(pid)) return pid;
    await pause(50);
  }
}

test('a local edge joins by itself, comes back when killed, keeps its identity, and ends with the coordinator', async () => {
  const fleetFile = join(coordinator.dataFolder, 'fleet.yaml');
  await writeFile(fleetFile, fleet);
  const { dataFolder, database } = coordinator;
  await coordinator.stop();
  const waits: number[] = [];
  const destination = new Writable({
    write(line, _encoding, done) {
      const { waitMs } = JSON.parse(line) as { waitMs?: number };
      if (waitMs !== undefined) waits.push(waitMs);
      done();
    },
  });
  const log = pino(destination);
  const options = { host: '127.0.0.1', port: 0, dataFolder, localEdge: true, fleetFile, offline: true, databaseUrl: database.url, log };
  const second = await startCoordinator(options);
  const first = await untilOnline(second.url);
  expect(first.local).toBe(true);
  for (let kill = 0; kill < 3; kill += 1) {
    const pid = await pidOf();
    process.kill(pid as number, 'SIGKILL');
    await untilPid((now) => now !== undefined && now !== pid);
    expect((await untilOnline(second.url)).id).toBe(first.id);
  }
  // Each life had been a good one, so none is waited for longer than the first.
  expect(waits).toEqual([300, 300, 300]);
  await second.close();
  expect(await pidOf()).toBeUndefined();
});

/** A coordinator as a process of its own, which can be killed. */
function spawnCoordinator(port: number): ChildProcess {
  const program = join(import.meta.dirname, '../../main.ts');
  const args = ['--data', coordinator.dataFolder, '--port', String(port), '--fleet', join(coordinator.dataFolder, 'fleet.yaml'), '--offline'];
  return spawn(process.execPath, [program, ...args], { stdio: 'ignore', env: { ...process.env, DATABASE_URL: coordinator.database.url } });
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  server.close();
  return port;
}

test('a coordinator that was killed adopts the edge that outlived it, and ends it on a graceful stop', async () => {
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const killed = spawnCoordinator(port);
  const before = await untilOnline(url);
  const pid = await pidOf();
  killed.kill('SIGKILL');
  await once(killed, 'exit');
  const next = spawnCoordinator(port);
  expect((await untilOnline(url)).id).toBe(before.id);
  expect(await pidOf()).toBe(pid);
  next.kill('SIGTERM');
  expect(await once(next, 'exit')).toEqual([0, null]);
  expect(await pidOf()).toBeUndefined();
});
