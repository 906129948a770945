import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, statSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ModelManifest } from '@atelier/protocol';
import { seeded } from '@atelier/seeded';
import { create } from 'tar';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { CuttingServer } from './cutting-server.test-support.ts';
import { type PullProgress, pullModel } from './pull.ts';
import { ModelStore } from './store.ts';
import { makeZip } from './zip.test-support.ts';

const { seed, next: random } = seeded('pulling');
const retry = { attempts: 4, firstDelayMs: 1 };
let server: CuttingServer;
let root: string;
let store: ModelStore;
let environment: Record<string, string>;

beforeEach(async () => {
  server = new CuttingServer();
  const base = await server.start();
  root = await mkdtemp(join(tmpdir(), 'atelier-pull-'));
  store = new ModelStore(join(root, 'store'));
  environment = { HOME: root, PIP_CONFIG_FILE: '/dev/null', PIP_INDEX_URL: `${base}/simple`, npm_config_registry: `${base}/npm`, HF_ENDPOINT: base };
});
afterEach(async () => {
  server.close();
  await rm(root, { recursive: true, force: true });
});

const noise = (length: number) => Buffer.from(Uint8Array.from({ length }, () => Math.floor(random() * 256)));
const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');

function manifestOf(id: string, files: ReadonlyArray<{ path: string; source: string; bytes: Uint8Array }>): ModelManifest {
  return ModelManifest.parse({
    id,
    title: id,
    shortName: id,
    summary: '',
    driver: 'command',
    tasks: ['text-generation'],
    licence: 'none',
    memoryBytes: 0,
    prior: { loadSeconds: 0, runSeconds: 0 },
    files: files.map(({ path, source, bytes }) => ({ path, source, sha256: sha256(bytes), sizeBytes: bytes.length })),
  });
}

function onHub(bytes: Uint8Array, id = 'hub'): ModelManifest {
  server.files.set('/me/model/resolve/main/w.bin', bytes);
  return manifestOf(id, [{ path: 'w.bin', source: 'hf:me/model@main/w.bin', bytes }]);
}

const pull = (manifest: ModelManifest, more = {}) => pullModel(manifest, { store, environment, retry, ...more });
const namesIn = (folder: string): Promise<string[]> => readdir(join(store.root, folder)).catch(() => []);
const leftovers = async () => [...(await namesIn('.parts')), ...(await namesIn('.staging'))];

test(`a file that is cut again and again arrives whole, fetching no byte twice (ATELIER_TEST_SEED=${seed})`, async () => {
  const bytes = noise(400_000);
  const manifest = onHub(bytes);
  server.cut = (length) => (server.served.length < 20 ? Math.floor(random() * length) : undefined);
  const heard: PullProgress[] = [];
  const stored = await pull(manifest, { retry: { attempts: 50, firstDelayMs: 1 }, onProgress: (progress: PullProgress) => heard.push(progress) });
  expect(sha256(await readFile(join(stored.folder, 'w.bin')))).toBe(sha256(bytes));
  expect(server.served.length).toBe(20);
  expect(server.served.reduce((sum, { sentBytes }) => sum + sentBytes, 0)).toBe(bytes.length);
  expect(heard.at(-1)).toMatchObject({ receivedBytes: bytes.length, totalBytes: bytes.length });
  expect(await leftovers()).toEqual([]);
});

test('a pull that was stopped goes on in another process where it was', async () => {
  const bytes = noise(300_000);
  const manifest = onHub(bytes);
  server.cut = () => 120_000;
  await expect(pull(manifest, { retry: { attempts: 1, firstDelayMs: 1 } })).rejects.toMatchObject({
    code: 'download-failed',
    hint: expect.stringContaining('goes on'),
  });
  expect(await store.isComplete('hub')).toBe(false);
  server.cut = () => undefined;
  await pull(manifest, { store: new ModelStore(store.root) });
  const resumed = Number(/bytes=(\d+)/.exec(server.served.at(-1)?.range ?? '')?.[1]);
  expect(resumed).toBeGreaterThan(0);
  expect(resumed).toBeLessThanOrEqual(120_000);
});

