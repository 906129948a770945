import { AtelierError, type MoveRun, type RunId } from '@atelier/protocol';
import { inTransaction } from '@atelier/store';
import type { Pool, PoolClient } from 'pg';
import { maySee, notFound, type Viewer } from '../contracts/index.ts';
import { inTurn, turnsAfterMove } from './turns.ts';

interface Row {
  readonly id: RunId;
  readonly userId: string;
  readonly priority: number;
  readonly turn: RunId | null;
}

/**
 * Puts an open run before another of the same person and priority, or to their end. What runs goes on.
 * @returns whose place each run has now that got another one; null for its own
 * @throws AtelierError `not-found` if one of them is not theirs to see, `conflict` if they are of different people or priorities or have ended
 */
export async function moveRun(pool: Pool, viewer: Viewer, { id, before }: MoveRun): Promise<ReadonlyMap<RunId, RunId | null>> {
  return inTransaction(pool, async (tx) => {
    const line = await lockLine(tx, viewer, id);
    if (before !== null && !line.some((run) => run.id === before)) throw await whyNot(tx, viewer, before);
    const changed = turnsAfterMove(line, id, before);
    await tx.query('UPDATE runs SET turn = x.turn FROM jsonb_to_recordset($1::jsonb) AS x(id uuid, turn uuid) WHERE runs.id = x.id', [
      JSON.stringify([...changed].map(([runId, turn]) => ({ id: runId, turn }))),
    ]);
    return changed;
  });
}

/** Locks the open runs of a run's person and priority, in the order of their turns. Locks are taken by id, so that two moves do not wait for each other. */
async function lockLine(tx: PoolClient, viewer: Viewer, id: RunId): Promise<Row[]> {
  const { rows } = await tx.query<Row>(
    `SELECT r.id, r.user_id AS "userId", r.priority, r.turn FROM runs r JOIN runs m ON m.user_id = r.user_id AND m.priority = r.priority
    WHERE m.id = $1 AND r.state IN ('planning', 'running', 'paused') ORDER BY r.id FOR UPDATE OF r`,
    [id],
  );
  if (!rows.some((run) => run.id === id)) throw await whyNot(tx, viewer, id);
  if (!maySee(viewer, rows[0]?.userId ?? '')) throw notFound();
  return inTurn(rows);
}

async function whyNot(tx: PoolClient, viewer: Viewer, id: RunId): Promise<AtelierError> {
  const { rows } = await tx.query('SELECT user_id AS "userId", state, priority FROM runs WHERE id = $1', [id]);
  if (!rows[0] || !maySee(viewer, rows[0].userId)) return notFound();
  if (!['planning', 'running', 'paused'].includes(rows[0].state))
    return new AtelierError('conflict', 'The run has ended meanwhile.', { hint: 'Look at the queue again.' });
  return new AtelierError('conflict', 'A run can be moved only among runs of the same person and priority.', {
    hint: 'Choose another of their runs.',
  });
}
