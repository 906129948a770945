import { type EdgeId, type ErrorBody, endedRunStates, limits, type RunId, type ServiceId } from '@atelier/protocol';
import { type Database, schema } from '@atelier/store';
import { and, desc, eq, inArray, isNull, type SQL, sql } from 'drizzle-orm';
import type { PgUpdateSetSource } from 'drizzle-orm/pg-core';

const { services, runs, user } = schema;

export type ServiceRow = typeof services.$inferSelect;
/** With the name of its person. */
export type NamedService = ServiceRow & { readonly personName: string };
type Values = PgUpdateSetSource<typeof services>;

/** The rows of services. Every change says what it expects to find, so that two that meet cannot undo each other. */
export class ServiceRows {
  readonly #database: Database;
  readonly #leaseMs: number;

  constructor(database: Database, leaseMs: number) {
    this.#database = database;
    this.#leaseMs = leaseMs;
  }

  async find(id: ServiceId): Promise<ServiceRow | undefined> {
    return (await this.#open(eq(services.id, id)))[0];
  }

  async named(where: SQL | undefined, limit: number): Promise<NamedService[]> {
    const rows = await this.#database.db
      .select({ service: services, personName: user.name })
      .from(services)
      .innerJoin(user, eq(user.id, services.userId))
      .where(where)
      .orderBy(desc(services.id))
      .limit(limit);
    return rows.map(({ service, personName }) => ({ ...service, personName }));
  }

  /** All of an edge that have not ended. */
  onEdge(edgeId: EdgeId): Promise<ServiceRow[]> {
    return this.#open(and(eq(services.edgeId, edgeId), isNull(services.endedAt)));
  }

  /** Those that no edge has now, and that should run. */
  unplaced(): Promise<ServiceRow[]> {
    return this.#open(and(inArray(services.state, ['waiting', 'lost']), eq(services.wanted, 'running'), isNull(services.endedAt)));
  }

  /** How many each edge has that have not ended. */
  async countByEdge(): Promise<Map<EdgeId, number>> {
    const rows = await this.#database.db
      .select({ edgeId: services.edgeId, all: sql<number>`count(*)::int` })
      .from(services)
      .where(and(isNull(services.endedAt), sql`${services.state} <> 'waiting'`))
      .groupBy(services.edgeId);
    return new Map(rows.flatMap(({ edgeId, all }) => (edgeId ? [[edgeId, all] as const] : [])));
  }

  async countOf(userId: string): Promise<number> {
    const [row] = await this.#database.db
      .select({ all: sql<number>`count(*)::int` })
      .from(services)
      .where(and(eq(services.userId, userId), isNull(services.endedAt)));
    return row?.all ?? 0;
  }

  async add(row: typeof services.$inferInsert): Promise<void> {
    await this.#database.db.insert(services).values(row);
  }

  /** Forgets all but the latest of a person's services that have ended. */
  async forgetOld(userId: string): Promise<void> {
    await this.#database.pool.query(
      `DELETE FROM services WHERE user_id = $1 AND ended_at IS NOT NULL AND id NOT IN
        (SELECT id FROM services WHERE user_id = $1 AND ended_at IS NOT NULL ORDER BY ended_at DESC LIMIT $2)`,
      [userId, limits.endedServicesPerPerson],
    );
  }

  /** Gives it to an edge, with a lease and a new fencing number, unless it was given or stopped meanwhile. */
  async give(id: ServiceId, edgeId: EdgeId): Promise<ServiceRow | undefined> {
    const again = sql`CASE WHEN ${services.fence} IS NULL THEN ${services.restarts} ELSE ${services.restarts} + 1 END`;
    const values = { edgeId, state: 'starting' as const, readyAt: null, restarts: again, ...this.#lease() };
    return this.#change(
      values,
      and(eq(services.id, id), eq(services.wanted, 'running'), inArray(services.state, ['waiting', 'lost']), isNull(services.endedAt)),
    );
  }

  /** Another fencing number for a service that its edge goes on with; `lost` becomes `starting` until the edge says more. */
  async fenceAgain(id: ServiceId, edgeId: EdgeId, values: Values = {}): Promise<ServiceRow | undefined> {
    const state = sql`CASE WHEN ${services.state} = 'lost' THEN 'starting' ELSE ${services.state} END`;
    return this.#change(
      { state, ...values, ...this.#lease() },
      and(eq(services.id, id), eq(services.edgeId, edgeId), eq(services.wanted, 'running'), isNull(services.endedAt)),
    );
  }

  /** Changes what its edge says of it, if it is the edge's by this number. */
  report(id: ServiceId, edgeId: EdgeId, fence: number, values: Values): Promise<ServiceRow | undefined> {
    return this.#change(values, and(eq(services.id, id), eq(services.edgeId, edgeId), eq(services.fence, fence), isNull(services.endedAt)));
  }

