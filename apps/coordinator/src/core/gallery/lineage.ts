import type { Artifact, GalleryItem, OutputId } from '@atelier/protocol';
import { type Database, schema } from '@atelier/store';
import { and, inArray } from 'drizzle-orm';
import type { Viewer } from '../contracts/index.ts';
import { galleryItem, notDeleted, selectItems, visibleTo } from './items.ts';

const { outputs } = schema;

/** Relatives of one kind that are told at most; a film has as many parents as frames. */
const mostRelatives = 200;

/**
 * What the step of an output read: values of earlier steps of its run, and what the run was given. In the order of ports,
 * shards and values.
 */
const parentIds = `
  WITH own AS (SELECT run_id, step_id FROM outputs WHERE id = $1),
    wires AS (
      SELECT DISTINCT source #>> '{}' AS source FROM own JOIN steps s USING (run_id, step_id), jsonb_each(s.inputs) AS port(name, sources), jsonb_array_elements(port.sources) AS source
      WHERE jsonb_typeof(source) = 'string')
  SELECT i.output_id AS id FROM own JOIN run_inputs i USING (run_id) JOIN wires ON wires.source = 'inputs.' || i.name
  UNION ALL
  (SELECT o.id FROM own JOIN outputs o USING (run_id) JOIN wires ON wires.source = o.step_id || '.' || o.port ORDER BY o.step_id, o.port, o.shard, o.index LIMIT $2)`;

/** What steps made that read an output: in its own run, or in runs that were given its bytes. What the gallery lists comes first. */
const childIds = `
  WITH own AS (SELECT hash, run_id, step_id, port FROM outputs WHERE id = $1),
    read AS (
      SELECT run_id, step_id || '.' || port AS source FROM own WHERE run_id IS NOT NULL
      UNION SELECT i.run_id, 'inputs.' || i.name FROM own JOIN outputs same ON same.hash = own.hash JOIN run_inputs i ON i.output_id = same.id)
  SELECT o.id FROM (SELECT DISTINCT o.id, o.listed FROM read JOIN steps s USING (run_id) JOIN outputs o USING (run_id, step_id)
    WHERE jsonb_path_exists(s.inputs, '$.*[*] ? (@ == $source)', jsonb_build_object('source', read.source))) AS o
  ORDER BY o.listed DESC, o.id DESC LIMIT $2`;

/** The first picture that the step of an output read, for what cannot be shown small by itself. Permission must be checked before. */
export async function readFirstPicture(database: Database, id: OutputId): Promise<Artifact | undefined> {
  const { rows } = await database.pool.query(
    `SELECT o.hash, o.media_type AS "mediaType", a.size_bytes AS "sizeBytes" FROM (${parentIds}) AS parent JOIN outputs o ON o.id = parent.id
    JOIN artifacts a ON a.hash = o.hash WHERE o.modality = 'image' ORDER BY o.step_id, o.port, o.shard, o.index LIMIT 1`,
    [id, mostRelatives],
  );
  return rows[0] && { ...rows[0], sizeBytes: Number(rows[0].sizeBytes) };
}

/** As far as the viewer may see them. */
export async function readParents(database: Database, viewer: Viewer, id: OutputId): Promise<GalleryItem[]> {
  return readRelatives(database, viewer, parentIds, id);
}

/** As far as the viewer may see them. */
export async function readChildren(database: Database, viewer: Viewer, id: OutputId): Promise<GalleryItem[]> {
  return readRelatives(database, viewer, childIds, id);
}

async function readRelatives(database: Database, viewer: Viewer, query: string, id: OutputId): Promise<GalleryItem[]> {
  const { rows } = await database.pool.query<{ id: OutputId }>(query, [id, mostRelatives]);
  const ids = rows.map((row) => row.id).slice(0, mostRelatives);
  if (ids.length === 0) return [];
  const found = await selectItems(database, viewer).where(and(inArray(outputs.id, ids), visibleTo(viewer), notDeleted));
  const byId = new Map(found.map((row) => [row.output.id, galleryItem(viewer, row)]));
  return ids.flatMap((known) => byId.get(known) ?? []);
}
