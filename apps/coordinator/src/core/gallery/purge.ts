import type { ArtifactStore } from '@atelier/artifacts';
import type { Database } from '@atelier/store';
import type { PoolClient } from 'pg';
import { lastChance } from './items.ts';

export interface Purging {
  readonly database: Database;
  readonly artifacts: ArtifactStore;
}

/** What a purge did away with. */
export interface Purged {
  /** Outputs that exist no more. */
  readonly outputs: number;
  /** Artifacts whose bytes were deleted. */
  readonly hashes: readonly string[];
}

const openRun = `state IN ('planning', 'running', 'paused')`;
/** A deleted output `o` whose days are over ($1) and that no run which has not ended needs. */
const isOver = `o.deleted_at IS NOT NULL AND o.deleted_at < $1
  AND NOT EXISTS (SELECT 1 FROM runs r WHERE r.id = o.run_id AND ${openRun})
  AND NOT EXISTS (SELECT 1 FROM run_inputs i JOIN runs r ON r.id = i.run_id AND ${openRun} WHERE i.output_id = o.id)`;
/** The row of what an ended run was given stays, empty, so that the run can still say what it had. */
const isReferred = 'EXISTS (SELECT 1 FROM run_inputs i WHERE i.output_id = o.id)';

/**
 * Does away with outputs that were deleted longer ago than they can be brought back, and with their bytes where no other
 * output has the same. What a run that has not ended needs stays until it has.
 * @param forget deletes what was derived from an artifact, such as small pictures, before its bytes
 */
export async function purgeDeleted(purging: Purging, now: Date, forget: (hash: string) => Promise<void>): Promise<Purged> {
  const { rows } = await purging.database.pool.query<{ hash: string }>(
    `SELECT DISTINCT o.hash FROM outputs o
    WHERE ${isOver} AND (NOT ${isReferred} OR EXISTS (SELECT 1 FROM replicas r WHERE r.hash = o.hash))`,
    [lastChance(now)],
  );
  const hashes: string[] = [];
  let outputs = 0;
  for (const { hash } of rows) {
    const done = await purgeHash(purging, hash, { before: lastChance(now), forget });
    outputs += done.outputs;
    if (done.bytes) hashes.push(hash);
  }
  return { outputs, hashes };
}

interface Round {
  readonly before: Date;
  readonly forget: (hash: string) => Promise<void>;
}

/** All of one artifact in one transaction. Bytes go while its row is locked, so nobody can take them up in between. */
async function purgeHash({ database, artifacts }: Purging, hash: string, { before, forget }: Round): Promise<{ outputs: number; bytes: boolean }> {
  const tx = await database.pool.connect();
  try {
    await tx.query('BEGIN');
    await tx.query('SELECT 1 FROM artifacts WHERE hash = $1 FOR UPDATE', [hash]);
    const gone = await tx.query(`DELETE FROM outputs o WHERE o.hash = $2 AND ${isOver} AND NOT ${isReferred}`, [before, hash]);
    const bytes = !(await isNeeded(tx, hash, before));
    if (bytes) {
      await tx.query(`UPDATE outputs SET text = NULL, caption = '' WHERE hash = $1`, [hash]);
      await tx.query('DELETE FROM replicas WHERE hash = $1', [hash]);
      await tx.query('DELETE FROM artifacts a WHERE hash = $1 AND NOT EXISTS (SELECT 1 FROM outputs o WHERE o.hash = a.hash)', [hash]);
      await forget(hash);
      await artifacts.delete(hash);
    }
    await tx.query('COMMIT');
    tx.release();
    return { outputs: gone.rowCount ?? 0, bytes };
  } catch (thrown) {
    // Ends the session, and with it the transaction.
    tx.release(true);
    throw thrown;
  }
}

/** Whether another output, or a text written in the chain of a run that has not ended or may be continued, is these bytes. */
async function isNeeded(tx: PoolClient, hash: string, before: Date): Promise<boolean> {
  const { rows } = await tx.query(
    `SELECT EXISTS (SELECT 1 FROM outputs o WHERE o.hash = $2 AND NOT (${isOver})) OR EXISTS (
      SELECT 1 FROM runs r JOIN steps s ON s.run_id = r.id, jsonb_path_query(s.inputs, '$.*[*].text') AS written
      WHERE (r.${openRun} OR r.state = 'failed') AND encode(sha256(convert_to(written #>> '{}', 'UTF8')), 'hex') = $2) AS needed`,
    [before, hash],
  );
  return rows[0].needed;
}
