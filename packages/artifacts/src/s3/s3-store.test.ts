import { createHash, randomBytes, randomUUID } from 'node:crypto';
import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { artifactStoreConformance } from '../conformance.ts';
import { s3Client } from './s3-client.ts';
import { type S3Store, s3Store } from './s3-store.ts';
import { type S3ForTests, s3ForTests } from './server.test-support.ts';
import { readS3Settings } from './settings.ts';

let server: S3ForTests;
beforeAll(async () => {
  server = await s3ForTests();
});
afterAll(() => server.close());
beforeEach(() => {
  server.judge = () => 'pass';
  server.requests.length = 0;
});

const sha256 = (bytes: Uint8Array | string) => createHash('sha256').update(bytes).digest('hex');
const MiB = 1024 ** 2;

interface Opened {
  readonly store: S3Store;
  readonly prefix: string;
  readonly folder: string;
}

/** Under a prefix of its own. */
async function openStore(more: { prefix?: string; cacheBytes?: number } = {}): Promise<Opened> {
  const prefix = more.prefix ?? `here/${randomUUID()}`;
  const folder = join(server.folder, randomUUID());
  return { store: await s3Store({ ...server.settings, ...more, prefix, folder }), prefix, folder };
}

artifactStoreConformance('a bucket', async () => {
  const { store, prefix, folder } = await openStore();
  return {
    store,
    /** In the bucket; the local copy goes, as it does when room is needed. */
    async flipBit(hash, byte) {
      const client = s3Client(server.settings);
      const bytes = new Uint8Array(await new Response(await client.get(`${prefix}/${hash}`)).arrayBuffer());
      bytes[byte] = (bytes[byte] as number) ^ 1;
      await client.put(`${prefix}/${hash}`, { bytes, sha256: sha256(bytes) }, 'application/octet-stream');
      await rm(join(folder, hash.slice(0, 2)), { recursive: true });
    },
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }),
  };
});

test('large bodies go up in parts and come back whole to another process', async () => {
  const { store, prefix } = await openStore();
  const bytes = randomBytes(17 * MiB);
  const { hash } = await store.put(Readable.from([bytes.subarray(0, 5), bytes.subarray(5)]));
  expect(server.requests.filter((line) => line.includes('partNumber')).length).toBe(3);
  const elsewhere = await openStore({ prefix });
  expect(sha256(await buffer(await elsewhere.store.get(hash)))).toBe(hash);
  expect(await buffer(await elsewhere.store.get(hash, { start: 9 * MiB, end: 9 * MiB + 9 }))).toEqual(bytes.subarray(9 * MiB, 9 * MiB + 10));
});

const refusals = [
  ['refuses the second part', { status: 403, code: 'AccessDenied' }, 'unavailable'],
  ['is cut off in the second part', 'cut', 'unavailable'],
  ['has no room for the second part', { status: 507, code: 'XMinioStorageFull' }, 'disk-full'],
] as const;

for (const [what, verdict, code] of refusals) {
  test(`a server that ${what} leaves nothing behind, and the same bytes can be put later`, async () => {
    const { store, folder } = await openStore();
    const bytes = randomBytes(17 * MiB);
    const hash = sha256(bytes);
    server.judge = (asked) => (asked.url?.includes('partNumber=2') ? verdict : 'pass');
    await expect(store.put(Readable.from([bytes]))).rejects.toMatchObject({ code });
    server.judge = () => 'pass';
    expect(await store.has(hash)).toBe(false);
    await expect(store.get(hash)).rejects.toMatchObject({ code: 'not-found' });
    expect(aborted()).not.toEqual([]);
    expect(await readdir(join(folder, hash.slice(0, 2), hash.slice(2, 4)))).toEqual([]);
    await store.put(Readable.from([bytes]), { expectedHash: hash });
    expect(await store.size(hash)).toBe(bytes.length);
  });
}

test('an upload that an earlier process left half done is aborted at the start', async () => {
  const opened = await openStore();
  // The second part and the abort after it are cut off, as by the end of the process.
  server.judge = (asked) => (asked.url?.includes('partNumber=2') || asked.method === 'DELETE' ? 'cut' : 'pass');
  await expect(opened.store.put(Readable.from([randomBytes(9 * MiB)]))).rejects.toMatchObject({ code: 'unavailable' });
  server.judge = () => 'pass';
  const begun = new Set(server.requests.filter((line) => line.includes('partNumber')).map(uploadIdIn));
  server.requests.length = 0;
  await s3Store({ ...server.settings, prefix: opened.prefix, folder: opened.folder });
  expect(new Set(aborted())).toEqual(begun);
  server.requests.length = 0;
  await s3Store({ ...server.settings, prefix: opened.prefix, folder: opened.folder });
  expect(aborted()).toEqual([]);
});

