import { randomUUID } from 'node:crypto';
import type { Stats } from 'node:fs';
import { createReadStream } from 'node:fs';
import { mkdir, opendir, readdir, rename, rm, stat, utimes } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Readable } from 'node:stream';
import { AtelierError } from '@atelier/protocol';
import type { DiskReserve } from './disk-reserve.ts';
import { checkRange } from './range.ts';
import type { ArtifactStore, ByteRange, PutOptions, StoredArtifact } from './store.ts';
import { type Endures, hashFile, syncFolder, writeHashed } from './write-hashed.ts';

/** A folder as a store, with what only a folder on this machine can do. */
export interface FolderStore extends ArtifactStore {
  readonly root: string;
  /**
   * Deletes what was used longest ago until at most `quotaBytes` are held.
   * @param keep true for what must stay, however old
   * @returns what was deleted
   */
  collect(quotaBytes: number, keep: (hash: string) => boolean): Promise<StoredArtifact[]>;
}

/** What a file was like when its bytes were last seen to have their hash. */
interface Seen {
  readonly sizeBytes: number;
  readonly mtimeMs: number;
  readonly touchedAt: number;
}

const wellFormed = /^[0-9a-f]{64}$/;
/** Names of verified files kept in memory; the rest is verified again on its next read. */
const mostSeen = 100_000;
/** How exact the time of last use on disk is; a write for every read would be waste. */
const touchEveryMs = 60_000;

/**
 * A content-addressed folder: `aa/bb/<hash>`, `tmp/` for what is being written, `damaged/` for what no longer has its hash.
 * One process owns it, or several share it; what an earlier process left in its part of `tmp/` is deleted now.
 *
 * A file's bytes are verified on the first read of this process, and again when its size or time of change differ.
 * A damaged file is moved aside and counts as missing, so that it is fetched again.
 * @param options.sharedAs the name of this process's part of `tmp/`, if others use the folder too; a process after it has the same
 * @param options.reserve what stays free on its disk; nothing is put below it
 * @param options.endures what bytes outlive once they are put. `process end` is for copies that can be fetched or made again
 * @example const store = await folderStore('/data/artifacts'); const { hash } = await store.put(createReadStream('a.png'));
 */
export async function folderStore(root: string, options: { endures?: Endures; reserve?: DiskReserve; sharedAs?: string } = {}): Promise<FolderStore> {
  const temporary = join(root, 'tmp', ...(options.sharedAs === undefined ? [] : [options.sharedAs]));
  await rm(temporary, { recursive: true, force: true });
  await mkdir(temporary, { recursive: true });
  return new Folder(root, temporary, options.endures ?? 'power cut', options.reserve);
}

class Folder implements FolderStore {
  readonly root: string;
  readonly #temporary: string;
  readonly #endures: Endures;
  readonly #reserve: DiskReserve | undefined;
  readonly #seen = new Map<string, Seen>();
  /** When this process last gave the bytes out, finer than the time on disk. */
  readonly #usedHere = new Map<string, number>();
  readonly #verifying = new Map<string, Promise<boolean>>();
  /** At most so many bytes are held; unknown, so endless, until the folder was walked once. Bytes put twice count twice until then. */
  #mostBytes = Number.POSITIVE_INFINITY;

  constructor(root: string, temporary: string, endures: Endures, reserve: DiskReserve | undefined) {
    this.root = root;
    this.#temporary = temporary;
    this.#reserve = reserve;
    this.#endures = endures;
  }

