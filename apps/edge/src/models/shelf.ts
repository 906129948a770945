import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { inBackground } from '@atelier/background';
import { loadCatalogue, ModelStore, modelHash, pullModel, starterModelsFolder } from '@atelier/models';
import { AtelierError, type EdgeModel, errorCodes, ModelManifest } from '@atelier/protocol';
import type { Logger } from 'pino';
import { z } from 'zod';
import { readIfThere, writeAtomically } from '../atomic-file.ts';
import { ModelUsers } from './users.ts';

export interface ShelfOptions {
  /** The edge's own folder, where its list is kept. */
  readonly folder: string;
  /** The model store, which several edges of one machine may share. */
  readonly modelsFolder: string;
  /** Manifests of the owner's own file; always offered, never pulled from a message. */
  readonly own: readonly ModelManifest[];
  /** Models to offer; undefined keeps the list of the last start, or takes all starter models the first time. */
  readonly wanted: readonly string[] | undefined;
  readonly offline: boolean;
  readonly log: Logger;
  readonly onChange: () => void;
}

/** `models.json`: what the edge offers. `wanted` is what the owner asked for at the start that made the list. */
const ListFile = z.object({ version: z.literal(1), wanted: z.array(z.string()).nullable(), offered: z.array(ModelManifest) });

interface Entry {
  readonly manifest: ModelManifest;
  readonly modelHash: string;
  readonly own: boolean;
  state: EdgeModel['state'];
  diskBytes: number;
  pull: EdgeModel['pull'];
  error: EdgeModel['error'];
  stop: AbortController | undefined;
}

/** Drivers that do what their owner's file says: a manifest from elsewhere could run commands or send bytes away. */
const ownerOnly: ReadonlySet<string> = new Set(['command', 'openai', 'comfyui', 'automatic1111']);
const retryAfterMs = 120_000;

/** The models that this edge offers: kept in its folder, pulled one after the other, and pulled on after a restart. */
export class ModelShelf {
  readonly #options: ShelfOptions;
  readonly #store: ModelStore;
  readonly #users: ModelUsers;
  readonly #entries = new Map<string, Entry>();
  readonly #closing = new AbortController();
  #wanted: readonly string[] | null = null;
  /** Pulls wait for each other: two at once only share one line. */
  #pulls: Promise<void> = Promise.resolve();

  constructor(options: ShelfOptions) {
    this.#options = options;
    this.#store = new ModelStore(options.modelsFolder);
    this.#users = new ModelUsers(options.modelsFolder, options.folder);
  }