test('bytes of a version that has changed on the server are not mixed with the new', async () => {
  const manifest = onHub(noise(200_000));
  server.cut = () => 90_000;
  await expect(pull(manifest, { retry: { attempts: 1, firstDelayMs: 1 } })).rejects.toMatchObject({ code: 'download-failed' });
  server.cut = () => undefined;
  const newer = noise(200_000);
  await pull(onHub(newer, 'hub-2'));
  const again = await pull(onHub(newer));
  expect(sha256(await readFile(join(again.folder, 'w.bin')))).toBe(sha256(newer));
});

test('a wrong hash names file, expectation and what came, and leaves nothing behind', async () => {
  const manifest = onHub(noise(1000));
  const other = noise(1000);
  server.files.set('/me/model/resolve/main/w.bin', other);
  const error = await pull(manifest).catch((thrown: unknown) => thrown);
  expect(error).toMatchObject({ code: 'hash-mismatch' });
  expect(String(error)).toContain('w.bin');
  expect(String(error)).toContain(manifest.files[0]?.sha256);
  expect(String(error)).toContain(sha256(other));
  expect(await leftovers()).toEqual([]);
  expect(await store.list()).toEqual([]);
});

test('a file of another size is refused before it is fetched', async () => {
  const manifest = onHub(noise(1000));
  server.files.set('/me/model/resolve/main/w.bin', noise(50_000_000));
  await expect(pull(manifest)).rejects.toMatchObject({ code: 'hash-mismatch', message: expect.stringContaining('50000000 bytes') });
  expect(await leftovers()).toEqual([]);
});

test.each(['json', 'html'] as const)('of a wheel only the wanted member is fetched, found through a %s index', async (form) => {
  const bytes = Buffer.concat([noise(50_000), Buffer.alloc(200_000)]);
  const stored = noise(70_000);
  const wheel = makeZip([
    { path: 'big/other.bin', bytes: noise(3_000_000), packing: 'stored' },
    { path: 'pkg/w.bin', bytes, packing: 'deflated' },
    { path: 'pkg/s.bin', bytes: stored, packing: 'stored' },
    { path: 'big/another.bin', bytes: noise(500_000), packing: 'stored' },
  ]);
  const name = 'my_pkg-1.2.0-py3-none-any.whl';
  server.files.set(
    `/simple/my-pkg/`,
    form === 'json' ? JSON.stringify({ files: [{ filename: name, url: `../../files/${name}` }] }) : `<a href="../../files/${name}#sha256=00">${name}</a>`,
  );
  server.files.set(`/files/${name}`, wheel);
  server.cut = (length, path) => (path.startsWith('/files') && random() < 0.3 ? Math.floor(random() * length) : undefined);
  const manifest = manifestOf('wheel', [
    { path: 'w.bin', source: 'pypi:My.Pkg==1.2.0/pkg/w.bin', bytes },
    { path: 's.bin', source: 'pypi:my-pkg==1.2.0/pkg/s.bin', bytes: stored },
  ]);
  const model = await pull(manifest, { retry: { attempts: 50, firstDelayMs: 1 } });
  expect(sha256(await readFile(join(model.folder, 'w.bin')))).toBe(sha256(bytes));
  const fetched = server.served.filter(({ path }) => path.startsWith('/files')).reduce((sum, { sentBytes }) => sum + sentBytes, 0);
  expect(fetched).toBeLessThan(2_000_000);
});

test('where a server sends whole files only, the wheel is fetched whole, once for all its members', async () => {
  const [first, second] = [noise(5000), noise(6000)];
  const name = 'my_pkg-1.2.0-py3-none-any.whl';
  server.hasRanges = false;
  server.files.set('/simple/my-pkg/', `<a href="/files/${name}">${name}</a>`);
  server.files.set(
    `/files/${name}`,
    makeZip([
      { path: 'a', bytes: first, packing: 'deflated' },
      { path: 'b', bytes: second, packing: 'stored' },
    ]),
  );
  const manifest = manifestOf('whole', [
    { path: 'a', source: 'pypi:my-pkg==1.2.0/a', bytes: first },
    { path: 'b', source: 'pypi:my-pkg==1.2.0/b', bytes: second },
  ]);
  const model = await pull(manifest);
  expect(sha256(await readFile(join(model.folder, 'b')))).toBe(sha256(second));
  expect(await leftovers()).toEqual([]);
});

