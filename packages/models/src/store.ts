import { randomUUID } from 'node:crypto';
import type { Dirent } from 'node:fs';
import { copyFile, link, lstat, mkdir, open, readdir, readFile, rename, rm, stat, utimes } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { AtelierError, ModelId, ModelManifest } from '@atelier/protocol';
import { z } from 'zod';
import { isAlive } from './lock.ts';

const recordName = '.atelier.json';
const Record = z.object({ manifest: ModelManifest, verifiedAt: z.iso.datetime() });

/** A model that lies in a store, whole and verified. */
export interface StoredModel {
  readonly manifest: ModelManifest;
  readonly folder: string;
  /** When the hashes of all its files were checked. */
  readonly verifiedAt: string;
  /** Bytes of all its files. */
  readonly sizeBytes: number;
  /** Bytes that removing it would free: files that no other model shares. */
  readonly ownBytes: number;
}

/**
 * Models on a disk: `<root>/<model>/` with its files and a record, which is there only if everything is.
 * A model appears by one rename, so that a kill at any moment leaves either all of it or nothing; several processes may share one store.
 */
export class ModelStore {
  readonly root: string;

  constructor(root: string) {
    this.root = root;
  }

  /** Part files, and files that are verified but whose model is not whole yet. */
  get partsFolder(): string {
    return join(this.root, '.parts');
  }

  get locksFolder(): string {
    return join(this.root, '.locks');
  }

  /** Where a model's files lie, or will. @throws AtelierError `invalid-input` for an id that could leave the store */
  folder(id: string): string {
    if (!ModelId.safeParse(id).success) throw new AtelierError('invalid-input', `"${id}" is not the id of a model.`);
    return join(this.root, id);
  }

  /** The model if it is here, whole. A file that was deleted or cut since makes it undefined; contents are not hashed again. */
  async read(id: string): Promise<StoredModel | undefined> {
    const folder = this.folder(id);
    const record = await readRecord(folder);
    if (!record) return undefined;
    let ownBytes = 0;
    for (const file of record.manifest.files) {
      const status = await stat(join(folder, file.path)).catch(() => undefined);
      if (status?.size !== file.sizeBytes) return undefined;
      if (status.nlink === 1) ownBytes += status.size;
    }
    const sizeBytes = record.manifest.files.reduce((sum, file) => sum + file.sizeBytes, 0);
    return { manifest: record.manifest, verifiedAt: record.verifiedAt, folder, sizeBytes, ownBytes };
  }

  /** Whether a model is here, whole; given a manifest, also whether its files are the ones that this manifest names. */
  async isComplete(model: string | ModelManifest): Promise<boolean> {
    const found = await this.read(typeof model === 'string' ? model : model.id);
    return found !== undefined && (typeof model === 'string' || hasSameFiles(found.manifest, model));
  }

  /** Every whole model, by id. */
  async list(): Promise<StoredModel[]> {
    const children = await readdir(this.root, { withFileTypes: true }).catch(noneIfMissing);
    const ids = children.filter((child) => child.isDirectory() && ModelId.safeParse(child.name).success).map((child) => child.name);
    const found = await Promise.all(ids.sort().map((id) => this.read(id)));
    return found.filter((model) => model !== undefined);
  }

  /** Takes a model away. @returns whether it was here */
  async remove(id: string): Promise<boolean> {
    const aside = join(this.root, '.trash', `${id}~${process.pid}~${randomUUID()}`);
    await mkdir(dirname(aside), { recursive: true });
    const wasHere = await rename(this.folder(id), aside).then(
      () => true,
      () => false,
    );
    await rm(aside, { recursive: true, force: true });
    return wasHere;
  }

  /** A verified file of any whole model here that has this hash. */
  async findFile(sha256: string): Promise<string | undefined> {
    for (const { manifest, folder } of await this.list()) {
      const file = manifest.files.find((candidate) => candidate.sha256 === sha256);
      if (file) return join(folder, file.path);
    }
    return undefined;
  }

