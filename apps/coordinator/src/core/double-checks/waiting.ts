import type { EdgeId, Recipe, RunId } from '@atelier/protocol';
import { limits, newId } from '@atelier/protocol';
import type { Pool } from 'pg';

/** SHA-256 of each value of a shard, by output port. */
export type ValueHashes = Readonly<Record<string, readonly string[]>>;

/** A result that waits to be computed once more, its run having ended. */
export interface Waiting {
  readonly id: string;
  readonly runId: RunId;
  readonly stepId: string;
  readonly shard: number;
  readonly task: string;
  readonly maker: EdgeId;
  readonly tries: number;
  /** That of the attempt's order; null if the step had one shard. */
  readonly orderHash: string | null;
  /** Null if the result is gone meanwhile. */
  readonly recipe: Recipe | null;
  readonly cacheKey: string | null;
  readonly made: ValueHashes | null;
}

/** Notes a result that may be kept and answered, unless very many wait already. @returns whether it was noted */
export async function noteResult(pool: Pool, attemptId: string): Promise<boolean> {
  const { rowCount } = await pool.query({
    name: 'note-double-check',
    text: `INSERT INTO double_checks (id, run_id, step_id, shard, maker)
      SELECT $2, a.run_id, a.step_id, a.shard, a.edge_id FROM attempts a
      WHERE a.id = $1 AND (SELECT count(*) FROM double_checks) < $3 AND (SELECT count(*) FROM disagreements WHERE decided_at IS NULL) < $4
        AND EXISTS (SELECT 1 FROM outputs o WHERE o.run_id = a.run_id AND o.step_id = a.step_id AND o.shard = a.shard AND o.maker = a.edge_id AND o.cache_key IS NOT NULL)
      ON CONFLICT DO NOTHING`,
    values: [attemptId, newId<string>(), limits.doubleChecksWaiting, limits.openDisagreements],
  });
  return (rowCount ?? 0) > 0;
}

/** What waits, oldest first. Only of runs that have ended: a run itself is never delayed. */
export async function readWaiting(pool: Pool): Promise<Waiting[]> {
  await pool.query("DELETE FROM double_checks WHERE created_at < now() - $1 * interval '1 hour'", [limits.doubleCheckHours]);
  const { rows } = await pool.query({
    name: 'waiting-double-checks',
    text: `SELECT c.id, c.run_id AS "runId", c.step_id AS "stepId", c.shard, s.task, c.maker, c.tries, a.model_hash AS "orderHash", o.recipe, o.cache_key AS "cacheKey", o.made
      FROM double_checks c JOIN runs r ON r.id = c.run_id AND r.state IN ('succeeded', 'failed', 'cancelled')
      JOIN steps s ON s.run_id = c.run_id AND s.step_id = c.step_id
      LEFT JOIN LATERAL (SELECT model_hash FROM attempts WHERE run_id = c.run_id AND step_id = c.step_id AND shard = c.shard AND state = 'succeeded'
        ORDER BY number DESC LIMIT 1) AS a ON true
      LEFT JOIN LATERAL (
        SELECT (array_agg(recipe))[1] AS recipe, (array_agg(cache_key))[1] AS cache_key, jsonb_object_agg(port, hashes) AS made FROM (
          SELECT port, (array_agg(recipe))[1] AS recipe, min(cache_key) AS cache_key, jsonb_agg(hash ORDER BY index) AS hashes FROM outputs
          WHERE run_id = c.run_id AND step_id = c.step_id AND shard = c.shard AND maker = c.maker AND cache_key IS NOT NULL GROUP BY port) AS ports) AS o ON true
      ORDER BY c.id`,
  });
  return rows;
}

/** @returns the fencing number of its order; undefined if it no longer waits, or another coordinator has begun with it since it was read */
export async function beginTry(pool: Pool, { id, tries }: Pick<Waiting, 'id' | 'tries'>): Promise<number | undefined> {
  const { rows } = await pool.query("UPDATE double_checks SET tries = tries + 1 WHERE id = $1 AND tries = $2 RETURNING nextval('fence_number') AS fence", [
    id,
    tries,
  ]);
  return rows[0] && Number(rows[0].fence);
}

/** One that gave way to other work was not tried. */
export async function takeBackTry(pool: Pool, id: string): Promise<void> {
  await pool.query('UPDATE double_checks SET tries = GREATEST(0, tries - 1) WHERE id = $1', [id]);
}

export async function forget(pool: Pool, ids: readonly string[]): Promise<void> {
  if (ids.length > 0) await pool.query('DELETE FROM double_checks WHERE id = ANY($1)', [ids]);
}
