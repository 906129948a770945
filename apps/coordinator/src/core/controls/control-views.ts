import { type ControlView, limits, type RunId } from '@atelier/protocol';
import type { Database } from '@atelier/store';
import { sql } from 'drizzle-orm';

/** Controls of a run as people see them, by step. */
export interface StepControls {
  readonly total: number;
  readonly newest: ControlView[];
}

interface Row extends Record<string, unknown> {
  readonly stepId: string;
  readonly number: number;
  readonly kind: string;
  readonly value: Record<string, unknown>;
  readonly createdAt: string;
  readonly total: number;
  readonly isOver: boolean;
  readonly isDone: boolean;
  readonly at: Array<{ shard: number; position: number }>;
}

/**
 * The newest controls of steps, in the order of their numbers.
 * @param numbers only these
 */
export async function readControlViews(
  from: Pick<Database['db'], 'execute'>,
  runId: RunId,
  stepIds: readonly string[],
  numbers?: readonly number[],
): Promise<Map<string, StepControls>> {
  if (stepIds.length === 0) return new Map();
  const { rows } = await from.execute<Row>(sql`WITH known AS (
      SELECT c.*, count(*) OVER (PARTITION BY c.step_id)::int AS total, row_number() OVER (PARTITION BY c.step_id ORDER BY c.number DESC) AS age
      FROM controls c WHERE c.run_id = ${runId} AND c.step_id = ANY(${sql.param([...stepIds])}))
    SELECT k.step_id AS "stepId", k.number, k.kind, k.value, k.created_at AS "createdAt", k.total, s.state IN ('succeeded', 'failed', 'cancelled') AS "isOver",
      COALESCE(p.done, false) AS "isDone", COALESCE(p.at, '[]') AS at
    FROM known k JOIN steps s ON s.run_id = ${runId} AND s.step_id = k.step_id
    LEFT JOIN LATERAL (
      SELECT bool_or(p.done) AS done, jsonb_agg(jsonb_build_object('shard', p.shard, 'position', p.at) ORDER BY p.shard) AS at
      FROM control_positions p WHERE p.run_id = ${runId} AND p.step_id = k.step_id AND p.number = k.number AND p.at IS NOT NULL) AS p ON true
    WHERE ${numbers ? sql`k.number = ANY(${sql.param([...numbers])})` : sql`k.age <= ${limits.controlsShown}`} ORDER BY k.step_id, k.number`);
  return new Map([...Map.groupBy(rows, (row) => row.stepId)].map(([stepId, own]) => [stepId, { total: own[0]?.total ?? own.length, newest: own.map(viewOf) }]));
}

function viewOf({ number, kind, value, createdAt, isOver, isDone, at }: Row): ControlView {
  return { number, kind, value, state: isDone ? 'applied' : isOver ? 'missed' : 'sent', at, createdAt: new Date(createdAt).toISOString() };
}
