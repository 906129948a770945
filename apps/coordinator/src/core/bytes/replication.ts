import { Readable } from 'node:stream';
import { type ArtifactStore, holdsSound } from '@atelier/artifacts';
import { AtelierError, type EdgeId } from '@atelier/protocol';
import { type Database, inTransaction } from '@atelier/store';
import type { Cluster } from '../cluster/index.ts';
import type { CoreTimes, EdgeLink, Logger } from '../contracts/index.ts';
import type { Fleet } from '../fleet/index.ts';
import { BytesElsewhere } from './bytes-elsewhere.ts';
import { orAborted } from './or-aborted.ts';

/** How long one edge may take to bring some bytes before another is asked. */
const storeMs = 10 * 60_000;
/** Sweeps after a refusal, as of a full disk or a storage that is away, until an edge is asked again for what it alone has. */
const sweepsBetween = 3;

interface ReplicationNeeds {
  readonly database: Database;
  readonly artifacts: ArtifactStore;
  readonly fleet: Fleet;
  readonly link: EdgeLink;
  readonly log: Logger;
  readonly times: Pick<CoreTimes, 'sweepMs'>;
  readonly cluster: Pick<Cluster, 'hasOthers' | 'tell'>;
}

interface Waiting {
  readonly edgeId: EdgeId;
  readonly done: Promise<void>;
  readonly resolve: () => void;
  readonly reject: (error: AtelierError) => void;
  /** It was noted already that the bytes are here. */
  isRecorded: boolean;
}

const asking = (edgeId: EdgeId, hash: string) => `${edgeId} ${hash}`;

/** Copies results into the coordinator's store, so that an edge may vanish afterwards. */
export class Replication {
  readonly #needs: ReplicationNeeds;
  /** What an edge was asked to bring, by {@link asking}. */
  readonly #waiting = new Map<string, Waiting>();
  /** When edges whose results could not be copied are asked again; milliseconds since 1970. */
  readonly #again = new Map<EdgeId, number>();
  /** Texts that are being brought from their rows, by their hash. */
  readonly #bringingTexts = new Map<string, Promise<boolean>>();
  readonly #elsewhere: BytesElsewhere;

  constructor(needs: ReplicationNeeds) {
    this.#needs = needs;
    this.#elsewhere = new BytesElsewhere(needs);
  }

  /** Another coordinator's answer about bytes that one of its edges should bring. */
  storedElsewhere(hash: string, ok: boolean): void {
    this.#elsewhere.answered(hash, ok);
  }

