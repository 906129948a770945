import { defineServiceKind, type FromEdge, limits, type NewService, newId, registerServiceKind, type ServiceId, type ServiceOrder } from '@atelier/protocol';
import { schema } from '@atelier/store';
import { eq } from 'drizzle-orm';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { z } from 'zod';
import { type TestEdge, type TestStudio, testStudio } from '../studio.test-support.ts';

registerServiceKind(defineServiceKind({ name: 'bell', title: 'Bell', summary: 'Rings.', parameters: z.object({}), listens: true }));

let studio: TestStudio;
let north: TestEdge;
let south: TestEdge;

beforeEach(async () => {
  studio = await testStudio();
  north = await addEdge('North');
  south = await addEdge('South');
});

afterEach(() => studio.close());

async function addEdge(name: string): Promise<TestEdge> {
  const edge = await studio.addEdge(name);
  edge.serviceKinds = ['bell'];
  await edge.connect();
  return edge;
}

const start = (edge: TestEdge | 'any', viewer = studio.member) =>
  studio.core.services.start(viewer, { kind: 'bell', parameters: {}, edge: edge === 'any' ? edge : edge.id } as NewService);
const view = (id: ServiceId) => studio.core.services.get(studio.owner, id);
const until = (id: ServiceId, wanted: object) => expect.poll(() => view(id)).toMatchObject(wanted);
const orderOf = (edge: TestEdge, id: ServiceId) => edge.services.get(id) as ServiceOrder;

type Report = Extract<FromEdge, { kind: 'service' }>;
const report = (edge: TestEdge, id: ServiceId, state: Report['state'], more: Partial<Report> = {}) => {
  const { serviceId, fence, restarts } = orderOf(edge, id);
  return edge.say({ kind: 'service', serviceId, fence, state, restarts, error: null, log: '', ...more });
};

async function running(edge: TestEdge | 'any'): Promise<ServiceId> {
  const { id } = await start(edge);
  const at = [north, south].find((one) => one.services.has(id)) as TestEdge;
  await report(at, id, 'running');
  await until(id, { state: 'running', edgeId: at.id });
  return id;
}

test('a service is given to its edge with a number, and is what the edge says that it is', async () => {
  const started = await start(north);
  expect(started).toMatchObject({ state: 'starting', edgeName: 'North', personName: 'member', restarts: 0 });
  await report(north, started.id, 'running', { log: 'ready' });
  expect(await view(started.id)).toMatchObject({ state: 'running', readyAt: expect.any(String) });
  expect((await studio.core.services.log(studio.member, started.id)).text).toBe('ready');
});

test('one person sees nothing of the services of another, and an owner all', async () => {
  const { id } = await start(north);
  await expect(studio.core.services.get(studio.other, id)).rejects.toMatchObject({ code: 'not-found' });
  await expect(studio.core.services.stop(studio.other, id)).rejects.toMatchObject({ code: 'not-found' });
  await expect(studio.core.services.log(studio.other, id)).rejects.toMatchObject({ code: 'not-found' });
  const list = async (viewer = studio.other) => (await studio.core.services.list(viewer, { state: 'open', limit: 10 })).map((service) => service.id);
  expect([await list(), await list(studio.member), await list(studio.owner)]).toEqual([[], [id], [id]]);
});

test('after a restart on its edge a service has a new number, and what was said with the old one counts for nothing', async () => {
  const id = await running(north);
  const first = orderOf(north, id);
  await report(north, id, 'restarting', { restarts: 1 });
  const second = orderOf(north, id);
  expect(second.fence).toBeGreaterThan(first.fence);
  await report(north, id, 'failed', { fence: first.fence });
  expect((await view(id)).state).toBe('restarting');
  await report(north, id, 'running', { restarts: 1 });
  expect(orderOf(north, id).fence).toBe(second.fence);
  expect(await view(id)).toMatchObject({ state: 'running', restarts: 1 });
});

test('a service whose edge falls silent is lost, and goes on by another number if the edge still runs it', async () => {
  const id = await running(north);
  const { fence } = orderOf(north, id);
  await north.disconnect();
  await until(id, { state: 'lost', error: { code: 'edge-lost' } });
  await north.connect();
  await report(north, id, 'running');
  expect(await view(id)).toMatchObject({ state: 'running', restarts: 0 });
  expect(orderOf(north, id).fence).toBeGreaterThan(fence);
});

test('a service that its edge came back without is started again there', async () => {
  const id = await running(north);
  await north.disconnect();
  north.services.clear();
  await north.connect();
  await until(id, { state: 'starting', restarts: 1, edgeName: 'North' });
  expect(orderOf(north, id).restarts).toBe(1);
});

