import { createHash, randomUUID } from 'node:crypto';
import { mkdtemp, open, readdir, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { seeded } from '@atelier/seeded';
import { expect, test } from 'vitest';
import { artifactStoreConformance } from './conformance.ts';
import { type FolderStore, folderStore } from './folder-store.ts';

async function openStore() {
  const root = join(await mkdtemp(join(tmpdir(), 'atelier-store-')), 'artifacts');
  const store = await folderStore(root);
  return {
    store,
    root,
    flipBit: (hash: string, byte: number) => flipBit(root, hash, byte),
    [Symbol.asyncDispose]: () => rm(join(root, '..'), { recursive: true, force: true }),
  };
}

const fileOf = (root: string, hash: string) => join(root, hash.slice(0, 2), hash.slice(2, 4), hash);

/** The time of change moves on, as it does when another program writes. */
async function flipBit(root: string, hash: string, byte: number): Promise<void> {
  const handle = await open(fileOf(root, hash), 'r+');
  const { buffer: found } = await handle.read(Buffer.alloc(1), 0, 1, byte);
  await handle.write(Buffer.from([(found[0] as number) ^ 1]), 0, 1, byte);
  await handle.close();
  const later = new Date(Date.now() + 5_000);
  await utimes(fileOf(root, hash), later, later);
}

async function* bytes(text: string) {
  yield Buffer.from(text);
}

artifactStoreConformance('a folder', openStore);

test('bytes lie under aa/bb/<hash>, and what was half written before is swept at the start', async () => {
  await using under = await openStore();
  const { hash } = await under.store.put(bytes('abc'));
  await stat(fileOf(under.root, hash));
  await writeFile(join(under.root, 'tmp', randomUUID()), 'half');
  const again = await folderStore(under.root);
  expect(await readdir(join(under.root, 'tmp'))).toEqual([]);
  expect(await again.has(hash)).toBe(true);
});

test('a bit that flipped while nobody ran is noticed on the first read, and the damaged file is moved aside', async () => {
  await using under = await openStore();
  const { hash } = await under.store.put(bytes('abc'));
  const before = await stat(fileOf(under.root, hash));
  await flipBit(under.root, hash, 0);
  await utimes(fileOf(under.root, hash), before.atime, before.mtime);
  const restarted = await folderStore(under.root);
  await expect(restarted.path(hash)).rejects.toMatchObject({ code: 'not-found' });
  expect(await readdir(join(under.root, 'damaged'))).toEqual([hash]);
});

test('verify finds a flipped bit even where size and time are as they were', async () => {
  await using under = await openStore();
  const { hash } = await under.store.put(bytes('abc'));
  const before = await stat(fileOf(under.root, hash));
  await flipBit(under.root, hash, 1);
  await utimes(fileOf(under.root, hash), before.atime, before.mtime);
  expect(await under.store.verify(hash)).toBe(false);
  expect(await under.store.has(hash)).toBe(false);
});

test('collecting deletes what was used longest ago until the quota holds, and never what must stay', async () => {
  await using under = await openStore();
  const store: FolderStore = under.store;
  const hashes: string[] = [];
  for (const [index, text] of ['aaaa', 'bbbb', 'cccc', 'dddd'].entries()) {
    const { hash } = await store.put(bytes(text));
    hashes.push(hash);
    const then = new Date(Date.now() - (10 - index) * 60_000);
    await utimes(fileOf(under.root, hash), then, then);
  }
  const [first, second, third] = hashes as [string, string, string];
  await buffer(await store.get(first));
  const gone = await store.collect(8, (hash) => hash === second);
  expect(gone.map(({ hash }) => hash)).toEqual([third, hashes[3]]);
  expect([await store.has(first), await store.has(second)]).toEqual([true, true]);
});

test('what is put after a collection counts at the next one', async () => {
  await using under = await openStore();
  await under.store.put(bytes('aaaa'));
  expect(await under.store.collect(8, () => false)).toEqual([]);
  await under.store.put(bytes('bbbb'));
  await under.store.put(bytes('cccc'));
  expect(await under.store.collect(8, () => false)).toHaveLength(1);
});

test('a disk that is full is told as such and keeps nothing', async () => {
  await using under = await openStore();
  const full = async function* () {
    yield Buffer.from('abc');
    throw Object.assign(new Error('no space left'), { code: 'ENOSPC', syscall: 'write' });
  };
  await expect(under.store.put(full())).rejects.toMatchObject({ code: 'disk-full' });
  expect(await readdir(join(under.root, 'tmp'))).toEqual([]);
});

test('chunks of any size are written whole and in order: empty, tiny, and larger than what is written at once', async () => {
  await using under = await openStore();
  const random = seeded('chunks');
  const chunks = Array.from({ length: 200 }, (_, index) => {
    const size = index % 20 === 7 ? 700_000 + random.below(900_000) : random.below(30_000) * random.below(2);
    return Buffer.alloc(size, random.below(256));
  });
  const whole = Buffer.concat(chunks);
  const stored = await under.store.put(
    (async function* () {
      yield* chunks;
    })(),
  );
  expect(stored).toEqual({ hash: createHash('sha256').update(whole).digest('hex'), sizeBytes: whole.byteLength });
  expect(whole.equals(await buffer(await under.store.get(stored.hash)))).toBe(true);
});
