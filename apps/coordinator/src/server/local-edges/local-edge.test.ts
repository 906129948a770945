import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { holderOf } from '../../folder-lock.ts';
import { startCoordinator } from '../../start.ts';
import { type TestCoordinator, testCoordinator } from '../coordinator-for-tests.ts';

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
    const edges = (await (await fetch(`${url}/api/edges`, { headers: { authorization: `Bearer ${coordinator.ownerToken}` } })).json()) as {
      id: string;
      name: string;
      local: boolean;
      state: string;
    }[];
    const left = edges.find((edge) => edge.name === 'Left' && edge.state === 'online');
    if (left) return left;
  }
}

/** Looks until it is so; vitest's own deadline ends it otherwise. */
async function untilPid(wanted: (pid: number | undefined) => boolean): Promise<number | undefined> {
  for (;;) {
    const pid = await pidOf();
    if (wanted(pid)) return pid;
  }
}

test('a local edge joins by itself, comes back when killed, keeps its identity, and ends with the coordinator', async () => {
  const fleetFile = join(coordinator.dataFolder, 'fleet.yaml');
  await writeFile(fleetFile, fleet);
  const { dataFolder, database } = coordinator;
  await coordinator.stop();
  const options = { host: '127.0.0.1', port: 0, dataFolder, localEdge: true, fleetFile, offline: true, databaseUrl: database.url };
  const second = await startCoordinator(options);
  const first = await untilOnline(second.url);
  expect(first.local).toBe(true);
  const pid = await pidOf();
  process.kill(pid as number, 'SIGKILL');
  await untilPid((now) => now !== undefined && now !== pid);
  expect((await untilOnline(second.url)).id).toBe(first.id);
  await second.close();
  expect(await pidOf()).toBeUndefined();
}, 60_000);