test('a file of an npm package comes out of its archive, with the token that .npmrc holds for that registry', async () => {
  const bytes = noise(100_000);
  await mkdir(join(root, 'package/weights'), { recursive: true });
  await writeFile(join(root, 'package/weights/w.bin'), bytes);
  await create({ gzip: true, cwd: root, file: join(root, 'archive.tgz'), portable: true }, ['package']);
  const registry = environment.npm_config_registry as string;
  await writeFile(join(root, '.npmrc'), `//${new URL(registry).host}/npm/:_authToken=\${TOKEN}\n`);
  server.files.set('/npm/@me/pkg/1.0.0', JSON.stringify({ dist: { tarball: `${registry}/@me/pkg/-/pkg-1.0.0.tgz` } }));
  server.files.set('/npm/@me/pkg/-/pkg-1.0.0.tgz', await readFile(join(root, 'archive.tgz')));
  server.cut = (length) => (random() < 0.5 ? Math.floor(random() * length) : undefined);
  const manifest = manifestOf('npm', [{ path: 'w.bin', source: 'npm:@me/pkg@1.0.0/weights/w.bin', bytes }]);
  const model = await pull(manifest, { environment: { ...environment, TOKEN: 'secret' }, retry: { attempts: 50, firstDelayMs: 1 } });
  expect(sha256(await readFile(join(model.folder, 'w.bin')))).toBe(sha256(bytes));
  expect(server.served.every(({ authorization }) => authorization === 'Bearer secret')).toBe(true);
  expect(await leftovers()).toEqual([]);
});

test('offline refuses what is not here, and still gives what is', async () => {
  const manifest = onHub(noise(1000));
  await expect(pull(manifest, { offline: true })).rejects.toMatchObject({ code: 'offline', hint: expect.stringContaining('models pull hub') });
  expect(server.served).toEqual([]);
  await pull(manifest);
  expect((await pull(manifest, { offline: true })).manifest.id).toBe('hub');
  const sibling = await pull({ ...manifest, id: 'sibling' }, { offline: true });
  expect(statSync(join(sibling.folder, 'w.bin')).ino).toBe(statSync(join(store.folder('hub'), 'w.bin')).ino);
  expect(sibling.ownBytes).toBe(0);
});

test('a server that is busy is asked again, one that refuses is not', async () => {
  const manifest = onHub(noise(100));
  server.status = 503;
  await expect(pull(manifest)).rejects.toMatchObject({ code: 'download-failed', message: expect.stringContaining('503') });
  expect(server.served.length).toBe(4);
  server.status = 403;
  await expect(pull(manifest)).rejects.toMatchObject({ code: 'download-failed', hint: expect.stringContaining('token') });
  expect(server.served.length).toBe(5);
});

test.each([
  'https://127.0.0.1:1/w',
  'https://localhost:1/w',
  'https://[::1]:1/w',
  'https://[::ffff:10.0.0.1]/w',
  'https://192.168.1.1/w',
  'https://169.254.169.254/w',
])('a manifest cannot reach into the private network: %s', async (source) => {
  const bytes = noise(10);
  await expect(pull(manifestOf('inward', [{ path: 'w', source, bytes }]))).rejects.toMatchObject({
    code: 'forbidden',
    hint: expect.stringContaining('--allow-private-network'),
  });
});

test('a model larger than the disk is refused before anything is fetched', async () => {
  const manifest = onHub(noise(100));
  const huge = { ...manifest, files: manifest.files.map((file) => ({ ...file, sizeBytes: 2 ** 52 })) };
  await expect(pull(huge)).rejects.toMatchObject({ code: 'disk-full' });
  expect(server.served).toEqual([]);
});