  /** Asks an edge for bytes that it has just made, and does not wait. */
  request(edgeId: EdgeId, hash: string): void {
    this.#ask(edgeId, hash)?.done.catch((error: AtelierError) => {
      this.#again.set(edgeId, Date.now() + sweepsBetween * this.#needs.times.sweepMs);
      this.#needs.log.warn(
        { edgeId, hash, error: error.message },
        'a result could not be copied to the coordinator; it stays with its edge and is tried again',
      );
    });
  }

  /** Asks again for what was refused a while ago. An edge that is away is asked when it comes back. */
  async retry(): Promise<void> {
    for (const [edgeId, due] of this.#again) {
      if (Date.now() < due) continue;
      this.#again.delete(edgeId);
      await this.requestMissing(edgeId);
    }
  }

  /** Asks an edge for everything that it alone has. */
  async requestMissing(edgeId: EdgeId): Promise<void> {
    const { rows } = await this.#needs.database.pool.query(
      `SELECT r.hash FROM replicas r WHERE r.place = $1 AND NOT EXISTS (SELECT 1 FROM replicas c WHERE c.hash = r.hash AND c.place = 'coordinator')`,
      [edgeId],
    );
    for (const { hash } of rows) this.request(edgeId, hash);
  }

  awaits(edgeId: EdgeId, hash: string): boolean {
    return this.#waiting.has(asking(edgeId, hash));
  }

  /** The edge's answer. What nobody asked it for says nothing. */
  async stored(edgeId: EdgeId, hash: string, refusal: AtelierError | undefined): Promise<void> {
    const waiting = this.#waiting.get(asking(edgeId, hash));
    if (!waiting) return;
    const isHere = waiting.isRecorded || (await this.#isHere(hash, await this.#places(hash)));
    const error = refusal ?? (isHere ? undefined : new AtelierError('unavailable', 'The edge brought no bytes.'));
    if (error) await this.#forget(edgeId, hash, error);
    this.#waiting.delete(asking(edgeId, hash));
    if (error) waiting.reject(error);
    else waiting.resolve();
  }

  /** The bytes themselves came from this edge, and it was noted that they are here. */
  recorded(edgeId: EdgeId, hash: string): void {
    const waiting = this.#waiting.get(asking(edgeId, hash));
    if (waiting) waiting.isRecorded = true;
  }

  /** What the edge was asked for will not come by this connection. */
  gone(edgeId: EdgeId): void {
    for (const [name, waiting] of this.#waiting) {
      if (waiting.edgeId !== edgeId) continue;
      this.#waiting.delete(name);
      waiting.reject(new AtelierError('unavailable', 'The edge that has these bytes went away.', { hint: 'Try again when it is back.' }));
    }
  }

  async ensureStored(hash: string, signal: AbortSignal | undefined): Promise<void> {
    const places = await this.#places(hash);
    if (await this.#isHere(hash, places)) return;
    if (places.includes('coordinator') && (await this.#bringText(hash))) return;
    let last = this.#elsewhere.nobodyHas(places);
    for (const place of places.filter((one) => one !== 'coordinator')) {
      try {
        if (await this.#bring(place as EdgeId, hash, signal)) return;
        if (await this.#elsewhere.bring(place as EdgeId, hash, signal)) return;
      } catch (error) {
        last = AtelierError.from(error);
        if (signal?.aborted) break;
      }
    }
    throw last;
  }

  /** Short texts that steps made stand in the database, and come into the store when somebody wants their bytes. @returns false if this is none */
  #bringText(hash: string): Promise<boolean> {
    const bringing = this.#bringingTexts.get(hash) ?? this.#textFromRow(hash).finally(() => this.#bringingTexts.delete(hash));
    this.#bringingTexts.set(hash, bringing);
    return bringing;
  }

  /** With the row of the artifact held: a purge that comes meanwhile waits, and then takes the bytes too. */
  #textFromRow(hash: string): Promise<boolean> {
    const { artifacts, database } = this.#needs;
    return inTransaction(database.pool, async (tx) => {
      const { rows } = await tx.query({
        name: 'text-of',
        text: `SELECT o.text FROM outputs o JOIN artifacts a ON a.hash = o.hash WHERE o.hash = $1 AND octet_length(o.text) = a.size_bytes LIMIT 1 FOR KEY SHARE OF a`,
        values: [hash],
      });
      if (rows.length === 0) return false;
      await artifacts.put(Readable.from([Buffer.from(rows[0].text, 'utf8')]), { expectedHash: hash });
      return true;
    });
  }

  /** @returns false if the edge is not here. What was asked earlier may have come and been lost again before we waited for it: then it is asked once more. */
  async #bring(edgeId: EdgeId, hash: string, signal: AbortSignal | undefined): Promise<boolean> {
    for (let time = 0; time < 2; time += 1) {
      const asked = this.#ask(edgeId, hash);
      if (!asked) return false;
      await orAborted(asked.done, signal);
      if (await this.#needs.artifacts.has(hash)) return true;
    }
    throw new AtelierError('unavailable', 'The bytes came and were damaged again.', { hint: "Look at the coordinator's disk." });
  }

  #ask(edgeId: EdgeId, hash: string): Waiting | undefined {
    const asked = this.#waiting.get(asking(edgeId, hash));
    if (asked) return asked;
    if (!this.#needs.fleet.find(edgeId)?.connected || !this.#needs.link.send(edgeId, { kind: 'store', hash })) return undefined;
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const timer = setTimeout(() => {
      this.#waiting.delete(asking(edgeId, hash));
      reject(new AtelierError('timeout', 'The edge did not bring the bytes in time.'));
    }, storeMs);
    timer.unref();
    const done = promise.finally(() => clearTimeout(timer));
    // Nobody may be waiting; whoever does gets the same promise.
    done.catch(() => undefined);
    const waiting = { edgeId, done, resolve, reject, isRecorded: false };
    this.#waiting.set(asking(edgeId, hash), waiting);
    return waiting;
  }

  async #places(hash: string): Promise<string[]> {
    const { rows } = await this.#needs.database.pool.query({ name: 'places-of', text: 'SELECT place FROM replicas WHERE hash = $1', values: [hash] });
    return rows.map((row) => row.place as string);
  }

  /** Bytes that only lie in the store may be somebody's upload that is being finished: they are not yet what an edge named. */
  async #isHere(hash: string, places: readonly string[]): Promise<boolean> {
    return places.includes('coordinator') && (await holdsSound(this.#needs.artifacts, hash));
  }

  async #forget(edgeId: EdgeId, hash: string, error: AtelierError): Promise<void> {
    if (error.code === 'not-found') await this.#needs.database.pool.query('DELETE FROM replicas WHERE hash = $1 AND place = $2', [hash, edgeId]);
  }
}
