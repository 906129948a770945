/** Services when something dies: their process, their edge, the coordinator. */
import path from 'node:path';
import type { EdgeView, ServiceView } from '@atelier/protocol';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { digestFleet, giveDigest } from '../support/digest-fleet.ts';
import { childrenOf, gone, isAlive } from '../support/processes.ts';
import { Studio } from '../support/studio.ts';

const echoServices = path.join(import.meta.dirname, '../models/echo-services.ts');
const names = ['North', 'South'];
let studio: Studio;
let north: EdgeView;
let south: EdgeView;

beforeAll(async () => {
  studio = new Studio({ fleet: digestFleet(names), tasks: [echoServices] });
  giveDigest(studio, names, 20);
  await studio.start();
  const edges = await studio.offered('digest', 2);
  [north, south] = names.map((name) => edges.find((edge) => edge.name === name)) as [EdgeView, EdgeView];
});

afterAll(async () => {
  await studio[Symbol.asyncDispose]();
});

const api = () => studio.client.api.services;
const start = (kind: string, edge: EdgeView['id'] | 'any', parameters: Record<string, unknown> = {}) => api().start({ kind, edge, parameters });
const get = ({ id }: Pick<ServiceView, 'id'>) => api().get({ id });
const logOf = async ({ id }: Pick<ServiceView, 'id'>) => (await api().log({ id })).text;
const until = (service: Pick<ServiceView, 'id'>, state: ServiceView['state']) => expect.poll(async () => (await get(service)).state).toBe(state);
const echoes = async (service: ServiceView) => [...(await logOf(service)).matchAll(/echoed/g)].length;
const servicesOf = (edgeName: string) => childrenOf(studio.edge(edgeName).pid).filter(({ command }) => command.includes('services/process/main.ts'));

async function end(...services: ServiceView[]): Promise<void> {
  await Promise.all(services.map(({ id }) => api().stop({ id })));
  await Promise.all(services.map((service) => until(service, 'stopped')));
}

async function pair(): Promise<{ echo: ServiceView; asker: ServiceView }> {
  const echo = await start('echo', north.id);
  await until(echo, 'running');
  const asker = await start('asker', south.id, { target: echo.id, bytes: 100_000 });
  await expect.poll(() => logOf(asker)).toContain('by life 0');
  return { echo, asker };
}

test('an edge that is killed leaves no process, and starts its services again when it is back; who asked them goes on', async () => {
  const { echo, asker } = await pair();
  const left = servicesOf('North').map(({ pid }) => pid);
  expect(left.length).toBeGreaterThan(0);
  process.kill(studio.edge('North').pid, 'SIGKILL');
  await Promise.all(left.map(gone));
  await expect.poll(async () => (await get(echo)).restarts).toBe(1);
  await until(echo, 'running');
  await expect.poll(() => logOf(asker)).toContain('by life 1');
  expect((await get(echo)).edgeName).toBe('North');
  expect(await logOf(asker)).not.toContain('GARBLED');
  await end(echo, asker);
});

test('while the coordinator is away services and their streams go on, and are found again', async () => {
  const { echo, asker } = await pair();
  const before = await echoes(asker);
  const pids = [...servicesOf('North'), ...servicesOf('South')].map(({ pid }) => pid);
  await studio.kill();
  expect(pids.filter(isAlive)).toEqual(pids);
  await studio.start();
  await until(echo, 'running');
  await expect.poll(() => echoes(asker)).toBeGreaterThan(before);
  // The very same processes, and one stream from the beginning on.
  expect([...servicesOf('North'), ...servicesOf('South')].map(({ pid }) => pid).sort()).toEqual(pids.sort());
  expect([(await get(echo)).restarts, (await get(asker)).restarts]).toEqual([0, 0]);
  expect(await logOf(asker)).not.toMatch(/broken|GARBLED/);
  await end(echo, asker);
});

test('a service whose process ends while the coordinator is away is started again by its edge, and found by its next life', async () => {
  const { echo, asker } = await pair();
  const pid = Number(/process (\d+)/.exec(await logOf(echo))?.[1]);
  await studio.kill();
  process.kill(pid, 'SIGKILL');
  await gone(pid);
  await studio.start();
  await expect.poll(() => logOf(asker)).toContain('by life 1');
  expect(await get(echo)).toMatchObject({ state: 'running', restarts: 1 });
  await end(echo, asker);
});

test('a service that may run anywhere goes on elsewhere when its edge stops, and is not left running there', async () => {
  const echo = await start('echo', 'any');
  await until(echo, 'running');
  const first = (await get(echo)).edgeName as string;
  const other = names.find((name) => name !== first) as string;
  const { pid } = studio.edge(first);
  // A machine that sleeps: it wakes up with a service that is another edge's by then.
  process.kill(pid, 'SIGSTOP');
  await expect.poll(async () => (await get(echo)).edgeName).toBe(other);
  await until(echo, 'running');
  process.kill(pid, 'SIGCONT');
  await expect.poll(() => servicesOf(first)).toEqual([]);
  expect(await get(echo)).toMatchObject({ state: 'running', edgeName: other, restarts: 1 });
  await end(echo);
});

test('an edge that is revoked loses its services and its streams', async () => {
  const { echo, asker } = await pair();
  const asking = servicesOf('South').map(({ pid }) => pid);
  await studio.client.api.edges.revoke({ id: south.id });
  await until(asker, 'failed');
  expect((await get(asker)).error?.message).toBe('South was revoked.');
  await Promise.all(asking.map(gone));
  await end(echo);
});
