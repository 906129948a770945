/** Services on real edges: two of them find each other by ticket, and everything that ends is started again, or said to have failed. */
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { type EdgeId, type EdgeView, limits, newId, type ServiceView } from '@atelier/protocol';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { digestFleet, digestModel } from './support/digest-fleet.ts';
import { gone } from './support/processes.ts';
import { Studio, temporaryFolder, writeEdgeSettings } from './support/studio.ts';

const echoServices = path.join(import.meta.dirname, 'models/echo-services.ts');
const names = ['North', 'South'];
/** Services that an edge here takes at a time. */
const most = 3;
let studio: Studio;
let north: EdgeView;
let south: EdgeView;

beforeAll(async () => {
  studio = new Studio({ fleet: digestFleet(names, 1, ['digest', 'slow']), tasks: [echoServices] });
  for (const name of names) {
    const file = path.join(temporaryFolder('edge'), 'edge.yaml');
    writeFileSync(file, JSON.stringify({ services: most, models: [digestModel(20), digestModel(600_000, 'slow')] }));
    writeEdgeSettings(studio, name, file);
  }
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

test('on one edge two services meet without a ticket', async () => {
  const echo = await start('echo', north);
  await until(echo, 'running');
  const asker = await start('asker', north, { target: echo.id, bytes: 300_000 });
  await expect.poll(() => logOf(asker)).toContain('echoed 300000 bytes by life 0');
  await Promise.all([stop(echo), stop(asker)]);
});

test('a process that is killed is started again under the same id, and who asked it goes on with its next life', async () => {
  const echo = await start('echo', north, { word: 'ready' });
  await until(echo, 'running');
  const asker = await start('asker', south, { target: echo.id });
  await expect.poll(() => logOf(asker)).toContain('by life 0');
  const pid = Number(/process (\d+)/.exec(await logOf(echo))?.[1]);
  process.kill(pid, 'SIGKILL');
  await expect.poll(async () => (await get(echo)).restarts).toBe(1);
  await until(echo, 'running');
  await expect.poll(() => logOf(asker)).toContain('by life 1');
  expect(await logOf(echo)).toContain('started again (1): Its process ended by SIGKILL.');
  expect(await logOf(asker)).not.toContain('GARBLED');
  await Promise.all([stop(echo), stop(asker)]);
  await gone(pid);
});

test('a service that ends at once for ever has failed after some tries, and says its last words', async () => {
  const quitter = await start('quitter', north);
  await until(quitter, 'failed');
  const { error, restarts, endedAt } = await get(quitter);
  expect([restarts, endedAt]).toEqual([limits.serviceQuickEnds - 1, expect.any(String)]);
  expect(error).toMatchObject({ code: 'step-failed', message: expect.stringContaining('It ended 5 times in a row') });
  expect(error?.message).toContain('Its process ended with status 3.');
  expect((await logOf(quitter)).match(/I have had enough/g)).toHaveLength(limits.serviceQuickEnds);
  // Its place is free again.
  expect(await studio.client.api.services.list({})).not.toContainEqual(expect.objectContaining({ id: quitter.id }));
});

test('a service that answers nothing any more, and one that takes too much memory, are started again with the reason', async () => {
  const deaf = await start('deaf', north);
  const hog = await start('hog', south);
  await expect.poll(async () => (await get(deaf)).error).toMatchObject({ code: 'timeout', message: expect.stringContaining('an answer was due in 2 s') });
  await expect.poll(async () => (await get(hog)).error).toMatchObject({ message: expect.stringContaining('MB of memory') });
  await expect.poll(async () => (await get(deaf)).restarts).toBeGreaterThan(0);
  await until(deaf, 'running');
  await Promise.all([stop(deaf), stop(hog)]);
});

test('a service of a run ends with its run, and belongs to nothing else', async () => {
  const steps = [{ id: 'digest', task: 'text-generation', model: 'slow', inputs: { prompt: 'inputs.text' } }];
  const run = await studio.client.api.runs.create({ chain: { inputs: { text: { modality: 'text' } }, steps }, inputs: { text: { text: 'x' } } });
  await expect(start('of-a-run', north)).rejects.toMatchObject({ code: 'conflict', message: expect.stringContaining('belongs to a run') });
  const ofRun = () => studio.client.api.services.start({ kind: 'of-a-run', edge: north.id, runId: run.id });
  const service = await ofRun();
  await until(service, 'running');
  await studio.client.api.runs.cancel({ id: run.id });
  await until(service, 'stopped');
  await expect(ofRun()).rejects.toMatchObject({ code: 'conflict', message: 'The run has ended.' });
});

test('what cannot be started says why and what to do', async () => {
  const refused = (wanted: Parameters<typeof studio.client.api.services.start>[0]) => studio.client.api.services.start(wanted).catch((error) => error);
  expect(await refused({ kind: 'nonsense', edge: north.id })).toMatchObject({ code: 'not-found', hint: expect.stringContaining('echo') });
  expect(await refused({ kind: 'echo', edge: north.id, parameters: { tune: 1 } })).toMatchObject({ code: 'invalid-input', hint: 'It has: word, times.' });
  expect(await refused({ kind: 'echo', edge: north.id, parameters: { times: 10 } })).toMatchObject({ code: 'parameter-out-of-bounds' });
  expect(await refused({ kind: 'echo', edge: newId<EdgeId>() })).toMatchObject({ code: 'not-found' });
  expect(await refused({ kind: 'echo', edge: north.id, parameters: { word: 'x'.repeat(101) } })).toMatchObject({ code: 'parameter-out-of-bounds' });
});

test('an edge takes so many services and no more', async () => {
  const started = await Promise.all(Array.from({ length: most }, () => start('echo', south)));
  await expect(start('echo', south)).rejects.toMatchObject({ code: 'unavailable', message: expect.stringContaining(`runs at most ${most}`) });
  const elsewhere = await start('echo', 'any');
  expect(elsewhere.edgeName).toBe('North');
  await Promise.all([...started, elsewhere].map(stop));
  await Promise.all([...started, elsewhere].map((service) => until(service, 'stopped')));
});

test('services are started, listed, read and stopped on the command line', async () => {
  const services = (...words: string[]) => studio.cli(['services', ...words]);
  expect((await services('kinds')).out).toMatch(/echo +Sends back what comes\./);
  expect((await services('start', 'echo', '--edge', 'North', '--set', 'times=10')).error).toContain('echo.times');
  const id = /[0-9a-f-]{36}/.exec((await services('start', 'echo', '--edge', 'North', '--set', 'word=servus')).out)?.[0] as string;
  await until({ id: id as ServiceView['id'] }, 'running');
  expect((await services()).out).toMatch(new RegExp(`${id} +echo +running +North`));
  await expect.poll(async () => (await services('logs', id)).out).toContain('servus from life 0');
  expect((await services('stop', id.slice(-8))).out).toMatch(/echo is (being stopped|stopped)\./);
  await until({ id: id as ServiceView['id'] }, 'stopped');
  expect((await services('list', '--all')).out).toContain(id);
  expect((await services('stop', 'ffff')).error).toContain('There is no service "ffff".');
});