  /**
   * Makes a model whole at one stroke from verified files.
   * @param sources for each path of the manifest, a file with its bytes: `link` shares the file where the disk can, `copy` never does
   */
  async finish(manifest: ModelManifest, sources: ReadonlyMap<string, { readonly file: string; readonly by: 'link' | 'copy' }>): Promise<void> {
    const staging = join(this.root, '.staging', `${manifest.id}~${process.pid}~${randomUUID()}`);
    try {
      for (const { path } of manifest.files) {
        const source = sources.get(path);
        if (!source) throw new AtelierError('internal', `${manifest.id}: no bytes were brought for ${path}.`);
        await place(source.file, join(staging, path), source.by);
      }
      await mkdir(staging, { recursive: true });
      await writeSynced(join(staging, recordName), JSON.stringify({ manifest, verifiedAt: new Date().toISOString() }, undefined, 1));
      await this.#swapIn(manifest, staging);
    } finally {
      await rm(staging, { recursive: true, force: true });
    }
  }

  async #swapIn(manifest: ModelManifest, staging: string): Promise<void> {
    for (let tries = 0; tries < 10; tries++) {
      try {
        return await rename(staging, this.folder(manifest.id));
      } catch (error) {
        if (!['ENOTEMPTY', 'EEXIST', 'EPERM'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error;
        // Another process may have finished the same; else an older or damaged one makes way.
        if (await this.isComplete(manifest)) return;
        await this.remove(manifest.id);
      }
    }
    throw new AtelierError('conflict', `${this.folder(manifest.id)} cannot be replaced.`, { hint: 'Is a program using files in it?' });
  }

  /** Clears what killed processes left behind: staging and trash of dead processes, part files that nobody touched for a month. */
  async sweep(): Promise<void> {
    for (const folder of ['.staging', '.trash']) {
      for (const child of await readdir(join(this.root, folder)).catch(noneIfMissing)) {
        if (!isAlive(Number(child.split('~')[1]))) await rm(join(this.root, folder, child), { recursive: true, force: true });
      }
    }
    const monthAgo = Date.now() - 30 * 24 * 3600 * 1000;
    for (const child of await readdir(this.partsFolder).catch(noneIfMissing)) {
      const file = join(this.partsFolder, child);
      const status = await lstat(file).catch(() => undefined);
      if (status && status.mtimeMs < monthAgo) await rm(file, { force: true });
    }
  }
}

function hasSameFiles(a: ModelManifest, b: ModelManifest): boolean {
  const names = (manifest: ModelManifest) =>
    manifest.files
      .map(({ path, sha256 }) => `${sha256} ${path}`)
      .sort()
      .join('\n');
  return names(a) === names(b);
}

async function place(from: string, to: string, by: 'link' | 'copy'): Promise<void> {
  await mkdir(dirname(to), { recursive: true });
  if (by === 'link') {
    const linked = await link(from, to).then(
      () => true,
      (error: NodeJS.ErrnoException) => {
        if (error.code === 'ENOENT') throw error;
        return false;
      },
    );
    if (linked) return;
  }
  await copyFile(from, to);
  await utimes(to, new Date(), new Date());
  const handle = await open(to, 'r+');
  await handle.sync().finally(() => handle.close());
}

async function writeSynced(file: string, text: string): Promise<void> {
  const handle = await open(file, 'w');
  try {
    await handle.writeFile(text);
    await handle.sync();
  } finally {
    await handle.close();
  }
}

async function readRecord(folder: string): Promise<z.infer<typeof Record> | undefined> {
  try {
    return Record.parse(JSON.parse(await readFile(join(folder, recordName), 'utf8')));
  } catch {
    return undefined; // No record, or one of another form: the model counts as not here, and pulling brings it again.
  }
}

function noneIfMissing(error: NodeJS.ErrnoException): never[] & Dirent[] {
  if (error.code === 'ENOENT') return [];
  throw error;
}
