import { createHash } from 'node:crypto';
import { buffer } from 'node:stream/consumers';
import { expect, test } from 'vitest';
import type { ArtifactStore } from './store.ts';

/** A store under test, and how to spoil one byte of what it holds behind its back. */
export interface StoreUnderTest extends AsyncDisposable {
  readonly store: ArtifactStore;
  flipBit(hash: string, byte: number): Promise<void>;
}

const sha256 = (bytes: Uint8Array | string) => createHash('sha256').update(bytes).digest('hex');

async function* chunks(...parts: (Uint8Array | string)[]): AsyncGenerator<Uint8Array> {
  for (const part of parts) yield Buffer.from(part as string);
}

async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = [];
  for await (const item of items) found.push(item);
  return found;
}

/** What every ArtifactStore promises. @param open gives a new, empty store */
export function artifactStoreConformance(name: string, open: () => Promise<StoreUnderTest>): void {
  const check = (what: string, body: (under: StoreUnderTest) => Promise<void>) =>
    test(`${name}: ${what}`, async () => {
      await using under = await open();
      await body(under);
    });

  check('bytes are named by their SHA-256 and come back as they were', async ({ store }) => {
    expect(await store.put(chunks('ab', '', 'c'))).toEqual({ hash: sha256('abc'), sizeBytes: 3 });
    expect((await buffer(await store.get(sha256('abc')))).toString()).toBe('abc');
    expect(await store.size(sha256('abc'))).toBe(3);
  });

  check('no bytes are an artifact too', async ({ store }) => {
    const { hash } = await store.put(chunks());
    expect(await buffer(await store.get(hash))).toHaveLength(0);
  });

  check('a range is given as HTTP means it, and one outside is refused', async ({ store }) => {
    const { hash } = await store.put(chunks('0123456789'));
    const read = async (start: number, end?: number) => (await buffer(await store.get(hash, { start, end }))).toString();
    expect([await read(0, 0), await read(3, 5), await read(7), await read(8, 99), await read(10)]).toEqual(['0', '345', '789', '89', '']);
    await expect(store.get(hash, { start: 11 })).rejects.toMatchObject({ code: 'invalid-input' });
    await expect(store.get(hash, { start: 5, end: 3 })).rejects.toMatchObject({ code: 'invalid-input' });
  });

  check('bytes with another hash than was said leave nothing behind', async ({ store }) => {
    await expect(store.put(chunks('abc'), { expectedHash: sha256('abd') })).rejects.toMatchObject({ code: 'hash-mismatch' });
    expect([await store.has(sha256('abc')), await store.has(sha256('abd'))]).toEqual([false, false]);
  });

  check('more bytes than were allowed leave nothing behind', async ({ store }) => {
    await expect(store.put(chunks('abc', 'def'), { maxBytes: 5 })).rejects.toMatchObject({ code: 'too-large' });
    expect(await all(store.list())).toEqual([]);
  });

  check('a stream that breaks off leaves nothing behind, and its own error is thrown', async ({ store }) => {
    const broken = async function* () {
      yield Buffer.from('abc');
      throw new TypeError('cut');
    };
    await expect(store.put(broken())).rejects.toThrow(TypeError);
    expect(await all(store.list())).toEqual([]);
  });

  check('missing, malformed and escaping names are not found', async ({ store }) => {
    for (const hash of [sha256('nothing'), 'x', '../../etc/passwd', sha256('abc').toUpperCase()]) {
      await expect(store.get(hash)).rejects.toMatchObject({ code: 'not-found' });
      await expect(store.path(hash)).rejects.toMatchObject({ code: 'not-found' });
      expect([await store.has(hash), await store.size(hash), await store.verify(hash)]).toEqual([false, null, false]);
    }
  });

  check('the same bytes put by many at once are there once', async ({ store }) => {
    const bytes = Buffer.alloc(300_000, 7);
    await Promise.all(Array.from({ length: 8 }, () => store.put(chunks(bytes))));
    expect((await all(store.list())).map(({ hash }) => hash)).toEqual([sha256(bytes)]);
  });

  check('a flipped bit makes bytes missing, and putting them again repairs them', async ({ store, flipBit }) => {
    const bytes = Buffer.from('The quick brown fox');
    const { hash } = await store.put(chunks(bytes));
    await buffer(await store.get(hash));
    await flipBit(hash, 4);
    await expect(store.get(hash)).rejects.toMatchObject({ code: 'not-found' });
    expect(await store.has(hash)).toBe(false);
    await store.put(chunks(bytes), { expectedHash: hash });
    expect(await buffer(await store.get(hash))).toEqual(bytes);
  });

  check('deleted bytes are gone, and deleting them again is no error', async ({ store }) => {
    const { hash } = await store.put(chunks('abc'));
    await store.delete(hash);
    await store.delete(hash);
    expect(await store.has(hash)).toBe(false);
  });
}
