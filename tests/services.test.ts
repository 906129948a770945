/** Services on real edges: two of them find each other by ticket, and everything that ends is started again, or said to have failed. */
import path from 'node:path';
import type { EdgeView, ServiceView } from '@atelier/protocol';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { digestFleet, giveDigest } from './support/digest-fleet.ts';
import { Studio } from './support/studio.ts';

const echoServices = path.join(import.meta.dirname, 'models/echo-services.ts');
let studio: Studio;
let north: EdgeView;
let south: EdgeView;

beforeAll(async () => {
  studio = new Studio({ fleet: digestFleet(['North', 'South']), tasks: [echoServices] });
  giveDigest(studio, ['North', 'South'], 20);
  await studio.start();
  const edges = await studio.offered('digest', 2);
  north = edges.find(({ name }) => name === 'North') as EdgeView;
  south = edges.find(({ name }) => name === 'South') as EdgeView;
});

afterAll(async () => {
  await studio[Symbol.asyncDispose]();
});

const start = (kind: string, edge: EdgeView | 'any', parameters: Record<string, unknown> = {}): Promise<ServiceView> =>
  studio.client.api.services.start({ kind, edge: edge === 'any' ? edge : edge.id, parameters });
const get = ({ id }: Pick<ServiceView, 'id'>) => studio.client.api.services.get({ id });
const logOf = async ({ id }: Pick<ServiceView, 'id'>) => (await studio.client.api.services.log({ id })).text;
const until = (service: Pick<ServiceView, 'id'>, state: ServiceView['state']) => expect.poll(async () => (await get(service)).state).toBe(state);
const stop = ({ id }: Pick<ServiceView, 'id'>) => studio.client.api.services.stop({ id });

test('a service of one edge asks that of another through a ticket, and gets back more bytes than any buffer holds', async () => {
  const echo = await start('echo', north);
  await until(echo, 'running');
  const asker = await start('asker', south, { target: echo.id, bytes: 3_000_000 });
  await expect.poll(() => logOf(asker)).toContain('echoed 3000000 bytes by life 0');
  expect(await logOf(asker)).not.toContain('GARBLED');
  expect((await get(echo)).address).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/services\//);
  await Promise.all([stop(echo), stop(asker)]);
  await Promise.all([until(echo, 'stopped'), until(asker, 'stopped')]);
});
