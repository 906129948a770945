import { constants } from 'node:fs';
import { copyFile, mkdir, rename, rm, stat, statfs } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';
import { AtelierError, type ModelFile, type ModelManifest } from '@atelier/protocol';
import { withLock } from './lock.ts';
import { starterModelsFolder } from './manifest-file.ts';
import { dropArchives, fetchFile, verify } from './sources/fetch-file.ts';
import type { ModelStore, StoredModel } from './store.ts';

/** How far a pull is, in bytes of the model's files. */
export interface PullProgress {
  readonly modelId: string;
  /** The file that is being brought. */
  readonly path: string;
  readonly receivedBytes: number;
  readonly totalBytes: number;
}

export interface PullOptions {
  readonly store: ModelStore;
  readonly onProgress?: (progress: PullProgress) => void;
  /** Refuses to use the network; what lies beside the manifest or in the store is used all the same. */
  readonly offline?: boolean;
  readonly signal?: AbortSignal;
  /** Lets `https:` and `hf:` sources lie on hosts of a private network. Registries of this machine's own settings always may. */
  readonly allowPrivateNetwork?: boolean;
  /** The manifest's own folder, for `bundled:` sources; that of the starter model with this id where none is given. */
  readonly folder?: string;
  /** The environment whose registry, proxy and token settings count. */
  readonly environment?: Readonly<Record<string, string | undefined>>;
  readonly retry?: { readonly attempts: number; readonly firstDelayMs: number };
  readonly idleTimeoutMs?: number;
}

/** A verified file, and whether the store may share it by a hard link or must have its own copy. */
interface Brought {
  readonly file: string;
  readonly by: 'link' | 'copy';
}

/**
 * Brings a model into a store: every file verified by SHA-256 and size, resumed where an earlier try stopped, shared with other
 * models of the store that hold the same bytes. Pulling what is here already costs a few milliseconds.
 * @throws AtelierError `offline`, `hash-mismatch`, `download-failed`, `disk-full`, `cancelled`, `forbidden`, `invalid-input`
 * @example await pullModel(manifest, { store: new ModelStore('models'), onProgress: ({ receivedBytes }) => console.error(receivedBytes) });
 */
export async function pullModel(manifest: ModelManifest, options: PullOptions): Promise<StoredModel> {
  try {
    const here = await options.store.read(manifest.id);
    if (here && (await options.store.isComplete(manifest))) return here;
    await options.store.sweep();
    return await bringAll(manifest, options);
  } catch (error) {
    if (options.signal?.aborted) throw new AtelierError('cancelled', 'The download was stopped; what has come so far is kept.', { cause: error });
    throw AtelierError.from(error);
  }
}

async function bringAll(manifest: ModelManifest, options: PullOptions): Promise<StoredModel> {
  const { store } = options;
  await mkdir(store.partsFolder, { recursive: true });
  await checkNetworkAndSpace(manifest, options);
  const totalBytes = manifest.files.reduce((sum, file) => sum + file.sizeBytes, 0);
  const tell = (path: string, receivedBytes: number) => options.onProgress?.({ modelId: manifest.id, path, receivedBytes, totalBytes });
  const archives = new Set<string>();
  // A model that goes away between finding its file and linking it makes one more round.
  for (let round = 0; ; round++) {
    const brought = new Map<string, Brought>();
    let before = 0;
    for (const file of manifest.files) {
      const done = before;
      tell(file.path, done);
      brought.set(file.path, await bring(file, manifest, options, archives, (fraction) => tell(file.path, done + Math.floor(fraction * file.sizeBytes))));
      before += file.sizeBytes;
      tell(file.path, before);
    }
    try {
      await store.finish(manifest, brought);
      await Promise.all(manifest.files.map((file) => rm(join(store.partsFolder, `${file.sha256}.verified`), { force: true })));
      await dropArchives({ archives, locksFolder: store.locksFolder, signal: signalOf(options) });
      const stored = await store.read(manifest.id);
      if (stored) return stored;
      throw new AtelierError('conflict', `${manifest.id} was removed while it was being pulled.`, { hint: 'Pull it again.' });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT' || round >= 3) throw error;
    }
  }
}

type OnFraction = (fraction: number) => void;