  get ids(): string[] {
    return [...this.#entries.keys()];
  }

  views(loaded: ReadonlySet<string>): EdgeModel[] {
    return [...this.#entries.values()].map(({ manifest, modelHash, state, diskBytes, pull, error }) => ({
      manifest,
      modelHash,
      state,
      loaded: loaded.has(manifest.id),
      diskBytes,
      pull,
      error,
    }));
  }

  /** @throws AtelierError `unknown-model` if it is not offered, `unavailable` if it is not whole yet */
  find(modelId: string): { manifest: ModelManifest; modelHash: string; folder: string } {
    const entry = this.#entries.get(modelId);
    if (!entry) throw new AtelierError('unknown-model', `This edge does not offer ${modelId}.`, { hint: `Pull it: atelier models pull ${modelId}.` });
    if (entry.state !== 'ready') throw new AtelierError('unavailable', `${modelId} is not whole on this edge yet.`, { hint: 'Wait until it is pulled.' });
    return { manifest: entry.manifest, modelHash: entry.modelHash, folder: this.#folder(entry.manifest) };
  }

  /** Adds a model to the list and brings its files. What goes wrong shows in its view. */
  async add(manifest: ModelManifest): Promise<void> {
    const known = this.#entries.get(manifest.id);
    if (known?.own || ownerOnly.has(manifest.driver)) {
      this.#options.log.warn({ modelId: manifest.id }, 'a model of the owner only was sent');
      if (!known) this.#refuse(manifest);
      return;
    }
    if (known && known.state !== 'failed' && known.state !== 'absent' && known.modelHash === modelHash(manifest)) return;
    known?.stop?.abort();
    this.#put(manifest);
    await this.#writeList();
    this.#bring(manifest.id);
  }

  /** Takes a model off the list, and off the disk where no other edge uses it. */
  async remove(modelId: string): Promise<void> {
    const entry = this.#entries.get(modelId);
    if (!entry || entry.own) return;
    entry.stop?.abort();
    this.#entries.delete(modelId);
    await this.#writeList();
    await this.#users.leave(modelId);
    if (!(await this.#users.anyLeft(modelId))) await this.#store.remove(modelId);
    this.#options.onChange();
  }

  /** Stops pulling; what has come stays for the next start. */
  async close(): Promise<void> {
    this.#closing.abort();
    for (const entry of this.#entries.values()) entry.stop?.abort();
    await this.#pulls;
  }

  /** Reads the list and starts to pull what is missing. @throws AtelierError `unknown-model` if a wanted model has no manifest here */
  async open(): Promise<void> {
    const { wanted } = this.#options;
    const kept = parseList(await readIfThere(this.#listFile));
    const asBefore = kept && (wanted === undefined || sameNames(kept.wanted, wanted));
    this.#wanted = wanted ?? kept?.wanted ?? null;
    for (const manifest of this.#options.own) this.#put(manifest, 'own');
    const listed = asBefore ? await withNewest(kept.offered) : await this.#manifests(wanted);
    for (const manifest of listed) if (!this.#entries.get(manifest.id)?.own) this.#put(manifest);
    await this.#writeList();
    // What takes longest begins first: the studio is ready when all of the large ones are there.
    const sizeOf = ({ manifest }: Entry) => manifest.files.reduce((sum, file) => sum + file.sizeBytes, 0);
    for (const [id, entry] of [...this.#entries].sort(([, a], [, b]) => sizeOf(b) - sizeOf(a))) {
      if (entry.manifest.files.length === 0) entry.state = 'ready';
      else if (await this.#store.isComplete(entry.manifest)) await this.#ready(entry);
      else this.#bring(id);
    }
  }

  async #manifests(wanted: readonly string[] | undefined): Promise<ModelManifest[]> {
    const { entries } = await loadCatalogue([starterModelsFolder]);
    if (!wanted) return [...entries.values()].map(({ manifest }) => manifest);
    const own = new Set(this.#options.own.map(({ id }) => id));
    return Promise.all(
      wanted.filter((id) => !own.has(id)).map(async (id) => entries.get(id)?.manifest ?? (await this.#store.read(id))?.manifest ?? unknown(id)),
    );
  }

  #put(manifest: ModelManifest, kind: 'own' | 'pulled' = 'pulled'): void {
    const entry: Entry = {
      manifest,
      modelHash: modelHash(manifest),
      own: kind === 'own',
      state: 'absent',
      diskBytes: 0,
      pull: null,
      error: null,
      stop: undefined,
    };
    this.#entries.set(manifest.id, entry);
  }

  #refuse(manifest: ModelManifest): void {
    this.#put(manifest);
    const entry = this.#entries.get(manifest.id) as Entry;
    entry.state = 'failed';
    entry.error = new AtelierError('forbidden', `Models of the driver ${manifest.driver} come only from the edge's own file.`, {
      hint: `Write it into ${join(this.#options.folder, 'edge.yaml')} on that machine.`,
    }).toJSON();
    this.#options.onChange();
  }

  #bring(modelId: string): void {
    const entry = this.#entries.get(modelId) as Entry;
    const stop = new AbortController();
    entry.stop = stop;
    entry.state = 'pulling';
    entry.error = null;
    entry.pull = { doneBytes: 0, totalBytes: entry.manifest.files.reduce((sum, file) => sum + file.sizeBytes, 0) };
    this.#options.onChange();
    this.#pulls = this.#pulls.then(() => this.#pull(entry, stop.signal));
  }

  async #pull(entry: Entry, signal: AbortSignal): Promise<void> {
    if (signal.aborted) return;
    const { log, offline } = this.#options;
    log.info({ modelId: entry.manifest.id }, 'pulling a model');
    try {
      await this.#users.enter(entry.manifest.id);
      const onProgress = ({ receivedBytes, totalBytes }: { receivedBytes: number; totalBytes: number }) => {
        entry.pull = { doneBytes: receivedBytes, totalBytes };
        this.#options.onChange();
      };
      await pullModel(entry.manifest, { store: this.#store, offline, signal, onProgress });
      await this.#ready(entry);
    } catch (thrown) {
      if (signal.aborted) return;
      const error = AtelierError.from(thrown);
      log.error({ modelId: entry.manifest.id, error: error.toJSON() }, 'a model could not be pulled');
      entry.state = error.code === 'offline' ? 'absent' : 'failed';
      entry.error = error.toJSON();
      entry.pull = null;
      if (errorCodes[error.code].retryable) inBackground(log, 'a model is not pulled again', this.#later(entry));
    }
    this.#options.onChange();
  }

  async #later(entry: Entry): Promise<void> {
    const waited = await pause(retryAfterMs, true, { signal: this.#closing.signal, ref: false }).catch(() => false);
    if (waited && this.#entries.get(entry.manifest.id) === entry && entry.state === 'failed') this.#bring(entry.manifest.id);
  }

  async #ready(entry: Entry): Promise<void> {
    await this.#users.enter(entry.manifest.id);
    entry.state = 'ready';
    entry.pull = null;
    entry.error = null;
    entry.diskBytes = (await this.#store.read(entry.manifest.id))?.sizeBytes ?? 0;
  }

  /** A model without files has no folder of its own; a command's relative paths then start at the edge's folder. */
  #folder(manifest: ModelManifest): string {
    return manifest.files.length === 0 ? this.#options.folder : this.#store.folder(manifest.id);
  }

  get #listFile(): string {
    return join(this.#options.folder, 'models.json');
  }

  async #writeList(): Promise<void> {
    const offered = [...this.#entries.values()].filter((entry) => !entry.own && !ownerOnly.has(entry.manifest.driver)).map(({ manifest }) => manifest);
    await writeAtomically(this.#listFile, JSON.stringify({ version: 1, wanted: this.#wanted, offered }, undefined, 1));
  }
}

function unknown(id: string): never {
  throw new AtelierError('unknown-model', `No manifest of ${id} is known here.`, { hint: 'Look at the names with: atelier models list.' });
}

function parseList(text: string | undefined): z.infer<typeof ListFile> | undefined {
  if (text === undefined) return undefined;
  try {
    return ListFile.parse(JSON.parse(text));
  } catch (cause) {
    throw new AtelierError('invalid-input', 'models.json of the edge is damaged.', { hint: 'Delete it; the edge then offers what it offers at first.', cause });
  }
}

/** A newer release may bring other files for a starter model of the same name. */
async function withNewest(offered: readonly ModelManifest[]): Promise<ModelManifest[]> {
  const { entries } = await loadCatalogue([starterModelsFolder]);
  return offered.map((manifest) => entries.get(manifest.id)?.manifest ?? manifest);
}

function sameNames(a: readonly string[] | null, b: readonly string[]): boolean {
  return a !== null && [...a].sort().join() === [...b].sort().join();
}
