import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { loadCatalogue, loadManifest, starterModelsFolder } from './manifest-file.ts';
import { parseSimpleIndex } from './sources/locate.ts';
import { npmRegistry } from './sources/npm-settings.ts';
import { pipIndexes } from './sources/pip-settings.ts';
import { parseSource } from './sources/source.ts';

let root: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'atelier-manifest-'));
});
afterEach(() => rm(root, { recursive: true }));

const good =
  'id: mine\ntitle: Mine\nshortName: mine\nsummary: s\ndriver: command\ntasks: [text-generation]\nlicence: none\nfiles: []\nmemoryBytes: 0\nprior: {loadSeconds: 0, runSeconds: 0}\n';

test('the starter models are whole: every manifest is valid, and each starter task has one', async () => {
  const { entries, problems } = await loadCatalogue();
  expect(problems).toEqual([]);
  const tasks = [...entries.values()].flatMap(({ manifest }) => manifest.tasks);
  for (const task of ['text-to-image', 'image-to-video', 'automatic-speech-recognition', 'text-generation', 'frames-to-video', 'image-upscaling'])
    expect(tasks).toContain(task);
  for (const { manifest } of entries.values()) for (const file of manifest.files) parseSource(file.source);
});

test.each([
  ['id: [', 'is not YAML'],
  [good.replace('driver: command', 'driver: [magic]'), 'driver'],
  [good.replace('text-generation', 'text-to-smell'), 'text-to-smell'],
  [good.replace('files: []', "files: [{path: ../x, source: 'bundled:x', sha256: '0', sizeBytes: 1}]"), 'files.0.path'],
])('a manifest that is wrong is refused with the place: %#', async (text, place) => {
  await writeFile(join(root, 'manifest.yaml'), text);
  await expect(loadManifest(join(root, 'manifest.yaml'))).rejects.toMatchObject({ name: 'AtelierError', message: expect.stringContaining(place) });
});

test('a broken manifest and a name taken twice are problems, and the others still work', async () => {
  await mkdir(join(root, 'mine'));
  await writeFile(join(root, 'mine/manifest.yaml'), good);
  await writeFile(join(root, 'other.yaml'), good);
  await writeFile(join(root, 'broken.yaml'), 'id: 1');
  const { entries, problems } = await loadCatalogue([starterModelsFolder, root, join(root, 'nowhere')]);
  expect([...entries.keys()]).toContain('mine');
  expect(problems.map(({ code }) => code).sort()).toEqual(['conflict', 'invalid-input']);
});

test('npm settings are read as npm reads them: environment, project, user; scopes and tokens by URL', async () => {
  await writeFile(join(root, '.npmrc'), 'registry=https://mirror.example/npm/\n@me:registry = "https://me.example"\n//mirror.example/npm/:_authToken=abc\n');
  const npm = npmRegistry('plain', { HOME: root, PREFIX: root }, join(root, 'project'));
  expect(npm.registry.href).toBe('https://mirror.example/npm/');
  expect(npm.authorization(new URL('https://mirror.example/npm/plain/-/plain.tgz'))).toBe('Bearer abc');
  expect(npm.authorization(new URL('https://mirror.example/other'))).toBeUndefined();
  expect(npmRegistry('@me/x', { HOME: root, PREFIX: root }, join(root, 'project')).registry.href).toBe('https://me.example/');
  expect(npmRegistry('plain', { HOME: root, npm_config_registry: 'https://env.example' }, join(root, 'project')).registry.href).toBe('https://env.example/');
});

test('pip settings are read as pip reads them: environment before files, several indexes', async () => {
  await writeFile(
    join(root, 'pip.conf'),
    '[global]\nindex-url = https://user:key@mirror.example/simple\nextra-index-url =\n  https://a.example/simple/\n  https://b.example/simple\n',
  );
  const environment = { HOME: root, PIP_CONFIG_FILE: join(root, 'pip.conf') };
  expect(pipIndexes(environment).indexes.map(({ href }) => href)).toEqual([
    'https://user:key@mirror.example/simple/',
    'https://a.example/simple/',
    'https://b.example/simple/',
  ]);
  expect(pipIndexes({ ...environment, PIP_INDEX_URL: 'https://env.example/simple/' }).indexes[0]?.href).toBe('https://env.example/simple/');
});

test('an index page is read as JSON and as HTML', () => {
  const page = new URL('https://x.example/simple/p/');
  const links = [{ name: 'p-1-py3-none-any.whl', url: new URL('https://x.example/f/p-1-py3-none-any.whl?a=1&b=2') }];
  expect(parseSimpleIndex('{"files":[{"filename":"p-1-py3-none-any.whl","url":"/f/p-1-py3-none-any.whl?a=1&b=2"}]}', page)).toEqual(links);
  expect(parseSimpleIndex('<a data-x="1"\n href="../../f/p-1-py3-none-any.whl?a=1&amp;b=2#sha256=0">p-1-py3-none-any.whl</a>', page)).toEqual(links);
});

test.each(['hf:me@main/x', 'npm:pkg/x', 'pypi:pkg/x', 'ftp://x'])('"%s" is not a source, and the error shows the form', (source) => {
  expect(() => parseSource(source)).toThrow(expect.objectContaining({ code: 'invalid-input', hint: expect.stringContaining('written') }));
});
