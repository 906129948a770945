import { AtelierError, type EdgeId, type EdgeInfo, type EdgeModel, type EdgeView, limits, newId } from '@atelier/protocol';
import { type Database, schema } from '@atelier/store';
import { eq, sql } from 'drizzle-orm';
import type { PgUpdateSetSource } from 'drizzle-orm/pg-core';
import { judgeTransferUrl, type SocketOrigin, type TransferReach } from '../addresses/index.ts';

/** What an edge must be known by, to let it in. */
export interface NewEdge {
  readonly name: string;
  /** JWK, Ed25519. */
  readonly publicKey: Record<string, unknown>;
  /** Started by this coordinator on this machine. */
  readonly local: boolean;
}

/** The key of an edge that may connect. */
export interface EdgeIdentity {
  readonly id: EdgeId;
  readonly name: string;
  readonly publicKey: Record<string, unknown>;
  readonly local: boolean;
}

/** An edge as this coordinator knows it now. */
export interface KnownEdge {
  readonly id: EdgeId;
  readonly name: string;
  readonly publicKey: Record<string, unknown>;
  readonly local: boolean;
  readonly joinedAt: Date;
  lastSeenAt: Date | null;
  /** Its owner wants it to take no more. */
  draining: boolean;
  /** It says itself that it takes no more, as when its machine is shut down. */
  leaving: boolean;
  revoked: boolean;
  revokedAt: Date | null;
  info: EdgeInfo | null;
  models: EdgeModel[];
  /** The address that an owner confirmed. */
  confirmedTransferUrl: string | null;
  /** Where its socket came from last. */
  from: SocketOrigin;
  /** Where other edges are sent for what it has; null: through the coordinator. */
  reach: TransferReach | null;
  /** What it said last that it can do beyond the protocol's version; null before it did. */
  abilities: readonly string[] | null;
  /** It has a socket here. */
  connected: boolean;
  /** When it was last heard of, or when this coordinator began to listen, by `performance.now()`: jumps of the clock do no harm. */
  heardAt: number;
}

/** Which edges there are and what they said last. Kept in memory, written through to the database. */
export class Fleet {
  readonly #database: Database;
  readonly #edges = new Map<EdgeId, KnownEdge>();
  /** An edge that said nothing for this long counts as away. */
  readonly #silenceMs: number;

  constructor(database: Database, silenceMs: number) {
    this.#database = database;
    this.#silenceMs = silenceMs;
  }

  async load(): Promise<void> {
    for (const row of await this.#database.db.select().from(schema.edges)) {
      this.#edges.set(row.id, { ...row, ...notYetSeen(), revoked: row.revokedAt !== null });
    }
  }

  find(edgeId: EdgeId): KnownEdge | undefined {
    return this.#edges.get(edgeId);
  }

  /** @throws AtelierError `not-found` */
  get(edgeId: EdgeId): KnownEdge {
    const edge = this.#edges.get(edgeId);
    if (!edge) throw new AtelierError('not-found', 'There is no such edge.', { hint: 'List them with: atelier edges.' });
    return edge;
  }