test('local copies keep to their bound, and what has no copy is fetched again', async () => {
  const { store, folder } = await openStore({ cacheBytes: 250_000 });
  const all = Array.from({ length: 5 }, () => randomBytes(100_000));
  for (const bytes of all) await store.put(Readable.from([bytes]));
  const copies = async () => (await readdir(folder, { recursive: true })).filter((name) => /[0-9a-f]{64}$/.test(name)).length;
  expect(await copies()).toBe(2);
  for (const bytes of all) expect(await buffer(await store.get(sha256(bytes)))).toEqual(bytes);
  expect(await copies()).toBe(2);
});

test('two that read what has no copy yet fetch it once', async () => {
  const { store, prefix } = await openStore();
  const { hash } = await store.put(Readable.from([Buffer.from('shared')]));
  const elsewhere = await openStore({ prefix });
  await Promise.all([elsewhere.store.path(hash), elsewhere.store.path(hash)]);
  expect(server.requests.filter((line) => line === `GET /pictures/${prefix}/${hash}`)).toHaveLength(1);
});

test('a large body may take longer than its head, and a server that sends no head is given up', async () => {
  const { store, prefix } = await openStore();
  const bytes = randomBytes(6 * MiB);
  const { hash } = await store.put(Readable.from([bytes]));
  const deadline = new AbortController();
  const client = s3Client(server.settings, () => deadline.signal);
  const body = await client.get(`${prefix}/${hash}`);
  deadline.abort();
  expect(sha256(new Uint8Array(await new Response(body).arrayBuffer()))).toBe(hash);
  const late = new AbortController();
  server.judge = () => {
    late.abort();
    return 'hang';
  };
  await expect(s3Client(server.settings, () => late.signal).get(`${prefix}/${hash}`)).rejects.toMatchObject({ code: 'unavailable' });
});

test('a bucket that is missing, keys that are refused and a server that is away are told as such', async () => {
  const open = (more: object) => s3Store({ ...server.settings, folder: join(server.folder, randomUUID()), ...more });
  await expect((await open({ bucket: 'nowhere' })).check()).rejects.toMatchObject({
    code: 'unavailable',
    message: expect.stringContaining('no bucket "nowhere"'),
  });
  const refused = await open({});
  server.judge = () => ({ status: 403, code: 'SignatureDoesNotMatch' });
  await expect(refused.check()).rejects.toMatchObject({ code: 'unavailable', hint: expect.stringContaining('AWS_ACCESS_KEY_ID') });
  await expect((await open({ endpoint: 'http://127.0.0.1:9' })).check()).rejects.toMatchObject({ code: 'unavailable' });
});

test('settings come from the address and the environment, and no message holds a key', () => {
  const keys = { AWS_ACCESS_KEY_ID: 'id', AWS_SECRET_ACCESS_KEY: 'hidden-secret' };
  expect(readS3Settings('s3://pictures/a/b/', { ...keys, AWS_REGION: 'eu-west-1', ATELIER_S3_ENDPOINT: 'http://127.0.0.1:9000/' })).toMatchObject({
    endpoint: 'http://127.0.0.1:9000',
    bucket: 'pictures',
    prefix: 'a/b',
    region: 'eu-west-1',
  });
  expect(readS3Settings('s3://pictures', keys)).toMatchObject({ endpoint: 'https://s3.us-east-1.amazonaws.com', prefix: '' });
  const wrong: [string, Record<string, string>][] = [
    ['s3://', keys],
    ['http://pictures', keys],
    ['s3://id:hidden-secret@pictures', keys],
    ['s3://pictures', { AWS_SECRET_ACCESS_KEY: 'hidden-secret' }],
    ['s3://pictures', { ...keys, ATELIER_S3_ENDPOINT: 'http://id:hidden-secret@host' }],
    ['s3://pictures', { ...keys, ATELIER_S3_CACHE: 'much' }],
  ];
  for (const [address, environment] of wrong) {
    expect(() => readS3Settings(address, environment), address).toThrow(
      expect.objectContaining({ code: 'invalid-input', message: expect.not.stringContaining('hidden') }),
    );
  }
});

const uploadIdIn = (line: string) => /uploadId=([^& ]+)/.exec(line)?.[1];

/** Uploads that the server was asked to abort. This one does not do it; larger ones do. */
function aborted(): (string | undefined)[] {
  return server.requests.filter((line) => line.startsWith('DELETE') && line.includes('uploadId=')).map(uploadIdIn);
}
