import { AtelierError, type EdgeId, type EdgeInfo, type EdgeModel, type EdgeView, limits, newId } from '@atelier/protocol';
import { type Database, schema } from '@atelier/store';
import { eq, sql } from 'drizzle-orm';
import type { PgUpdateSetSource } from 'drizzle-orm/pg-core';
import { judgeTransferUrl, type SocketOrigin, type TransferReach } from '../addresses/index.ts';
import type { Cluster } from '../cluster/index.ts';
import { type ClaimRow, type ClaimVerdict, judgeClaim } from './claims.ts';

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
  /** Kinds of services that it can run, and how many at a time. Null until it has said, at its last connection, which ones it runs: before that it is given none. */
  services: { readonly kinds: readonly string[]; readonly slots: number } | null;
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
  /** The other coordinator that has its socket and lives; null if none has. */
  holder: string | null;
  /** The number of the claim by which it is believed to be here or there: the highest counts. */
  claim: number;
  /** When it was last heard of, or when this coordinator began to listen, by `performance.now()`: jumps of the clock do no harm. */
  heardAt: number;
}

/** An edge that the rows say is not as it is known here. */
export interface Moved {
  readonly edge: KnownEdge;
  readonly verdict: ClaimVerdict;
}

/**
 * Which edges there are and what they said last. Kept in memory, written through to the database, and read from there for edges whose
 * sockets other coordinators have.
 */
export class Fleet {
  readonly #database: Database;
  readonly #cluster: Pick<Cluster, 'id' | 'isOther' | 'tellLater'>;
  readonly #edges = new Map<EdgeId, KnownEdge>();
  /** An edge that said nothing for this long counts as away. */
  readonly #silenceMs: number;

  constructor(database: Database, cluster: Pick<Cluster, 'id' | 'isOther' | 'tellLater'>, silenceMs: number) {
    this.#database = database;
    this.#cluster = cluster;
    this.#silenceMs = silenceMs;
  }

  async load(): Promise<void> {
    for (const row of await this.#database.db.select().from(schema.edges)) this.#know(row);
    await this.look();
  }

  #know(row: typeof schema.edges.$inferSelect): KnownEdge {
    const edge = { ...row, ...notYetSeen(), revoked: row.revokedAt !== null };
    this.#edges.set(row.id, edge);
    return edge;
  }

