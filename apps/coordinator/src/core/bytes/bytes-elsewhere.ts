import type { ArtifactStore } from '@atelier/artifacts';
import { AtelierError, type EdgeId, limits } from '@atelier/protocol';
import type { Cluster } from '../cluster/index.ts';
import type { Fleet } from '../fleet/index.ts';
import { orAborted } from './or-aborted.ts';

interface ElsewhereNeeds {
  readonly artifacts: ArtifactStore;
  readonly fleet: Fleet;
  readonly cluster: Pick<Cluster, 'hasOthers' | 'tell'>;
}

interface Asked {
  readonly done: Promise<boolean>;
  readonly resolve: (ok: boolean) => void;
}

/** Bytes of edges whose sockets other coordinators have: those are asked to bring them into the storage, which is the same for all. */
export class BytesElsewhere {
  readonly #needs: ElsewhereNeeds;
  readonly #asked = new Map<string, Asked>();

  constructor(needs: ElsewhereNeeds) {
    this.#needs = needs;
  }

  /** Why some bytes cannot be had. @param places that had them */
  nobodyHas(places: readonly string[]): AtelierError {
    if (places.includes('coordinator') && this.#needs.cluster.hasOthers()) return notShared();
    return new AtelierError('unavailable', 'No edge that is here now has these bytes.', { hint: 'Start the edge that made them again.' });
  }

  /** @returns false if no other coordinator has this edge @throws AtelierError `unavailable`, `timeout`, `cancelled` */
  async bring(edgeId: EdgeId, hash: string, signal: AbortSignal | undefined): Promise<boolean> {
    const holder = this.#needs.fleet.find(edgeId)?.holder ?? null;
    if (holder === null) return false;
    const asked = this.#asked.get(hash) ?? this.#ask(hash);
    await this.#needs.cluster.tell({ kind: 'store', edgeId, hash }, undefined, holder);
    let isThere = false;
    await orAborted(
      asked.done.then((ok) => {
        isThere = ok;
      }),
      signal,
    );
    if (!isThere) throw new AtelierError('unavailable', 'The edge that has these bytes could not bring them.', { hint: 'Try again when it is back.' });
    if (await this.#needs.artifacts.has(hash)) return true;
    throw notShared();
  }

  answered(hash: string, ok: boolean): void {
    this.#asked.get(hash)?.resolve(ok);
  }

  #ask(hash: string): Asked {
    const { promise, resolve } = Promise.withResolvers<boolean>();
    const timer = setTimeout(() => resolve(false), limits.bytesElsewhereSeconds * 1000);
    timer.unref();
    const done = promise.finally(() => {
      clearTimeout(timer);
      this.#asked.delete(hash);
    });
    const asked = { done, resolve };
    this.#asked.set(hash, asked);
    return asked;
  }
}

function notShared(): AtelierError {
  return new AtelierError('unavailable', 'Another coordinator has these bytes, in a storage that this one does not see.', {
    hint: 'Start all coordinators with the same --storage, a bucket or a shared folder: docs/several-coordinators.md.',
  });
}