test('a service that may run anywhere goes on elsewhere, and the edge that comes back with it has to stop it', async () => {
  const id = await running('any');
  const [first, other] = north.services.has(id) ? [north, south] : [south, north];
  await first.disconnect();
  await expect.poll(() => other.services.has(id)).toBe(true);
  await report(other, id, 'running', { restarts: orderOf(other, id).restarts });
  expect(await view(id)).toMatchObject({ state: 'running', edgeName: other.name, restarts: 1 });
  expect(first.services.has(id)).toBe(true);
  await first.connect();
  expect(first.services.has(id)).toBe(false);
  expect((await view(id)).edgeName).toBe(other.name);
});

test('a coordinator that starts again finds what runs by the same number, and ends what should not', async () => {
  const [id, unwanted] = [await running(north), await running(north)];
  const { fence } = orderOf(north, id);
  await studio.restart();
  await studio.core.services.stop(studio.member, unwanted);
  await north.connect();
  expect(orderOf(north, id).fence).toBe(fence);
  expect(await view(id)).toMatchObject({ state: 'running', restarts: 0 });
  expect(north.services.has(unwanted)).toBe(false);
});

test('a service that is lost again and again before it was well has failed', async () => {
  const id = await running(north);
  await studio.database.db
    .update(schema.services)
    .set({ losses: limits.serviceLosses - 1 })
    .where(eq(schema.services.id, id));
  await north.disconnect();
  north.services.clear();
  await north.connect();
  await until(id, { state: 'failed', error: { message: expect.stringContaining(`${limits.serviceLosses} times in a row`) } });
});

test('services end with an edge that is revoked, and those that may run anywhere move', async () => {
  const bound = await running(north);
  const { id: free } = await start('any');
  await studio.core.edges.revoke(north.id);
  await until(bound, { state: 'failed', error: { message: 'North was revoked.' } });
  await expect.poll(() => south.services.has(free)).toBe(true);
});

test('a stop reaches an edge that is away when it comes back, and a second stop changes nothing', async () => {
  const id = await running(north);
  await north.disconnect();
  expect((await studio.core.services.stop(studio.member, id)).state).toMatch(/stopping|stopped/);
  await north.connect();
  expect(north.services.has(id)).toBe(false);
  await until(id, { state: 'stopped' });
  const { endedAt } = await view(id);
  expect(await studio.core.services.stop(studio.member, id)).toMatchObject({ state: 'stopped', endedAt });
});

test('a person has so many services and no more, and the latest of those that ended stay', async () => {
  await Promise.all(Array.from({ length: limits.servicesPerPerson }, () => start(north)));
  await expect(start(north)).rejects.toMatchObject({ code: 'too-large', message: expect.stringContaining(String(limits.servicesPerPerson)) });
  for (const id of [...north.services.keys()] as ServiceId[]) {
    await studio.core.services.stop(studio.member, id);
  }
  expect(north.services.size).toBe(0);
});

test('an edge of an older release is given no service, and says why', async () => {
  const old = await studio.addEdge('Old');
  await expect(start(old)).rejects.toMatchObject({ code: 'no-offer', hint: expect.stringContaining('An older release of Atelier runs no services.') });
  await south.disconnect();
  await expect(start(south)).rejects.toMatchObject({ code: 'unavailable', message: 'South is away.' });
});

async function ask(edge: TestEdge, caller: ServiceId, target: ServiceId, more: { fence?: number } = {}) {
  const before = edge.received.filter(({ kind }) => kind === 'service-place').length;
  const { serviceId, fence } = orderOf(edge, caller);
  await edge.say({ kind: 'service-find', serviceId, fence, request: 1, target, ...more });
  return edge.next('service-place', before);
}

test('a service is told where another of its person is, unless that one is out of reach; others are not found', async () => {
  const [bell, near, far] = [await running(north), await running(north), await running(south)];
  expect((await ask(north, near, bell)).place).toEqual({ at: 'here', serviceId: bell });
  expect((await ask(south, far, bell)).error).toMatchObject({ code: 'unavailable', message: 'North listens to no other edge.' });
  north.about = { transferUrl: 'http://127.0.0.1:4999' };
  await north.connect();
  const refused = (await ask(south, far, bell)).error;
  expect(refused).toMatchObject({ code: 'unavailable', message: expect.stringContaining('North cannot be reached by other edges') });
  expect((await ask(south, far, bell, { fence: 1_000_000 })).error).toMatchObject({ code: 'unavailable' });
  expect((await ask(south, far, newId<ServiceId>())).error).toMatchObject({ code: 'not-found' });
  const { id: another } = await start(north, studio.other);
  await report(north, another, 'running');
  expect((await ask(south, far, another)).error).toMatchObject({ code: 'not-found' });
  await studio.core.services.stop(studio.member, bell);
  expect((await ask(north, near, bell)).error).toMatchObject({ code: 'unavailable', message: 'The service is stopping now.' });
});
