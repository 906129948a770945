import type { AppliedControl, Control, RecordedControl, RunId } from '@atelier/protocol';
import type { PoolClient } from 'pg';

type Queries = Pick<PoolClient, 'query'>;

/** A shard of a step. */
export interface ShardPlace {
  readonly runId: RunId;
  readonly stepId: string;
  readonly shard: number;
}

/** A control that comes with a new run. */
export interface DraftControl {
  readonly stepId: string;
  /** Counts from 1 within its step. */
  readonly number: number;
  readonly kind: string;
  readonly value: Record<string, unknown>;
  readonly at: readonly { readonly shard: number; readonly position: number }[];
  /** It had its effect in the run from which the step's results are taken over. */
  readonly done: boolean;
}

/** What a shard that begins now has to follow: what is recorded at its positions, and what it has not heard yet at once. */
export async function controlsFor(tx: Queries, { runId, stepId, shard }: ShardPlace): Promise<Control[]> {
  const { rows } = await tx.query({
    name: 'controls-for',
    text: `SELECT c.number, c.kind, c.value, p.at FROM controls c
      LEFT JOIN control_positions p ON p.run_id = c.run_id AND p.step_id = c.step_id AND p.number = c.number AND p.shard = $3
      WHERE c.run_id = $1 AND c.step_id = $2 AND (p.at IS NOT NULL OR (p.number IS NULL AND NOT c.replayed)) ORDER BY c.number`,
    values: [runId, stepId, shard],
  });
  return rows.map((row) => ({ ...row, at: row.at === null ? null : Number(row.at) }));
}

/** Whether a step was told anything, or is to be: such a step has nothing to do with the result cache. */
export async function isSteered(tx: Queries, runId: RunId, stepId: string): Promise<boolean> {
  const { rows } = await tx.query({ name: 'is-steered', text: 'SELECT 1 FROM controls WHERE run_id = $1 AND step_id = $2 LIMIT 1', values: [runId, stepId] });
  return rows.length > 0;
}

/**
 * Writes down which controls had an effect on a result, and where: its edge's list replaces what was heard before.
 * @returns them in the order of their effect; `steered` is true for a step that was told anything, with an effect or without
 */
export async function settleControls(
  tx: Queries,
  { runId, stepId, shard }: ShardPlace,
  applied: readonly AppliedControl[],
): Promise<{ steered: boolean; controls: RecordedControl[] }> {
  const { rows } = await tx.query({
    name: 'settle-controls',
    text: `WITH x AS (SELECT DISTINCT ON (number) number, at FROM jsonb_to_recordset($4::jsonb) AS x(number int, at bigint)),
        missed AS (DELETE FROM control_positions p WHERE p.run_id = $1 AND p.step_id = $2 AND p.shard = $3 AND p.number NOT IN (SELECT number FROM x)),
        told AS (INSERT INTO control_positions AS p (run_id, step_id, number, shard, at, done)
          SELECT $1, $2, c.number, $3, x.at, true FROM x JOIN controls c ON c.run_id = $1 AND c.step_id = $2 AND c.number = x.number
          ON CONFLICT (run_id, step_id, shard, number) DO UPDATE SET at = excluded.at, done = true)
      SELECT c.kind, c.value, x.at FROM controls c LEFT JOIN x ON x.number = c.number
      WHERE c.run_id = $1 AND c.step_id = $2 ORDER BY x.at, c.number`,
    values: [runId, stepId, shard, JSON.stringify(applied)],
  });
  const controls = rows.flatMap(({ kind, value, at }) => (at === null ? [] : [{ at: Number(at), kind, value }]));
  return { steered: rows.length > 0, controls };
}

export async function insertControls(tx: Queries, runId: RunId, controls: readonly DraftControl[]): Promise<void> {
  if (controls.length === 0) return;
  await tx.query({
    name: 'insert-controls',
    text: `WITH x AS (SELECT * FROM jsonb_to_recordset($2::jsonb) AS x("stepId" text, number int, kind text, value jsonb, at jsonb, done boolean)),
        made AS (INSERT INTO controls (run_id, step_id, number, kind, value, replayed) SELECT $1, "stepId", number, kind, value, true FROM x RETURNING step_id, number)
      INSERT INTO control_positions (run_id, step_id, number, shard, at, done)
      SELECT $1, made.step_id, made.number, p.shard, p.position, x.done
      FROM made JOIN x ON x."stepId" = made.step_id AND x.number = made.number, jsonb_to_recordset(x.at) AS p(shard int, position bigint)`,
    values: [runId, JSON.stringify(controls)],
  });
}

/** Shards that are done once more come to the same end: what they were told too late they are not told now. */
export async function keepAsTold(tx: Queries, runId: RunId, shards: Readonly<Record<string, readonly number[]>>): Promise<void> {
  const rows = Object.entries(shards).flatMap(([stepId, numbers]) => numbers.map((shard) => ({ stepId, shard })));
  await tx.query(
    `INSERT INTO control_positions (run_id, step_id, number, shard, at, done)
    SELECT c.run_id, c.step_id, c.number, x.shard, NULL, true FROM controls c JOIN jsonb_to_recordset($2::jsonb) AS x("stepId" text, shard int) ON x."stepId" = c.step_id
    WHERE c.run_id = $1 ON CONFLICT DO NOTHING`,
    [runId, JSON.stringify(rows)],
  );
}

/** What the steps of a run were told and followed, or are to follow, for a run that repeats it. Numbers begin at 1 again. */
export async function readControls(tx: Queries, runId: RunId): Promise<Array<Omit<DraftControl, 'done'>>> {
  const { rows } = await tx.query(
    `SELECT c.step_id AS "stepId", c.number, c.kind, c.value, jsonb_agg(jsonb_build_object('shard', p.shard, 'position', p.at) ORDER BY p.shard) AS at
    FROM controls c JOIN control_positions p ON p.run_id = c.run_id AND p.step_id = c.step_id AND p.number = c.number AND p.at IS NOT NULL
    WHERE c.run_id = $1 GROUP BY c.run_id, c.step_id, c.number ORDER BY c.step_id, c.number`,
    [runId],
  );
  const counts = new Map<string, number>();
  return rows.map((row) => {
    const number = (counts.get(row.stepId) ?? 0) + 1;
    counts.set(row.stepId, number);
    return { ...row, number };
  });
}