  /**
   * Reads whose socket is where, and what owners and edges have said at other coordinators.
   * @param only one edge; all of them otherwise, with what they say of themselves only if their claim is another than before
   * @returns edges that are to be dealt with
   */
  async look(only?: EdgeId): Promise<Moved[]> {
    const { rows } = await this.#database.pool.query<ClaimRow>({
      name: only === undefined ? 'claims' : 'claim-of',
      text: `SELECT id, coordinator_id AS "coordinatorId", claim, draining, revoked_at AS "revokedAt",
        confirmed_transfer_url AS "confirmedTransferUrl",
        1000 * extract(epoch FROM now() - last_seen_at)::float8 AS "silentMs" FROM edges${only === undefined ? '' : ' WHERE id = $1'}`,
      values: only === undefined ? [] : [only],
    });
    const moved: Moved[] = [];
    for (const row of rows) {
      const one = await this.#lookAt(row, only !== undefined);
      if (one) moved.push(one);
    }
    return moved;
  }

  async #lookAt(row: ClaimRow, whole: boolean): Promise<Moved | undefined> {
    const before = this.#edges.get(row.id);
    if (!before || (!before.connected && (whole || before.claim !== row.claim))) await this.#readAgain(row.id);
    const edge = this.#edges.get(row.id);
    if (!edge) return undefined;
    const verdict = judgeClaim(edge, row, this.#cluster);
    if (edge.connected) {
      await this.#confirm(edge, row.confirmedTransferUrl);
      edge.draining = row.draining;
      return verdict === 'ours' ? undefined : { edge, verdict };
    }
    edge.claim = row.claim;
    const isChanged = this.#follow(edge, row);
    return isChanged || whole || !before ? { edge, verdict } : undefined;
  }

  /** An edge whose socket is not here. @returns whether its state is another now */
  #follow(edge: KnownEdge, row: ClaimRow): boolean {
    const before = this.stateOf(edge);
    edge.draining = row.draining;
    edge.revokedAt = row.revokedAt;
    edge.revoked = row.revokedAt !== null;
    const isHeard = row.silentMs !== null && row.silentMs <= this.#silenceMs;
    const holder = isHeard && this.#cluster.isOther(row.coordinatorId) ? row.coordinatorId : null;
    if (holder !== null) {
      edge.leaving = false;
      edge.heardAt = performance.now() - Math.max(0, row.silentMs ?? 0);
      edge.lastSeenAt = new Date(Date.now() - Math.max(0, row.silentMs ?? 0));
    }
    edge.holder = holder;
    return this.stateOf(edge) !== before;
  }

  async #readAgain(edgeId: EdgeId): Promise<void> {
    const [row] = await this.#database.db.select().from(schema.edges).where(eq(schema.edges.id, edgeId));
    const known = this.#edges.get(edgeId);
    if (!row || known?.connected) return;
    if (!known) this.#know(row);
    else {
      known.info = row.info;
      known.models = row.models;
      known.abilities = row.abilities;
      known.confirmedTransferUrl = row.confirmedTransferUrl;
    }
  }

  /** An edge that may have joined at another coordinator a moment ago. */
  async seek(edgeId: EdgeId): Promise<KnownEdge | undefined> {
    if (!this.#edges.has(edgeId)) await this.#readAgain(edgeId);
    return this.#edges.get(edgeId);
  }

  /** Takes an edge that has its socket here and that nobody else has, though the row says something else. */
  async reclaim(edge: KnownEdge): Promise<void> {
    const { rows } = await this.#database.pool.query(
      'UPDATE edges SET coordinator_id = $2, claim = claim + 1 WHERE id = $1 AND (coordinator_id IS NULL OR NOT coordinator_id = ANY($3)) RETURNING claim',
      [edge.id, this.#cluster.id, this.#others()],
    );
    if (rows[0]) edge.claim = rows[0].claim;
    this.#cluster.tellLater({ kind: 'edge', edgeId: edge.id });
  }

  #others(): string[] {
    return [...new Set([...this.#edges.values()].flatMap(({ holder }) => (holder === null ? [] : [holder])))].filter((id) => this.#cluster.isOther(id));
  }

  /** Its socket is gone from here. The row is freed unless somebody else has claimed the edge by now. */
  async disconnected(edge: KnownEdge): Promise<void> {
    edge.connected = false;
    const values = [edge.id, this.#cluster.id, edge.claim];
    await this.#database.pool.query('UPDATE edges SET coordinator_id = NULL WHERE id = $1 AND coordinator_id = $2 AND claim = $3', values);
    this.#cluster.tellLater({ kind: 'edge', edgeId: edge.id });
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
    if ((!edge.connected && edge.holder === null) || performance.now() - edge.heardAt > this.#silenceMs) return 'away';
    return edge.draining || edge.leaving ? 'draining' : 'online';
  }

  /** Away for longer than a lease lasts, so that what waits for it should wait no longer. Of an edge elsewhere its own coordinator knows better. */
  isGone(edge: KnownEdge): boolean {
    if (edge.holder !== null) return edge.revoked;
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
      this.#know(row);
      this.#cluster.tellLater({ kind: 'edge', edgeId: id });
      return id;
    }
  }

  async connected(edgeId: EdgeId, { info, models, abilities }: Said, from: SocketOrigin): Promise<KnownEdge> {
    const edge = this.get(edgeId);
    edge.from = from;
    edge.reach = await reachOf(info, edge);
    edge.info = info;
    edge.models = models;
    edge.services = null;
    edge.abilities = abilities;
    const { rows } = await this.#database.pool.query<{ claim: number }>(
      'UPDATE edges SET info = $2, models = $3, abilities = $5, last_seen_at = now(), coordinator_id = $4, claim = claim + 1 WHERE id = $1 RETURNING claim',
      [edgeId, JSON.stringify(info), JSON.stringify(models), this.#cluster.id, abilities],
    );
    edge.claim = rows[0]?.claim ?? edge.claim;
    edge.connected = true;
    edge.holder = null;
    edge.leaving = false;
    this.heard(edge);
    this.#cluster.tellLater({ kind: 'edge', edgeId });
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
    await this.#confirm(edge, url);
  }

  async #confirm(edge: KnownEdge, url: string | null): Promise<void> {
    if (edge.confirmedTransferUrl === url) return;
    edge.confirmedTransferUrl = url;
    edge.reach = edge.info && (await reachOf(edge.info, edge));
  }

  async revoke(edge: KnownEdge): Promise<void> {
    await this.#write(edge.id, { revokedAt: sql`now()` });
    edge.revoked = true;
    edge.revokedAt = new Date();
    edge.connected = false;
  }

  /** An owner revoked it at another coordinator. */
  revokedElsewhere(edge: KnownEdge): void {
    edge.revoked = true;
    edge.revokedAt ??= new Date();
  }

  async #write(edgeId: EdgeId, values: PgUpdateSetSource<typeof schema.edges>): Promise<void> {
    await this.#database.db.update(schema.edges).set(values).where(eq(schema.edges.id, edgeId));
    this.#cluster.tellLater({ kind: 'edge', edgeId });
  }
}

/** What an edge says of itself in hello; one of an older release has no abilities. */
type Said = { readonly info: EdgeInfo; readonly models: EdgeModel[]; readonly abilities: string[] };

/** What is not known of an edge before it connects. */
function notYetSeen() {
  return {
    ...{ leaving: false, services: null, connected: false, holder: null },
    ...{ heardAt: performance.now(), from: { address: null, isThisMachine: false }, reach: null },
  };
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
