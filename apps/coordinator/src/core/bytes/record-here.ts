import { createHash } from 'node:crypto';
import type { Database } from '@atelier/store';
import { sql } from 'drizzle-orm';

/** Stands for bytes that nobody has. */
const nobodys = createHash('sha256').digest('hex');

/**
 * Notes that the coordinator has bytes which came by itself, as an upload or a text. An edge may have named them before, without showing
 * that it had them, so that its run's owner would read now what somebody else brought: what it named is cut off from them, and made again where it is needed.
 * A result whose text came along has shown by that that its edge had it, and stays. The artifact's row is locked until the end of the transaction.
 */
export async function recordHere(database: Pick<Database['db'], 'execute'>, { hash, sizeBytes }: { hash: string; sizeBytes: number }): Promise<void> {
  await database.execute(sql`WITH made AS (INSERT INTO artifacts (hash, size_bytes) VALUES (${hash}, ${sizeBytes}) ON CONFLICT (hash) DO UPDATE SET size_bytes = excluded.size_bytes),
    here AS (INSERT INTO replicas (hash, place) VALUES (${hash}, 'coordinator') ON CONFLICT DO NOTHING RETURNING hash),
    nothing AS (INSERT INTO artifacts (hash, size_bytes) SELECT ${nobodys}, 0 FROM here WHERE hash <> ${nobodys} ON CONFLICT DO NOTHING),
    cut AS (UPDATE outputs SET hash = ${nobodys}, text = NULL, cache_key = NULL WHERE hash = ${hash} AND maker IS NOT NULL AND text IS NULL AND EXISTS (SELECT 1 FROM here))
    DELETE FROM replicas WHERE hash = ${hash} AND place <> 'coordinator' AND EXISTS (SELECT 1 FROM here)`);
}
