import type { ArtifactStore } from '@atelier/artifacts';
import { inBackground } from '@atelier/background';
import { type EdgeId, type FromEdge, findTask, limits, type RunId } from '@atelier/protocol';
import { type Database, inTransaction } from '@atelier/store';
import type { Pool, PoolClient } from 'pg';
import type { Replication } from '../bytes/index.ts';
import type { Logger } from '../contracts/index.ts';
import type { LiveAttempt } from '../dispatch/index.ts';
import type { Fleet } from '../fleet/index.ts';
import type { Advanced } from '../state/index.ts';

type Message = Extract<FromEdge, { kind: 'checkpoint' }>;

interface CheckpointsNeeds {
  readonly database: Database;
  readonly artifacts: ArtifactStore;
  readonly fleet: Fleet;
  readonly log: Logger;
  readonly replication: Pick<Replication, 'request'>;
}

/**
 * The states that running steps keep, so that another attempt can go on. An edge announces one and is asked for the bytes; once it has brought them
 * itself, that one counts and those before it are deleted. So an edge cannot name bytes that it does not have, and no step is without a
 * checkpoint that it had. All of a step are deleted when it ends.
 */
export class Checkpoints {
  readonly #needs: CheckpointsNeeds;
  /** Announced, and not here yet. */
  readonly #coming = new Set<string>();

  constructor(needs: CheckpointsNeeds) {
    this.#needs = needs;
  }

  /** Reads what was announced before this start. */
  async load(pool: Pool): Promise<void> {
    const { rows } = await pool.query('SELECT hash FROM checkpoints WHERE NOT arrived');
    for (const { hash } of rows) this.#coming.add(hash);
  }

  /** Writes an announcement, if the attempt still has its lease. While one of the same attempt is on its way, another is left out: it would never arrive else. */
  async announce(tx: PoolClient, attempt: LiveAttempt, { hash, sizeBytes, at, applied }: Message): Promise<void> {
    const { id, fence, edgeId, modelId } = attempt;
    const modelHash = this.#needs.fleet.get(edgeId).models.find(({ manifest }) => manifest.id === modelId)?.modelHash ?? '';
    const { rows } = await tx.query({
      name: 'announce-checkpoint',
      text: `WITH place AS (SELECT run_id, step_id, shard FROM attempts WHERE id = $1 AND fence = $2 AND edge_id = $3 AND state = 'leased'),
          fits AS (SELECT place.* FROM place WHERE NOT EXISTS (SELECT 1 FROM checkpoints c WHERE c.attempt_id = $1 AND NOT c.arrived)),
          bytes AS (INSERT INTO artifacts (hash, size_bytes) SELECT $4, $5 FROM fits ON CONFLICT DO NOTHING RETURNING hash),
          copy AS (INSERT INTO replicas (hash, place) SELECT hash, $3::text FROM bytes)
        INSERT INTO checkpoints (run_id, step_id, shard, at, hash, included, attempt_id, model_id, model_hash)
        SELECT run_id, step_id, shard, $6, bytes.hash, $7, $1, $8, $9 FROM fits, bytes RETURNING hash`,
      values: [id, fence, edgeId, hash, sizeBytes, at, applied.map(({ number }) => number), modelId, modelHash],
    });
    if (rows.length > 0) this.#coming.add(hash);
    else this.#needs.log.debug({ edgeId, attemptId: id, hash }, 'a checkpoint is left out: the one before it is on its way, or its bytes are known');
  }

  /** Asks an edge for what it has announced. */
  bring(edgeId: EdgeId, hash: string): void {
    if (this.#coming.has(hash)) this.#needs.replication.request(edgeId, hash);
  }

  /** An edge has brought bytes itself. If they are a checkpoint, it counts from now on. */
  async arrived({ hash, sizeBytes }: { readonly hash: string; readonly sizeBytes: number }): Promise<void> {
    if (!this.#coming.delete(hash)) return;
    const { pool } = this.#needs.database;
    const isBounded = sizeBytes <= limits.checkpointBytes;
    const { rows } = await pool.query(
      `WITH here AS (UPDATE checkpoints SET arrived = $2 WHERE hash = $1 RETURNING run_id, step_id, shard)
      SELECT CASE WHEN $2 THEN c.hash ELSE $1 END AS hash FROM here JOIN checkpoints c ON (c.run_id, c.step_id, c.shard) = (here.run_id, here.step_id, here.shard)
      WHERE c.hash <> $1 OR NOT $2`,
      [hash, isBounded],
    );
    for (const row of rows) await this.#delete(row.hash);
    // It came after its step had ended.
    const { rowCount } = await pool.query('SELECT 1 FROM artifacts WHERE hash = $1', [hash]);
    if (rowCount === 0) await this.#needs.artifacts.delete(hash);
  }

  /** After a commit: what of the run has ended needs no checkpoint any more. */
  follow({ runId, attempts, commands }: Advanced): void {
    const isOver = commands.some(({ kind }) => kind === 'ended') || attempts.some(({ state }) => state === 'succeeded');
    if (!isOver || !attempts.some(({ task }) => findTask(task).checkpoints)) return;
    inBackground(this.#needs.log, 'checkpoints are deleted in the next round', this.sweep(runId));
  }

  /** Deletes the checkpoints of what has ended. @param runId of this run alone */
  async sweep(runId?: RunId): Promise<void> {
    const { rows } = await this.#needs.database.pool.query({
      name: 'ended-checkpoints',
      text: `SELECT c.hash FROM checkpoints c JOIN runs r ON r.id = c.run_id JOIN steps s ON s.run_id = c.run_id AND s.step_id = c.step_id
          JOIN shards h ON h.run_id = c.run_id AND h.step_id = c.step_id AND h.index = c.shard
        WHERE ($1::uuid IS NULL OR c.run_id = $1)
          AND (h.done OR s.state IN ('succeeded', 'failed', 'cancelled') OR r.state IN ('succeeded', 'failed', 'cancelled'))`,
      values: [runId ?? null],
    });
    for (const { hash } of rows) await this.#delete(hash);
  }

  /** With its bytes, unless an output has the same: its edge drew them so that nothing else does. */
  async #delete(hash: string): Promise<void> {
    await inTransaction(this.#needs.database.pool, async (tx) => {
      await tx.query('SELECT 1 FROM artifacts WHERE hash = $1 FOR UPDATE', [hash]);
      await tx.query('DELETE FROM checkpoints WHERE hash = $1', [hash]);
      const { rowCount } = await tx.query('SELECT 1 FROM outputs WHERE hash = $1 LIMIT 1', [hash]);
      if (rowCount) return;
      await tx.query('DELETE FROM replicas WHERE hash = $1', [hash]);
      await tx.query('DELETE FROM artifacts WHERE hash = $1', [hash]);
      await this.#needs.artifacts.delete(hash);
    });
  }
}
