import { AtelierError, type DisagreementView, type EdgeId, limits, newId } from '@atelier/protocol';
import { inTransaction } from '@atelier/store';
import type { Pool } from 'pg';
import type { Fleet } from '../fleet/index.ts';
import type { ValueHashes, Waiting } from './waiting.ts';

/**
 * Writes down that two edges made different bytes of the same; from then on the result cache answers with neither.
 * @returns false if nobody asks any more: its maker was revoked or its run deleted meanwhile
 */
export function writeDisagreement(pool: Pool, waiting: Waiting, checker: EdgeId, found: ValueHashes): Promise<boolean> {
  const { id, runId, stepId, shard, task, maker, recipe, cacheKey, made } = waiting;
  return inTransaction(pool, async (tx) => {
    const { rowCount } = await tx.query('DELETE FROM double_checks WHERE id = $1', [id]);
    if (rowCount === 0) return false;
    await tx.query(
      `INSERT INTO disagreements (id, cache_key, task, model_id, model_hash, run_id, step_id, shard, maker, made, checker, found)
      VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) ON CONFLICT DO NOTHING`,
      [newId(), cacheKey, task, recipe?.modelId, recipe?.modelHash, runId, stepId, shard, maker, JSON.stringify(made), checker, JSON.stringify(found)],
    );
    return true;
  });
}

/** Two edges made the same: counted for both, if somebody still asks. */
export async function writeAgreement(pool: Pool, { id, maker }: Waiting, checker: EdgeId): Promise<void> {
  await pool.query(
    'WITH done AS (DELETE FROM double_checks WHERE id = $1 RETURNING id) UPDATE edges SET compared = compared + 1 WHERE id IN ($2, $3) AND EXISTS (SELECT FROM done)',
    [id, maker, checker],
  );
}

/** Those that wait for an owner, newest first. */
export async function openDisagreements(pool: Pool, fleet: Fleet): Promise<DisagreementView[]> {
  const { rows } = await pool.query(
    `SELECT id, task, model_id AS "modelId", model_hash AS "modelHash", run_id AS "runId", step_id AS "stepId", shard, maker, made, checker, found, created_at AS "createdAt"
    FROM disagreements WHERE decided_at IS NULL ORDER BY id DESC LIMIT $1`,
    [limits.disagreementsShown],
  );
  return rows.map(({ maker, made, checker, found, createdAt, modelHash, ...row }) => ({
    ...row,
    createdAt: (createdAt as Date).toISOString(),
    maker: side(fleet, maker, row.modelId, made),
    checker: side(fleet, checker, row.modelId, found),
  }));
}

function side(fleet: Fleet, edgeId: EdgeId, modelId: string, values: Record<string, string[]>): DisagreementView['maker'] {
  const edge = fleet.get(edgeId);
  const driver = edge.models.find(({ manifest }) => manifest.id === modelId)?.manifest.driver;
  const device = edge.info?.devices.find((one) => one.driver === driver)?.device ?? null;
  return { edgeId, edgeName: edge.name, processor: edge.info?.cpu ?? null, device, values };
}

/** Both may answer again. @throws AtelierError `not-found` */
export async function dismiss(pool: Pool, id: string): Promise<void> {
  const { rowCount } = await pool.query('UPDATE disagreements SET decided_at = now() WHERE id = $1 AND decided_at IS NULL', [id]);
  if ((rowCount ?? 0) > 0) return;
  throw new AtelierError('not-found', 'There is no such open disagreement.', { hint: 'List them with: atelier checks.' });
}

/** With the edge goes what it made, and what it said of what others made. */
export async function settleRevoked(pool: Pool, edgeId: EdgeId): Promise<void> {
  // First what may still be written: this waits for who writes it.
  await pool.query('DELETE FROM double_checks WHERE maker = $1', [edgeId]);
  await pool.query('UPDATE disagreements SET decided_at = now() WHERE decided_at IS NULL AND $1 IN (maker, checker)', [edgeId]);
}
