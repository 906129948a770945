import { createHash } from 'node:crypto';
import { type FileHandle, open } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { AtelierError } from '@atelier/protocol';
import { type FolderStore, folderStore } from '../folder-store.ts';
import type { ArtifactStore, ByteRange, PutOptions, StoredArtifact } from '../store.ts';
import { type BegunUploads, begunUploads } from './begun-uploads.ts';
import { type S3Body, type S3Client, s3Client } from './s3-client.ts';
import type { S3Settings } from './settings.ts';

export interface S3Options extends S3Settings {
  /** Local copies lie here. It may be deleted while nobody runs; nothing is lost with it. */
  readonly folder: string;
}

/** A bucket as a store. Its local copies are what is read: each has been verified. */
export interface S3Store extends ArtifactStore {
  /** @throws AtelierError `unavailable` if the bucket cannot be used */
  check(): Promise<void>;
}

/** More than this goes up in parts of this size. S3 takes 10,000 parts, and none but the last under 5 MiB. */
const partBytes = 8 * 1024 ** 2;
/** Sizes of objects that are known to be there; others are asked for again. */
const mostKnown = 100_000;

const wellFormed = /^[0-9a-f]{64}$/;

/**
 * A store in a bucket of any server that speaks S3: each artifact is the object `<prefix>/<hash>`, and one process writes
 * under a prefix. Bytes are first written here and hashed, then sent; what the bucket has not taken was not put.
 * Reading goes through a verified local copy. What was half sent by an earlier process is aborted now.
 * @example const store = await s3Store({ ...readS3Settings('s3://pictures/atelier', process.env), folder: '/data/cache/s3' });
 */
export async function s3Store(options: S3Options): Promise<S3Store> {
  const client = s3Client(options);
  const copies = await folderStore(options.folder, { endures: 'process end' });
  const store = new Bucket(client, copies, options, await begunUploads(join(options.folder, 'uploads')));
  await store.abortUnfinished();
  return store;
}

class Bucket implements S3Store {
  readonly #client: S3Client;
  readonly #begun: BegunUploads;
  readonly #copies: FolderStore;
  readonly #prefix: string;
  readonly #cacheBytes: number;
  /** Sizes of what the bucket has, as it was last seen. */
  readonly #known = new Map<string, number>();
  readonly #sending = new Map<string, Promise<void>>();
  readonly #fetching = new Map<string, Promise<void>>();

  constructor(client: S3Client, copies: FolderStore, { prefix, cacheBytes }: S3Settings, begun: BegunUploads) {
    this.#client = client;
    this.#begun = begun;
    this.#copies = copies;
    this.#prefix = prefix === '' ? '' : `${prefix}/`;
    this.#cacheBytes = cacheBytes;
  }

  async check(): Promise<void> {
    // A missing bucket answers a question for one object like a missing object; only the list tells.
    await this.#client.list(`${this.#prefix}0`).next();
  }

  /** Those that were noted here, and those that the server lists; some servers do not. */
  async abortUnfinished(): Promise<void> {
    const noted = (await this.#begun.list()).map(({ hash, uploadId }) => ({ key: this.#key(hash), uploadId }));
    const listed = await this.#client.unfinished(this.#prefix).catch(() => []);
    for (const { key, uploadId } of [...noted, ...listed]) {
      await this.#client.abort(key, uploadId).catch(() => undefined);
      await this.#begun.remove(uploadId);
    }
  }

  async put(bytes: AsyncIterable<Uint8Array>, options: PutOptions = {}): Promise<StoredArtifact> {
    const stored = await this.#copies.put(bytes, options);
    try {
      await this.#sendOnce(stored, options.mediaType);
    } catch (thrown) {
      // Nothing stays, so that nobody reads here what the bucket does not have.
      await this.#copies.delete(stored.hash);
      throw thrown;
    }
    await this.#makeRoom(stored.hash);
    return stored;
  }

  /** Several that put the same bytes at once share one upload. */
  #sendOnce(stored: StoredArtifact, mediaType = 'application/octet-stream'): Promise<void> {
    const sending = this.#sending.get(stored.hash) ?? this.#send(stored, mediaType).finally(() => this.#sending.delete(stored.hash));
    this.#sending.set(stored.hash, sending);
    return sending;
  }

  async #send({ hash, sizeBytes }: StoredArtifact, mediaType: string): Promise<void> {
    await using file = await open(await this.#copies.path(hash), 'r');
    if (sizeBytes > partBytes) await this.#sendParts(file, { hash, sizeBytes }, mediaType);
    else await this.#client.put(this.#key(hash), await readPart(file, 0, sizeBytes), mediaType);
    this.#remember(hash, sizeBytes);
  }

