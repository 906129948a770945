import { AtelierError, type EdgeId } from '@atelier/protocol';
import type { Database } from '@atelier/store';
import type { Cluster } from '../cluster/index.ts';
import type { Logger } from '../contracts/index.ts';
import type { Fleet } from '../fleet/index.ts';
import type { RunWriter } from '../state/index.ts';
import { hopelessAt, isHopeless } from './hopeless.ts';
import type { LiveAttempt, LiveAttempts } from './live-attempts.ts';

interface LeasesNeeds {
  readonly database: Database;
  readonly writer: RunWriter;
  readonly fleet: Fleet;
  readonly live: LiveAttempts;
  readonly log: Logger;
  readonly leaseMs: number;
  readonly cluster: Pick<Cluster, 'id'>;
}

/** For how long attempts belong to their edges, and how they are taken away from edges that do not answer for them. */
export class Leases {
  readonly #needs: LeasesNeeds;

  constructor(needs: LeasesNeeds) {
    this.#needs = needs;
  }

  /** Extends leases once, at the start, so that edges can come back and keep their work; not those of edges that another living coordinator has. */
  async extendAll(): Promise<void> {
    const { database, leaseMs, cluster } = this.#needs;
    await database.pool.query(
      `UPDATE attempts SET lease_expires_at = now() + $1 * interval '1 millisecond' WHERE state = 'leased' AND edge_id NOT IN (
        SELECT e.id FROM edges e JOIN coordinators c ON c.id = e.coordinator_id AND c.id <> $2 AND c.alive_until > now())`,
      [leaseMs, cluster.id],
    );
  }

  /** Extends leases that an edge still holds. @returns the ids of those that it may go on with */
  async extend(edgeId: EdgeId, holding: ReadonlyArray<{ attemptId: string; fence: number }>): Promise<Set<string>> {
    const { rows } = await this.#needs.database.pool.query({
      name: 'extend-leases',
      text: `WITH seen AS (UPDATE edges SET last_seen_at = now() WHERE id = $1)
        UPDATE attempts SET lease_expires_at = now() + $4 * interval '1 millisecond'
        FROM unnest($2::uuid[], $3::bigint[]) AS held(id, fence)
        WHERE attempts.id = held.id AND attempts.fence = held.fence AND attempts.edge_id = $1 AND attempts.state = 'leased'
        RETURNING attempts.id`,
      values: [edgeId, holding.map((held) => held.attemptId), holding.map((held) => held.fence), this.#needs.leaseMs],
    });
    return new Set(rows.map((row) => row.id));
  }

  /** Takes an attempt away from an edge that no longer answers for it. @param message says why, for people */
  async lose(attempt: LiveAttempt, message: string): Promise<void> {
    const { runId, stepId, edgeId } = attempt;
    this.#needs.log.warn({ runId, stepId, attemptId: attempt.id, edgeId }, 'an attempt was lost');
    const error = new AtelierError('edge-lost', message, { hint: 'Look at the edge; its steps go on elsewhere if they can.' }).toJSON();
    await this.#needs.writer.advance(runId, { kind: 'lost', attempt }, { error });
  }

  /** Takes away all that an edge has, as when it is revoked. */
  async loseAll(edgeId: EdgeId, message: string): Promise<void> {
    for (const attempt of this.#needs.live.ofEdge(edgeId)) if (attempt.state === 'leased') await this.lose(attempt, message);
  }

  /** Looks for what nobody will report: ended leases, by the database's clock, and attempts that wait for an edge which is gone. */
  async reap(): Promise<void> {
    const { database, live, fleet } = this.#needs;
    const { rows } = await database.pool.query({
      name: 'ended-leases',
      text: "SELECT id FROM attempts WHERE state = 'leased' AND lease_expires_at < now()",
    });
    for (const { id } of rows) {
      const attempt = live.get(id);
      if (attempt) await this.lose(attempt, `${fleet.nameOf(attempt.edgeId)} stopped answering.`);
    }
    const hopeless = [...live.all()].filter((attempt) => attempt.state === 'queued' && isHopeless(fleet, attempt));
    for (const edgeId of new Set(hopeless.map((attempt) => attempt.edgeId))) await this.withdrawHopeless(edgeId);
  }

  hasHopeless(edgeId: EdgeId): boolean {
    const isHopelessHere = hopelessAt(this.#needs.fleet, edgeId);
    return this.#needs.live.ofEdge(edgeId).some((attempt) => attempt.state === 'queued' && isHopelessHere(attempt));
  }

  /** Queued attempts that their edge will not take are planned again. */
  async withdrawHopeless(edgeId: EdgeId): Promise<void> {
    const { live, fleet, writer } = this.#needs;
    for (const attempt of live.ofEdge(edgeId)) {
      if (attempt.state === 'queued' && isHopeless(fleet, attempt)) await writer.advance(attempt.runId, { kind: 'withdrawn', attempt });
    }
  }
}
