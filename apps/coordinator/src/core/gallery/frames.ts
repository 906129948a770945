import { type Artifact, listTasks, type OutputId, type RunId } from '@atelier/protocol';
import type { Database } from '@atelier/store';
import { extensionOf } from '../bytes/index.ts';
import type { Viewer } from '../contracts/index.ts';
import { maySee, notFound } from '../contracts/index.ts';

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
  const values = rows.filter((row) => row.port === port).map(portValue);
  return { runName: step.name, task: step.task, parameters: step.parameters, state: step.state, values };
}

/** A value of a run, and whose it is. */
export interface RunValue extends PortValue {
  readonly stepId: string;
  readonly port: string;
  /** Of its step in the chain, from 0. */
  readonly position: number;
}

/**
 * All results of a run that are not deleted, in the order of the chain. Single frames of videos and whatever else is not listed by itself is left out.
 * @throws AtelierError `not-found` for a run that the viewer may not see
 */
export async function readRunValues(database: Database, viewer: Viewer, runId: RunId): Promise<{ runName: string; values: RunValue[] }> {
  const found = await database.pool.query('SELECT user_id, name FROM runs WHERE id = $1', [runId]);
  const run = found.rows[0];
  if (!run || !maySee(viewer, run.user_id)) throw notFound();
  const unlisted = listTasks().flatMap((task) => Object.entries(task.outputs).flatMap(([port, { listed }]) => (listed ? [] : [`${task.name}.${port}`])));
  const { rows } = await database.pool.query(
    `SELECT o.id, o.step_id AS "stepId", s.position, o.port, o.shard, o.index, o.hash, o.media_type AS "mediaType", a.size_bytes AS "sizeBytes"
    FROM outputs o JOIN steps s USING (run_id, step_id) JOIN artifacts a ON a.hash = o.hash
    WHERE o.run_id = $1 AND o.deleted_at IS NULL AND NOT (s.task || '.' || o.port = ANY($2)) ORDER BY s.position, o.port, o.shard, o.index`,
    [runId, unlisted],
  );
  return { runName: run.name, values: rows.map(portValue) };
}

const portValue = <Row extends { shard: number; index: number; sizeBytes: string; mediaType: string }>(row: Row) => ({
  ...row,
  sizeBytes: Number(row.sizeBytes),
  place: Math.max(row.shard, row.index),
  extension: extensionOf(row.mediaType),
});

function fullest(ports: readonly string[]): string | undefined {
  const counts = new Map<string, number>();
  for (const port of ports) counts.set(port, (counts.get(port) ?? 0) + 1);
  return [...counts].sort((a, b) => b[1] - a[1])[0]?.[0];
}