async function bring(file: ModelFile, manifest: ModelManifest, options: PullOptions, archives: Set<string>, onFraction: OnFraction): Promise<Brought> {
  const { store } = options;
  const signal = signalOf(options);
  if (signal.aborted) throw new AtelierError('cancelled', 'The download was stopped; what has come so far is kept.');
  const shared = await fromStore(file, store);
  if (shared) return shared;
  if (file.source.startsWith('bundled:')) return copyBundled(file, manifest, options);
  return withLock(join(store.locksFolder, `${file.sha256}.lock`), signal, async () => {
    // While waiting, another process may have brought it.
    const arrived = await fromStore(file, store);
    if (arrived) return arrived;
    const verified = await fetchFile(file, {
      partsFolder: store.partsFolder,
      locksFolder: store.locksFolder,
      archives,
      signal,
      retry: options.retry ?? { attempts: 6, firstDelayMs: 500 },
      onBytes: (received, total) => onFraction(total ? Math.min(1, received / total) : 0),
      settings: {
        environment: options.environment ?? process.env,
        allowPrivateNetwork: options.allowPrivateNetwork ?? false,
        idleTimeoutMs: options.idleTimeoutMs ?? 30_000,
      },
    });
    return { file: verified, by: 'link' };
  });
}

/** The same bytes in another model, verified again: a damaged neighbour is not spread. */
async function fromStore(file: ModelFile, store: ModelStore): Promise<Brought | undefined> {
  const found = await store.findFile(file.sha256);
  if (found === undefined) return undefined;
  return verify(found, file).then(
    () => ({ file: found, by: 'link' as const }),
    () => undefined,
  );
}

/** Copied, not linked: an edit in the checkout must not reach into the store. */
async function copyBundled(file: ModelFile, manifest: ModelManifest, options: PullOptions): Promise<Brought> {
  const folder = options.folder ?? join(starterModelsFolder, manifest.id);
  const from = join(folder, file.source.slice('bundled:'.length));
  if (relative(join(folder, '..'), from).split(sep)[0] === '..') {
    throw new AtelierError('invalid-input', `${file.path} of ${manifest.id}: ${file.source} leaves the folder of manifests.`);
  }
  const copied = join(options.store.partsFolder, `${file.sha256}.verified`);
  const draft = `${copied}.${process.pid}`;
  await copyFile(from, draft, constants.COPYFILE_FICLONE).catch((cause: NodeJS.ErrnoException) => {
    if (cause.code !== 'ENOENT') throw cause;
    throw new AtelierError('not-found', `${file.path} of ${manifest.id} should lie at ${from}, but nothing is there.`, {
      hint: 'A file that comes with a manifest must lie beside it on this machine.',
      cause,
    });
  });
  try {
    await verify(draft, file);
  } catch (error) {
    await rm(draft, { force: true });
    throw error;
  }
  await rename(draft, copied);
  return { file: copied, by: 'link' };
}

/** Says at once what would be missing, before anything is fetched. */
async function checkNetworkAndSpace(manifest: ModelManifest, options: PullOptions): Promise<void> {
  const { store } = options;
  const missing: ModelFile[] = [];
  for (const file of manifest.files) {
    const verified = await stat(join(store.partsFolder, `${file.sha256}.verified`)).catch(() => undefined);
    if (verified?.size !== file.sizeBytes && (await store.findFile(file.sha256)) === undefined) missing.push(file);
  }
  const remote = missing.filter((file) => !file.source.startsWith('bundled:'));
  if (options.offline && remote.length > 0) {
    throw new AtelierError('offline', `${manifest.id} needs ${megabytes(sum(remote))} from ${remote[0]?.source}, and downloading is switched off.`, {
      hint: `Run "atelier models pull ${manifest.id}" while connected, without --offline.`,
    });
  }
  const { bavail, bsize } = await statfs(store.partsFolder);
  const needed = sum(missing);
  if (needed > bavail * bsize) {
    throw new AtelierError('disk-full', `${manifest.id} needs ${megabytes(needed)}, and the disk of ${store.root} has ${megabytes(bavail * bsize)} left.`, {
      hint: 'Free some space, or remove models with "atelier models rm".',
    });
  }
}

const signalOf = (options: PullOptions) => options.signal ?? new AbortController().signal;
const sum = (files: readonly ModelFile[]) => files.reduce((bytes, file) => bytes + file.sizeBytes, 0);
const megabytes = (bytes: number) => `${Math.ceil(bytes / 1e6)} MB`;
