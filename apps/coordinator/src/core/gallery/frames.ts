import type { Artifact, OutputId, RunId } from '@atelier/protocol';
import type { Database } from '@atelier/store';
import type { Viewer } from '../core.ts';
import { extensionOf } from '../inputs.ts';
import { maySee, notFound } from '../views.ts';

/** A value of a port, and its place among the port's values. */
export interface PortValue extends Artifact {
  readonly id: OutputId;
  /** From 0; numbers are missing where a shard is not done. */
  readonly place: number;
  /** Of a file's name. */
  readonly extension: string;
}

export interface PortValues {
  readonly runName: string;
  readonly task: string;
  readonly parameters: Record<string, unknown>;
  readonly state: string;
  readonly values: readonly PortValue[];
}

/**
 * The values that a step has made so far for one of its ports, in order. Without a port, for the one with the most values.
 * @throws AtelierError `not-found` for a run or step that the viewer may not see
 */
export async function readPortValues(database: Database, viewer: Viewer, at: { runId: RunId; stepId: string; port: string | undefined }): Promise<PortValues> {
  const found = await database.pool.query(
    'SELECT r.user_id, r.name, s.task, s.parameters, s.state FROM runs r JOIN steps s ON s.run_id = r.id WHERE r.id = $1 AND s.step_id = $2',
    [at.runId, at.stepId],
  );
  const step = found.rows[0];
  if (!step || !maySee(viewer, step.user_id)) throw notFound('step');
  const { rows } = await database.pool.query(
    `SELECT o.id, o.port, o.shard, o.index, o.hash, o.media_type AS "mediaType", a.size_bytes AS "sizeBytes"
    FROM outputs o JOIN artifacts a ON a.hash = o.hash WHERE o.run_id = $1 AND o.step_id = $2 AND o.deleted_at IS NULL ORDER BY o.port, o.shard, o.index`,
    [at.runId, at.stepId],
  );
  const port = at.port ?? fullest(rows.map((row) => row.port));
  const values = rows
    .filter((row) => row.port === port)
    .map((row) => ({
      ...row,
      sizeBytes: Number(row.sizeBytes),
      place: Math.max(row.shard, row.index),
      extension: extensionOf(row.mediaType),
    }));
  return { runName: step.name, task: step.task, parameters: step.parameters, state: step.state, values };
}

function fullest(ports: readonly string[]): string | undefined {
  const counts = new Map<string, number>();
  for (const port of ports) counts.set(port, (counts.get(port) ?? 0) + 1);
  return [...counts].sort((a, b) => b[1] - a[1])[0]?.[0];
}
