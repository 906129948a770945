import { limits, type Removed } from '@atelier/protocol';
import type { PoolClient } from 'pg';
import { freeNames } from './free-names.ts';
import type { KnownPerson } from './last-owner.ts';

type Counted = Pick<Removed, 'runs' | 'items' | 'savedChains'>;

/**
 * Locks all runs of a person, and then the person, in the order in which those who write a run do it: nobody waits for each other for ever. Whoever
 * writes something of theirs is waited for, and afterwards finds nobody.
 */
async function lockThings(tx: PoolClient, { id }: KnownPerson): Promise<void> {
  await tx.query('SELECT 1 FROM runs WHERE user_id = $1 ORDER BY id FOR UPDATE', [id]);
  await tx.query('SELECT 1 FROM "user" WHERE id = $1 FOR UPDATE', [id]);
}

/** Makes runs, outputs and saved chains another's. Open runs go on. Stars were somebody's own, and go with them. */
export async function handOver(tx: PoolClient, from: KnownPerson, to: KnownPerson): Promise<Counted> {
  await lockThings(tx, from);
  // A run that is kept in memory is read again, with its new owner. The keys were of requests that were not the new owner's.
  const runs = await tx.query(
    `UPDATE runs SET user_id = $2, state_version = state_version + 1, idempotency_key = NULL, request_hash = NULL WHERE user_id = $1`,
    [from.id, to.id],
  );
  const { rows } = await tx.query<{ items: number }>(
    `WITH mine AS (UPDATE outputs SET user_id = $2 WHERE user_id = $1 RETURNING listed AND deleted_at IS NULL AS item)
    SELECT count(*) FILTER (WHERE item)::int AS items FROM mine`,
    [from.id, to.id],
  );
  return { runs: runs.rowCount ?? 0, items: rows[0]?.items ?? 0, savedChains: await handOverChains(tx, from, to) };
}

async function handOverChains(tx: PoolClient, from: KnownPerson, to: KnownPerson): Promise<number> {
  const { rows } = await tx.query<{ id: string; name: string; userId: string }>(
    'SELECT id, name, user_id AS "userId" FROM saved_chains WHERE user_id = ANY($1) ORDER BY name FOR UPDATE',
    [[from.id, to.id]],
  );
  const come = rows.filter(({ userId }) => userId === from.id);
  const taken = rows.filter(({ userId }) => userId === to.id).map(({ name }) => name);
  const names = freeNames(
    come.map(({ name }) => name),
    taken,
    from.name,
    limits.savedChainNameCharacters,
  );
  const named = come.map(({ id }, index) => ({ id, name: names[index] }));
  await tx.query('UPDATE saved_chains c SET user_id = $1, name = x.name FROM jsonb_to_recordset($2::jsonb) AS x(id uuid, name text) WHERE c.id = x.id', [
    to.id,
    JSON.stringify(named),
  ]);
  return come.length;
}

/**
 * Deletes runs and saved chains, and marks outputs as deleted so long ago that the next purge does away with them and their bytes: it alone knows which bytes
 * others need, and what is kept of an output that somebody's run was given. Until then they are the owner's who removes, who sees nothing of them.
 * @returns nothing, and nothing was done, if a run has not ended
 */
export async function deleteThings(tx: PoolClient, from: KnownPerson, by: string): Promise<Counted | undefined> {
  await lockThings(tx, from);
  const { rows } = await tx.query<Counted & { open: number }>(
    `SELECT count(*)::int AS runs, count(*) FILTER (WHERE state IN ('planning', 'running', 'paused'))::int AS open,
      (SELECT count(*)::int FROM outputs WHERE user_id = $1 AND listed AND deleted_at IS NULL) AS items,
      (SELECT count(*)::int FROM saved_chains WHERE user_id = $1) AS "savedChains"
    FROM runs WHERE user_id = $1`,
    [from.id],
  );
  const { open, ...counted } = rows[0] as Counted & { open: number };
  if (open > 0) return undefined;
  await tx.query(
    `UPDATE outputs SET user_id = $2, run_id = NULL, listed = false, visibility = 'private', cache_key = NULL,
      deleted_at = now() - make_interval(days => $3) WHERE user_id = $1`,
    [from.id, by, limits.undoDays + 1],
  );
  await tx.query('DELETE FROM runs WHERE user_id = $1', [from.id]);
  return counted;
}