  /** All that may still come back: revoked edges are left out. */
  all(): KnownEdge[] {
    return [...this.#edges.values()].filter((edge) => !edge.revoked);
  }

  /** Whose results are not believed any more. */
  revoked(): EdgeId[] {
    return [...this.#edges.values()].filter((edge) => edge.revoked).map((edge) => edge.id);
  }

  /** Those that other edges are told of: the latest. */
  toldRevoked(): EdgeId[] {
    const revoked = [...this.#edges.values()].filter((edge) => edge.revoked);
    const latest = revoked.sort((a, b) => (b.revokedAt?.getTime() ?? 0) - (a.revokedAt?.getTime() ?? 0));
    return latest.slice(0, limits.revokedEdges).map((edge) => edge.id);
  }

  /** Revoked ones too: runs still name them. */
  nameOf(edgeId: EdgeId): string {
    return this.#edges.get(edgeId)?.name ?? 'a removed edge';
  }

  stateOf(edge: KnownEdge): EdgeView['state'] {
    if (edge.revoked) return 'revoked';
    if (!edge.connected || performance.now() - edge.heardAt > this.#silenceMs) return 'away';
    return edge.draining || edge.leaving ? 'draining' : 'online';
  }

  /** Away for longer than a lease lasts, so that what waits for it should wait no longer. */
  isGone(edge: KnownEdge): boolean {
    return edge.revoked || performance.now() - edge.heardAt > this.#silenceMs;
  }

  /** Whether some bytes can be had now by an edge, or by the coordinator if none is named. @param places that have them: edges, or `coordinator` */
  isReachable(places: readonly string[], to?: EdgeId): boolean {
    return places.some((place) => place === 'coordinator' || place === to || this.#isHere(place as EdgeId));
  }

  /** Where bytes can be had now. */
  places(): string[] {
    return ['coordinator', ...this.all().flatMap(({ id }) => (this.#isHere(id) ? [id] : []))];
  }

  #isHere(edgeId: EdgeId): boolean {
    const edge = this.#edges.get(edgeId);
    return edge !== undefined && ['online', 'draining'].includes(this.stateOf(edge));
  }

  identity(edgeId: EdgeId): EdgeIdentity | undefined {
    const edge = this.#edges.get(edgeId);
    return edge && !edge.revoked ? { id: edge.id, name: edge.name, publicKey: edge.publicKey, local: edge.local } : undefined;
  }

  async add(edge: NewEdge): Promise<EdgeId> {
    const id = newId<EdgeId>();
    for (let count = 1; ; count += 1) {
      const name = count === 1 ? edge.name : `${edge.name}-${count}`;
      const [row] = await this.#database.db
        .insert(schema.edges)
        .values({ id, name, publicKey: edge.publicKey, local: edge.local })
        .onConflictDoNothing({ target: schema.edges.name })
        .returning();
      if (!row) continue;
      this.#edges.set(id, { ...row, ...notYetSeen(), revoked: false });
      return id;
    }
  }

  async connected(
    edgeId: EdgeId,
    { info, models, abilities }: { info: EdgeInfo; models: EdgeModel[]; abilities: string[] },
    from: SocketOrigin,
  ): Promise<KnownEdge> {
    const edge = this.get(edgeId);
    edge.from = from;
    edge.reach = await reachOf(info, edge);
    edge.connected = true;
    edge.leaving = false;
    edge.info = info;
    edge.models = models;
    edge.abilities = abilities;
    this.heard(edge);
    await this.#write(edgeId, { info, models, abilities, lastSeenAt: sql`now()` });
    return edge;
  }

  heard(edge: KnownEdge): void {
    edge.heardAt = performance.now();
    edge.lastSeenAt = new Date();
  }

  /** @returns whether what it offers changed, not only what is in memory or how far a pull is */
  async setModels(edge: KnownEdge, models: EdgeModel[]): Promise<boolean> {
    const before = offersOf(edge.models);
    edge.models = models;
    if (before === offersOf(models)) return false;
    await this.#write(edge.id, { models });
    return true;
  }

  async setDraining(edge: KnownEdge, draining: boolean): Promise<void> {
    if (edge.draining === draining) return;
    edge.draining = draining;
    await this.#write(edge.id, { draining });
  }

  async confirmAddress(edge: KnownEdge, url: string | null): Promise<void> {
    await this.#write(edge.id, { confirmedTransferUrl: url });
    edge.confirmedTransferUrl = url;
    edge.reach = edge.info && (await reachOf(edge.info, edge));
  }

  async revoke(edge: KnownEdge): Promise<void> {
    await this.#write(edge.id, { revokedAt: sql`now()` });
    edge.revoked = true;
    edge.revokedAt = new Date();
    edge.connected = false;
  }

  async #write(edgeId: EdgeId, values: PgUpdateSetSource<typeof schema.edges>): Promise<void> {
    await this.#database.db.update(schema.edges).set(values).where(eq(schema.edges.id, edgeId));
  }
}

/** What is not known of an edge before it connects. */
function notYetSeen() {
  return { leaving: false, connected: false, heardAt: performance.now(), from: { address: null, isThisMachine: false }, reach: null };
}

async function reachOf({ transferUrl }: EdgeInfo, edge: Pick<KnownEdge, 'from' | 'confirmedTransferUrl'>): Promise<TransferReach | null> {
  return transferUrl === null ? null : judgeTransferUrl(transferUrl, edge.from, edge.confirmedTransferUrl);
}

/** Models that steps can be bound to, as one text. */
function offersOf(models: readonly EdgeModel[]): string {
  return models
    .map((model) => `${model.manifest.id} ${model.modelHash} ${model.state}`)
    .sort()
    .join('\n');
}
