import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseBytes } from '@atelier/protocol';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { parseCommandLine } from './command-line.ts';
import { readSettings } from './settings.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'atelier-settings-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

test("a start's options win over the owner's file, which wins over defaults", async () => {
  await writeFile(join(folder, 'edge.yaml'), 'name: Attic\nslots: 3\nmodelMemory: 4GB\nmodels: [whisper-tiny.en]\n');
  const settings = await readSettings({ folder, slots: 2 });
  expect(settings).toMatchObject({ name: 'Attic', slots: 2, modelMemoryBytes: 4e9, wantedModels: ['whisper-tiny.en'], listen: undefined });
});

test('a manifest in the file is an own model, and its defaults are filled in', async () => {
  await writeFile(
    join(folder, 'edge.yaml'),
    'models:\n  - { id: shout, title: Shout, shortName: shout, summary: "", driver: command, tasks: [text-generation], licence: MIT, files: [], memoryBytes: 0, prior: { loadSeconds: 0, runSeconds: 0 }, options: { command: [tr] } }\n',
  );
  const settings = await readSettings({ folder });
  expect(settings.ownManifests).toMatchObject([{ id: 'shout', quality: 0.5 }]);
  expect(settings.wantedModels).toBeUndefined();
});

test.each(['slots: many', 'unknown: 1', 'modelMemory: much', 'models: [../x]', ': ['])('a mistake in the file is named: %s', async (text) => {
  await writeFile(join(folder, 'edge.yaml'), text);
  await expect(readSettings({ folder })).rejects.toMatchObject({ code: 'invalid-input', message: expect.stringContaining('edge.yaml') });
});

test('sizes are read with and without units', () => {
  expect(['1024', '4GB', '512 MiB', '1.5k', '2 TiB', 'x', '-1'].map(parseBytes)).toEqual([
    1024,
    4e9,
    512 * 1024 ** 2,
    1500,
    2 * 1024 ** 4,
    undefined,
    undefined,
  ]);
});

test('the command line becomes options', () => {
  const words =
    '--folder f --join http://here:4747/fleet --token t --models a,b --slots 2 --memory 1GB --threads 1 --listen 127.0.0.1:0 --offline --tasks x.ts'.split(' ');
  expect(parseCommandLine(words, { ATELIER_TASKS: 'x.ts, y.ts' })).toMatchObject({
    folder: 'f',
    join: { url: 'http://here:4747', token: 't' },
    models: ['a', 'b'],
    slots: 2,
    modelMemoryBytes: 1e9,
    threads: 1,
    listen: '127.0.0.1:0',
    offline: true,
    taskModules: ['x.ts', 'y.ts'],
  });
});

test.each([
  ['--slots', '0'],
  ['--join', 'here'],
  ['--memory', 'lots'],
  ['--nonsense', 'x'],
  ['--token', 't'],
  ['--simulate', '{"speed":2}'],
])('%s %s is refused', (...words) => {
  expect(() => parseCommandLine(words, {})).toThrow(expect.objectContaining({ code: 'invalid-input' }));
});
