import type { QueueView } from '@atelier/protocol';
import type { CoreContext } from './context.ts';
import type { Viewer } from './core.ts';

/** Steps that run and wait, and how long until the busiest edge is through with its share. A member sees their own. */
export async function readQueue(context: CoreContext, viewer: Viewer): Promise<QueueView> {
  const { rows } = await context.database.pool.query(
    `SELECT s.state, s.bound_edge AS "edgeId", s.step_id AS "stepId", r.id AS "runId",
      COALESCE((s.prediction ->> 'transferSeconds')::float8 + (s.prediction ->> 'loadSeconds')::float8 + (s.prediction ->> 'runSeconds')::float8, 0)
        * CASE WHEN s.sharing IS NULL THEN 1 ELSE COALESCE((SELECT avg(CASE WHEN h.done THEN 0 ELSE 1 END) FROM shards h
          WHERE h.run_id = s.run_id AND h.step_id = s.step_id), 1) END AS seconds, s.sharing IS NOT NULL AS shared
    FROM runs r JOIN steps s ON s.run_id = r.id
    WHERE r.state IN ('planning', 'running', 'paused') AND s.state IN ('waiting', 'ready', 'queued', 'running') AND ($1 OR r.user_id = $2)`,
    [viewer.role === 'owner', viewer.id],
  );
  const byEdge = new Map<string, number>();
  const slotsOf = (edgeId: string) => context.fleet.find(edgeId as never)?.info?.slots ?? 1;
  for (const row of rows) {
    // What is predicted of a shared step counts all slots already.
    const left = row.shared ? row.seconds * slotsOf(row.edgeId) : Math.max(0, row.seconds - passedSeconds(context, row));
    byEdge.set(row.edgeId, (byEdge.get(row.edgeId) ?? 0) + left);
  }
  const seconds = [...byEdge].map(([edgeId, sum]) => sum / slotsOf(edgeId));
  const running = rows.filter((row) => row.state === 'running').length;
  return { running, waiting: rows.length - running, seconds: Math.max(0, ...seconds) };
}

function passedSeconds(context: CoreContext, row: { edgeId: string | null; runId: string; stepId: string; state: string }): number {
  if (row.state !== 'running' || !row.edgeId) return 0;
  const attempt = context.live.ofEdge(row.edgeId as never).find((other) => other.runId === row.runId && other.stepId === row.stepId);
  return attempt?.startedAt ? (performance.now() - attempt.startedAt) / 1000 : 0;
}