test('a bundled file is verified and may not leave the folder of manifests', async () => {
  const bytes = noise(100);
  await mkdir(join(root, 'manifests/mine'), { recursive: true });
  await writeFile(join(root, 'manifests/mine/w'), bytes);
  await writeFile(join(root, 'secret'), bytes);
  const folder = join(root, 'manifests/mine');
  expect((await pull(manifestOf('mine', [{ path: 'w', source: 'bundled:w', bytes }]), { folder, offline: true })).sizeBytes).toBe(100);
  await expect(pull(manifestOf('out', [{ path: 'w', source: 'bundled:../../secret', bytes: noise(5) }]), { folder })).rejects.toMatchObject({
    code: 'invalid-input',
  });
  await expect(pull(manifestOf('bad', [{ path: 'w', source: 'bundled:w', bytes: noise(100) }]), { folder })).rejects.toMatchObject({ code: 'hash-mismatch' });
  expect(await store.isComplete('bad')).toBe(false);
});

test('stopping a pull keeps what has come', async () => {
  const manifest = onHub(noise(5_000_000));
  const stop = new AbortController();
  await expect(
    pull(manifest, { signal: stop.signal, onProgress: ({ receivedBytes }: PullProgress) => receivedBytes > 0 && stop.abort() }),
  ).rejects.toMatchObject({ code: 'cancelled' });
  expect(await store.isComplete('hub')).toBe(false);
  expect((await leftovers()).some((name) => name.endsWith('.part'))).toBe(true);
  expect((await pull(manifest)).sizeBytes).toBe(5_000_000);
});

test('several at once that pull one model fetch its bytes once', async () => {
  const bytes = noise(1_000_000);
  const manifest = onHub(bytes);
  const results = await Promise.all(Array.from({ length: 4 }, () => pull(manifest, { store: new ModelStore(store.root) })));
  expect(results.every(({ sizeBytes }) => sizeBytes === bytes.length)).toBe(true);
  expect(server.served.reduce((sum, { sentBytes }) => sum + sentBytes, 0)).toBe(bytes.length);
  expect(await leftovers()).toEqual([]);
});

test('a process killed in the middle leaves no model and no lock that holds others up', async () => {
  const bytes = noise(2_000_000);
  const manifest = onHub(bytes);
  const module = (name: string) => JSON.stringify(new URL(name, import.meta.url).href);
  const script = `
    const { pullModel } = await import(${module('./pull.ts')});
    const { ModelStore } = await import(${module('./store.ts')});
    const onProgress = ({ receivedBytes }) => receivedBytes > 0 && process.send('bytes');
    await pullModel(${JSON.stringify(manifest)}, { store: new ModelStore(${JSON.stringify(store.root)}), onProgress });`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
    env: { ...process.env, ...environment },
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  const ended = new Promise((resolve) => child.once('exit', (_code, signal) => resolve(signal)));
  child.on('message', () => child.kill('SIGKILL'));
  expect(await ended).toBe('SIGKILL');
  expect(await store.isComplete('hub')).toBe(false);
  const model = await pull(manifest);
  expect(sha256(await readFile(join(model.folder, 'w.bin')))).toBe(sha256(bytes));
  expect(existsSync(join(store.root, '.locks', `${sha256(bytes)}.lock`))).toBe(false);
});

test('a model whose file was cut afterwards counts as not here, and pulling mends it', async () => {
  const bytes = noise(1000);
  const manifest = onHub(bytes);
  const model = await pull(manifest);
  await writeFile(join(model.folder, 'w.bin'), bytes.subarray(0, 10));
  expect(await store.isComplete('hub')).toBe(false);
  await pull(manifest);
  expect(await store.isComplete(manifest)).toBe(true);
  expect(await store.remove('hub')).toBe(true);
  expect(await store.list()).toEqual([]);
  expect(await store.remove('hub')).toBe(false);
});
