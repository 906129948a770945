import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ModelStore, modelHash } from '@atelier/models';
import type { ModelManifest } from '@atelier/protocol';
import { pino } from 'pino';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { ModelShelf } from './shelf.ts';

let folder: string;
let shelves: ModelShelf[];
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'atelier-shelf-'));
  shelves = [];
});
afterEach(async () => {
  for (const shelf of shelves) await shelf.close();
  await rm(folder, { recursive: true, force: true });
});

const bytes = 'weights';
const manifest: ModelManifest = {
  id: 'small',
  title: 'Small',
  shortName: 'small',
  summary: '',
  driver: 'toy',
  tasks: ['text-generation'],
  licence: 'MIT',
  files: [{ path: 'w.bin', source: 'https://models.invalid/w.bin', sha256: createHash('sha256').update(bytes).digest('hex'), sizeBytes: bytes.length }],
  memoryBytes: 0,
  quality: 0.5,
  prior: { loadSeconds: 0, runSeconds: 0 },
  options: {},
};

async function putModel(): Promise<ModelStore> {
  const store = new ModelStore(join(folder, 'models'));
  await writeFile(join(folder, 'w.bin'), bytes);
  await store.finish(manifest, new Map([['w.bin', { file: join(folder, 'w.bin'), by: 'copy' }]]));
  return store;
}

async function open(name: string, wanted?: string[]): Promise<ModelShelf> {
  const edgeFolder = join(folder, name);
  await mkdir(edgeFolder, { recursive: true });
  await writeFile(join(edgeFolder, 'edge.json'), '{}');
  const shelf = new ModelShelf({
    folder: edgeFolder,
    modelsFolder: join(folder, 'models'),
    own: [],
    wanted,
    offline: true,
    log: pino({ level: 'silent' }),
    onChange: () => undefined,
  });
  shelves.push(shelf);
  await shelf.open();
  return shelf;
}

test('a model that lies whole in the store is ready at once', async () => {
  await putModel();
  const shelf = await open('one', ['small']);
  expect(shelf.views(new Set(['small']))).toMatchObject([{ state: 'ready', loaded: true, diskBytes: bytes.length, modelHash: modelHash(manifest) }]);
  expect(shelf.find('small').folder).toBe(join(folder, 'models/small'));
});

test('a model without files is ready at once, where downloading is off too', async () => {
  const shelf = await open('one', ['film-encoder']);
  expect(shelf.views(new Set())).toMatchObject([{ state: 'ready', diskBytes: 0, pull: null }]);
  expect(shelf.find('film-encoder').manifest.driver).toBe('media');
});

test('a model that would have to be downloaded is absent with the reason where downloading is off', async () => {
  const shelf = await open('one', []);
  await shelf.add(manifest);
  await expect.poll(() => shelf.views(new Set())[0]).toMatchObject({ state: 'absent', error: { code: 'offline' } });
  expect(() => shelf.find('small')).toThrow(expect.objectContaining({ code: 'unavailable' }));
});

test('the files of a model stay as long as another edge uses them', async () => {
  const store = await putModel();
  const [one, two] = [await open('one', ['small']), await open('two', ['small'])];
  await one.remove('small');
  expect(one.ids).toEqual([]);
  expect(await store.isComplete(manifest)).toBe(true);
  await two.remove('small');
  expect(await store.isComplete(manifest)).toBe(false);
});

test('an edge whose folder is gone keeps no files', async () => {
  const store = await putModel();
  const [one] = [await open('one', ['small']), await open('gone', ['small'])];
  await rm(join(folder, 'gone'), { recursive: true });
  await one.remove('small');
  expect(await store.isComplete(manifest)).toBe(false);
});

test('the list is kept over a restart, until other models are asked for', async () => {
  await putModel();
  const first = await open('one', ['small']);
  await first.remove('small');
  await first.close();
  expect((await open('one', ['small'])).ids).toEqual([]);
  expect((await open('one')).ids).toEqual([]);
});

test('a model that nobody knows is named', async () => {
  await expect(open('one', ['nothing'])).rejects.toMatchObject({ code: 'unknown-model', message: expect.stringContaining('nothing') });
});

test('other weights, another driver or other options are another model', () => {
  const others = [
    { ...manifest, options: { a: 1 } },
    { ...manifest, driver: 'other' },
    { ...manifest, files: [] },
  ];
  expect(new Set([manifest, ...others].map(modelHash)).size).toBe(4);
  expect(modelHash({ ...manifest, title: 'Renamed' })).toBe(modelHash(manifest));
});