  async put(bytes: AsyncIterable<Uint8Array>, options: PutOptions = {}): Promise<StoredArtifact> {
    const temporary = join(this.#temporary, randomUUID());
    try {
      const written = await writeHashed(this.#reserve?.guard(bytes) ?? bytes, temporary, options, this.#endures);
      await this.#place(temporary, written);
      this.#mostBytes += written.sizeBytes;
      return written;
    } catch (error) {
      await rm(temporary, { force: true });
      throw isNodeError(error) ? AtelierError.from(error) : error;
    }
  }

  async #place(temporary: string, written: StoredArtifact): Promise<void> {
    const target = this.#file(written.hash);
    // Before anybody else can see the file: what changes it later must not pass for what was verified.
    const verified = await stat(temporary);
    const created = await mkdir(dirname(target), { recursive: true });
    await rename(temporary, target);
    if (this.#endures === 'power cut') await this.#syncFolders(dirname(target), created);
    this.#remember(written.hash, verified);
  }

  async #syncFolders(folder: string, created: string | undefined): Promise<void> {
    await syncFolder(folder);
    if (created === undefined) return;
    await syncFolder(dirname(folder));
    await syncFolder(this.root);
  }

  async get(hash: string, range?: ByteRange): Promise<Readable> {
    const found = await this.#sound(hash);
    const { start, end } = checkRange(range, found.size);
    return end < start ? Readable.from([]) : createReadStream(this.#file(hash), { start, end, highWaterMark: 256 * 1024 });
  }

  async path(hash: string): Promise<string> {
    await this.#sound(hash);
    return this.#file(hash);
  }

  async has(hash: string): Promise<boolean> {
    return (await this.size(hash)) !== null;
  }

  async size(hash: string): Promise<number | null> {
    return (await this.#stat(hash))?.size ?? null;
  }

  async verify(hash: string): Promise<boolean> {
    const running = this.#verifying.get(hash);
    if (running) return running;
    const check = this.#check(hash).finally(() => this.#verifying.delete(hash));
    this.#verifying.set(hash, check);
    return check;
  }

  async #check(hash: string): Promise<boolean> {
    const before = await this.#stat(hash);
    if (!before) return false;
    const found = await hashFile(this.#file(hash)).catch(ignoreMissing);
    if (found === undefined) return false;
    if (found === hash) {
      this.#remember(hash, before);
      return true;
    }
    this.#seen.delete(hash);
    await mkdir(join(this.root, 'damaged'), { recursive: true });
    await rename(this.#file(hash), join(this.root, 'damaged', hash)).catch(ignoreMissing);
    return false;
  }

  async delete(hash: string): Promise<void> {
    this.#seen.delete(hash);
    await rm(this.#file(hash), { force: true });
  }

  async *list(): AsyncGenerator<StoredArtifact & { readonly usedAt: Date }> {
    for (const first of await readdir(this.root)) {
      if (!/^[0-9a-f]{2}$/.test(first)) continue;
      for (const second of await readdir(join(this.root, first))) {
        for await (const entry of await opendir(join(this.root, first, second))) {
          const found = await this.#stat(entry.name);
          if (found) yield { hash: entry.name, sizeBytes: found.size, usedAt: new Date(Math.max(found.atimeMs, found.mtimeMs)) };
        }
      }
    }
  }

  async collect(quotaBytes: number, keep: (hash: string) => boolean): Promise<StoredArtifact[]> {
    if (this.#mostBytes <= quotaBytes) return [];
    this.#mostBytes = 0;
    const held: (StoredArtifact & { usedAt: Date })[] = [];
    for await (const artifact of this.list()) held.push(artifact);
    let total = held.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
    const deleted: StoredArtifact[] = [];
    for (const { hash, sizeBytes } of held.sort((a, b) => this.#usedAtMs(a) - this.#usedAtMs(b))) {
      if (total <= quotaBytes) break;
      if (keep(hash)) continue;
      await this.delete(hash);
      deleted.push({ hash, sizeBytes });
      total -= sizeBytes;
    }
    this.#mostBytes += total;
    return deleted;
  }

  #usedAtMs({ hash, usedAt }: { hash: string; usedAt: Date }): number {
    return Math.max(this.#usedHere.get(hash) ?? 0, usedAt.getTime());
  }

  /** The file's state once its bytes are known to have their hash. */
  async #sound(hash: string): Promise<Stats> {
    const found = await this.#stat(hash);
    const seen = this.#seen.get(hash);
    // A copied or touched time may be rounded by the file system; a millisecond covers that.
    const same = found && seen && seen.sizeBytes === found.size && Math.abs(seen.mtimeMs - found.mtimeMs) < 1;
    if (!found || (!same && !(await this.verify(hash)))) throw missing(hash);
    await this.#touch(hash, found);
    return found;
  }

  async #touch(hash: string, found: Stats): Promise<void> {
    const now = Date.now();
    this.#usedHere.delete(hash);
    this.#usedHere.set(hash, now);
    if (this.#usedHere.size > mostSeen) this.#usedHere.delete(this.#usedHere.keys().next().value as string);
    const seen = this.#seen.get(hash);
    if (!seen || now - seen.touchedAt < touchEveryMs) return;
    this.#seen.set(hash, { ...seen, touchedAt: now });
    await utimes(this.#file(hash), now / 1000, found.mtimeMs / 1000).catch(ignoreMissing);
  }

  #remember(hash: string, found: Stats): void {
    this.#seen.delete(hash);
    this.#seen.set(hash, { sizeBytes: found.size, mtimeMs: found.mtimeMs, touchedAt: found.atimeMs });
    if (this.#seen.size > mostSeen) this.#seen.delete(this.#seen.keys().next().value as string);
  }

  async #stat(hash: string): Promise<Stats | undefined> {
    if (!wellFormed.test(hash)) return undefined;
    const found = await stat(this.#file(hash)).catch(ignoreMissing);
    return found?.isFile() ? found : undefined;
  }

  /** Only well-formed names become paths: a hash comes from outside. */
  #file(hash: string): string {
    if (!wellFormed.test(hash)) throw missing(hash);
    return join(this.root, hash.slice(0, 2), hash.slice(2, 4), hash);
  }
}

function missing(hash: string): AtelierError {
  return new AtelierError('not-found', `No bytes are held under ${hash.slice(0, 64)}.`);
}

function ignoreMissing(error: NodeJS.ErrnoException): undefined {
  if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return undefined;
  throw error;
}

function isNodeError(error: unknown): boolean {
  return error instanceof Error && !(error instanceof AtelierError) && 'syscall' in error;
}