  /** Ends it for good. */
  end(id: ServiceId, state: 'stopped' | 'failed', values: Values = {}): Promise<ServiceRow | undefined> {
    return this.#change({ state, wanted: 'stopped', endedAt: sql`now()`, leaseExpiresAt: null, ...values }, and(eq(services.id, id), isNull(services.endedAt)));
  }

  /** Should run no more; ended at once if no edge has it. */
  async unwant(id: ServiceId): Promise<ServiceRow | undefined> {
    const idle = sql`${services.state} IN ('waiting', 'lost')`;
    const values = {
      wanted: 'stopped' as const,
      state: sql`CASE WHEN ${idle} THEN 'stopped' ELSE 'stopping' END`,
      endedAt: sql`CASE WHEN ${idle} THEN now() END`,
    };
    return this.#change(values, and(eq(services.id, id), isNull(services.endedAt)));
  }

  /** Takes it away from an edge that does not answer for it; one that may run anywhere leaves that edge. */
  async lose(id: ServiceId, fence: number | null, error: ErrorBody): Promise<ServiceRow | undefined> {
    const wasWell = sql`${services.readyAt} < now() - ${limits.serviceSteadySeconds} * interval '1 second'`;
    const values = {
      state: sql`CASE WHEN ${services.anyEdge} THEN 'waiting' ELSE 'lost' END`,
      edgeId: sql`CASE WHEN ${services.anyEdge} THEN NULL ELSE ${services.edgeId} END`,
      losses: sql`CASE WHEN ${wasWell} THEN 1 ELSE ${services.losses} + 1 END`,
      readyAt: null,
      leaseExpiresAt: null,
      error,
    };
    return this.#change(
      values,
      and(eq(services.id, id), eq(services.wanted, 'running'), fence === null ? undefined : eq(services.fence, fence), isNull(services.endedAt)),
    );
  }

  /** Why it waits for an edge. A lost one says already why it was lost. */
  async waits(id: ServiceId, error: ErrorBody): Promise<void> {
    await this.#change({ error }, and(eq(services.id, id), eq(services.state, 'waiting'), isNull(services.endedAt)));
  }

  /** Extends the leases that an edge still answers for. @returns the ids of those that it may go on with */
  async extend(edgeId: EdgeId, held: ReadonlyArray<{ serviceId: string; fence: number }>): Promise<Set<string>> {
    if (held.length === 0) return new Set();
    const { rows } = await this.#database.pool.query({
      name: 'extend-services',
      text: `UPDATE services SET lease_expires_at = now() + $4 * interval '1 millisecond'
        FROM unnest($2::uuid[], $3::bigint[]) AS held(id, fence)
        WHERE services.id = held.id AND services.fence = held.fence AND services.edge_id = $1 AND services.ended_at IS NULL AND services.state <> 'lost'
        RETURNING services.id, services.wanted`,
      values: [edgeId, held.map(({ serviceId }) => serviceId), held.map(({ fence }) => fence), this.#leaseMs],
    });
    return new Set(rows.filter(({ wanted }) => wanted === 'running').map(({ id }) => id));
  }

  /** Once at the start, so that edges can come back and keep what they run. */
  async extendAll(): Promise<void> {
    await this.#database.pool.query(
      "UPDATE services SET lease_expires_at = now() + $1 * interval '1 millisecond' WHERE ended_at IS NULL AND lease_expires_at IS NOT NULL",
      [this.#leaseMs],
    );
  }

  /** Whose lease has ended, by the database's clock. */
  overdue(): Promise<ServiceRow[]> {
    return this.#open(and(isNull(services.endedAt), sql`${services.leaseExpiresAt} < now()`));
  }

  /** That should run, though their run has ended. */
  async ofEndedRuns(runId?: RunId): Promise<ServiceRow[]> {
    const ended = this.#database.db
      .select({ id: runs.id })
      .from(runs)
      .where(and(inArray(runs.state, [...endedRunStates]), runId ? eq(runs.id, runId) : undefined));
    return this.#open(and(isNull(services.endedAt), eq(services.wanted, 'running'), inArray(services.runId, ended)));
  }

  /** Whether a person's run goes on; undefined if there is no such run of theirs. */
  async isRunOpen(runId: RunId, userId: string): Promise<boolean | undefined> {
    const [run] = await this.#database.db
      .select({ state: runs.state })
      .from(runs)
      .where(and(eq(runs.id, runId), eq(runs.userId, userId)));
    return run && !endedRunStates.includes(run.state);
  }

  #lease() {
    return { fence: sql`nextval('fence_number')`, leaseExpiresAt: sql`now() + ${this.#leaseMs} * interval '1 millisecond'` };
  }

  #open(where: SQL | undefined): Promise<ServiceRow[]> {
    return this.#database.db.select().from(services).where(where).orderBy(services.id);
  }

  async #change(values: Values, where: SQL | undefined): Promise<ServiceRow | undefined> {
    return (await this.#database.db.update(services).set(values).where(where).returning())[0];
  }
}