  /** One part in memory at a time. */
  async #sendParts(file: FileHandle, { hash, sizeBytes }: StoredArtifact, mediaType: string): Promise<void> {
    const key = this.#key(hash);
    const uploadId = await this.#client.begin(key, mediaType);
    await this.#begun.add({ hash, uploadId });
    try {
      const etags: string[] = [];
      for (let at = 0; at < sizeBytes; at += partBytes) {
        etags.push(await this.#client.part(key, uploadId, etags.length + 1, await readPart(file, at, Math.min(partBytes, sizeBytes - at))));
      }
      await this.#client.complete(key, uploadId, etags);
      await this.#begun.remove(uploadId);
    } catch (thrown) {
      await this.#client.abort(key, uploadId).then(
        () => this.#begun.remove(uploadId),
        () => undefined,
      );
      throw thrown;
    }
  }

  async get(hash: string, range?: ByteRange): Promise<Readable> {
    await this.#bring(hash);
    const bytes = await this.#copies.get(hash, range);
    // Opened before anything is deleted: what is open can be read to its end.
    await opened(bytes);
    await this.#makeRoom(hash);
    return bytes;
  }

  async path(hash: string): Promise<string> {
    await this.#bring(hash);
    await this.#makeRoom(hash);
    return this.#copies.path(hash);
  }

  async has(hash: string): Promise<boolean> {
    return (await this.size(hash)) !== null;
  }

  async size(hash: string): Promise<number | null> {
    if (!wellFormed.test(hash)) return null;
    const known = this.#known.get(hash);
    if (known !== undefined) return known;
    const found = await this.#client.size(this.#key(hash));
    if (found !== null) this.#remember(hash, found);
    return found;
  }

  async verify(hash: string): Promise<boolean> {
    if (!wellFormed.test(hash)) return false;
    await this.#copies.delete(hash);
    return this.#bring(hash).then(
      () => true,
      (error: unknown) => {
        if (error instanceof AtelierError && error.code === 'not-found') return false;
        throw error;
      },
    );
  }

  async delete(hash: string): Promise<void> {
    if (!wellFormed.test(hash)) return;
    await this.#client.delete(this.#key(hash));
    await this.#copies.delete(hash);
    this.#known.delete(hash);
  }

  async *list(): AsyncGenerator<StoredArtifact & { readonly usedAt: Date }> {
    for await (const { key, sizeBytes, changedAt } of this.#client.list(this.#prefix)) {
      const hash = key.slice(this.#prefix.length);
      if (wellFormed.test(hash)) yield { hash, sizeBytes, usedAt: changedAt };
    }
  }

  /** Sees to a sound local copy. @throws AtelierError `not-found`, `unavailable`, `disk-full` */
  async #bring(hash: string): Promise<void> {
    if (!wellFormed.test(hash)) throw missing(hash);
    if ((await this.#copies.has(hash)) && (await this.#copies.path(hash).catch(() => undefined))) return;
    const fetching = this.#fetching.get(hash) ?? this.#fetch(hash).finally(() => this.#fetching.delete(hash));
    this.#fetching.set(hash, fetching);
    return fetching;
  }

  /** A copy that is not what it should be may have been damaged on the way, so it is asked for once more. */
  async #fetch(hash: string): Promise<void> {
    for (let time = 0; time < 2; time += 1) {
      try {
        const { sizeBytes } = await this.#copies.put(Readable.fromWeb((await this.#client.get(this.#key(hash))) as never), { expectedHash: hash });
        this.#remember(hash, sizeBytes);
        return;
      } catch (thrown) {
        const { code } = AtelierError.from(thrown);
        if (code === 'not-found') {
          this.#known.delete(hash);
          throw missing(hash);
        }
        if (code !== 'hash-mismatch') throw asUnavailable(thrown);
      }
    }
    await this.#setAside(hash);
    throw missing(hash);
  }

  /** So that it counts as missing and is brought again by whoever has it, and can still be looked at. */
  async #setAside(hash: string): Promise<void> {
    this.#known.delete(hash);
    await this.#client.copy(this.#key(hash), `${this.#prefix}damaged/${hash}`).catch(() => undefined);
    await this.#client.delete(this.#key(hash));
  }

  async #makeRoom(hash: string): Promise<void> {
    await this.#copies.collect(this.#cacheBytes, (other) => other === hash || this.#sending.has(other) || this.#fetching.has(other));
  }

  #remember(hash: string, sizeBytes: number): void {
    this.#known.delete(hash);
    this.#known.set(hash, sizeBytes);
    if (this.#known.size > mostKnown) this.#known.delete(this.#known.keys().next().value as string);
  }

  #key(hash: string): string {
    return `${this.#prefix}${hash}`;
  }
}

async function readPart(file: FileHandle, at: number, length: number): Promise<S3Body> {
  const bytes = new Uint8Array(length);
  for (let done = 0; done < length; ) {
    const { bytesRead } = await file.read(bytes, done, length - done, at + done);
    if (bytesRead === 0) throw new AtelierError('internal', 'The local copy became shorter while it was sent.');
    done += bytesRead;
  }
  return { bytes, sha256: createHash('sha256').update(bytes).digest('hex') };
}

function opened(bytes: Readable): Promise<void> {
  if (!('pending' in bytes) || bytes.pending !== true) return Promise.resolve();
  return new Promise((resolve, reject) => {
    bytes.once('open', () => resolve());
    bytes.once('error', reject);
  });
}

/** A connection that broke is the storage's, whatever Node calls it. */
function asUnavailable(thrown: unknown): AtelierError {
  if (thrown instanceof AtelierError) return thrown;
  return new AtelierError('unavailable', 'The storage broke off in the middle of an answer.', { hint: 'Try again.', cause: thrown });
}

function missing(hash: string): AtelierError {
  return new AtelierError('not-found', `No bytes are held under ${hash.slice(0, 64)}.`);
}
