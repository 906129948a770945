import type { ArtifactStore } from '@atelier/artifacts';
import { inBackground } from '@atelier/background';
import { AtelierError, type FromEdge } from '@atelier/protocol';
import type { Logger } from 'pino';
import { type UploadOptions, uploadArtifact } from './upload.ts';

export interface RelayOptions extends Pick<UploadOptions, 'target' | 'pace'> {
  readonly store: ArtifactStore;
  readonly log: Logger;
  send(message: FromEdge): boolean;
}

/** Uploads at the same time: a large film may not hold up a small text. */
const most = 2;

/** Answers `store`: brings bytes to the coordinator, each hash once at a time. */
export class Relay {
  readonly #options: RelayOptions;
  readonly #mediaTypes = new Map<string, string>();
  readonly #wanted = new Set<string>();
  readonly #queue: string[] = [];
  readonly #stop = new AbortController();
  #active = 0;

  constructor(options: RelayOptions) {
    this.#options = options;
  }

  /** Remembers what some bytes are, to tell it when they are uploaded. */
  note(hash: string, mediaType: string): void {
    this.#mediaTypes.set(hash, mediaType);
    if (this.#mediaTypes.size > 10_000) this.#mediaTypes.delete(this.#mediaTypes.keys().next().value as string);
  }

  needs(hash: string): boolean {
    return this.#wanted.has(hash);
  }

  store(hash: string): void {
    if (this.#wanted.has(hash)) return;
    this.#wanted.add(hash);
    this.#queue.push(hash);
    this.#pump();
  }

  close(): void {
    this.#stop.abort();
    this.#queue.length = 0;
  }

  #pump(): void {
    while (this.#active < most && this.#queue.length > 0) {
      this.#active++;
      const hash = this.#queue.shift() as string;
      const brought = this.#bring(hash).finally(() => {
        this.#active--;
        this.#wanted.delete(hash);
        this.#pump();
      });
      inBackground(this.#options.log, 'bytes could not be brought to the coordinator', brought);
    }
  }

  async #bring(hash: string): Promise<void> {
    const { store, target, pace, log, send } = this.#options;
    try {
      await uploadArtifact(hash, this.#mediaTypes.get(hash) ?? 'application/octet-stream', { store, target, pace, signal: this.#stop.signal });
      send({ kind: 'stored', hash, error: null });
    } catch (thrown) {
      if (this.#stop.signal.aborted) return;
      const error = AtelierError.from(thrown);
      log.warn({ hash, error: error.toJSON() }, 'bytes could not be brought to the coordinator');
      send({ kind: 'stored', hash, error: { ...error.toJSON() } });
    }
  }
}
