import { AtelierError, type GalleryPage, type GalleryQuery, listTasks, type OutputId, type PublicPage } from '@atelier/protocol';
import { type Database, schema } from '@atelier/store';
import { and, desc, eq, isNotNull, isNull, lt, type SQL, sql } from 'drizzle-orm';
import type { Viewer } from '../contracts/index.ts';
import { canComeBack, galleryItem, notDeleted, publicItem, selectItems, visibleTo } from './items.ts';
import { hitsOf, quickHits } from './search.ts';

const { artifacts, outputs, stars, steps } = schema;

/** A page of a viewer's gallery, newest first. @throws AtelierError `forbidden` if a member asks for everybody's */
export async function listGallery(database: Database, viewer: Viewer, query: GalleryQuery): Promise<GalleryPage> {
  const among = and(...conditions(viewer, query));
  const rows = await selectItems(database, viewer)
    .where(and(among, await wordsIn(database, viewer, query, among)))
    .orderBy(desc(outputs.id))
    .limit(query.limit + 1);
  return pageOf(rows, query.limit, (row) => galleryItem(viewer, row));
}

/** What is starred or deleted is little, and need not be listed, as what the index holds. */
async function wordsIn(database: Database, viewer: Viewer, query: GalleryQuery, among: SQL | undefined): Promise<SQL | undefined> {
  const { search: text, starred, deleted, everybody, runId, limit } = query;
  if (text === undefined || starred || deleted || runId) return hitsOf(text);
  return quickHits(database, { text, userId: everybody ? undefined : viewer.id, among, wanted: limit + 1 });
}

function conditions(viewer: Viewer, query: GalleryQuery): (SQL | undefined)[] {
  return [
    whose(viewer, query),
    query.modality && eq(outputs.modality, query.modality),
    ...which(query),
    query.deleted ? canComeBack(new Date()) : notDeleted,
    query.before && lt(outputs.id, query.before),
  ];
}

function whose(viewer: Viewer, { everybody, runId }: GalleryQuery): SQL | undefined {
  // A run is seen by whoever may see it, and so is what it made.
  if (runId) return visibleTo(viewer);
  if (!everybody) return eq(outputs.userId, viewer.id);
  if (viewer.role === 'owner') return undefined;
  throw new AtelierError('forbidden', 'Only an owner may look at what everybody made.', { hint: 'Leave "everybody" out.' });
}

/** What was starred or deleted is shown whatever it is; else what was made or, on request, uploaded, without the single frames of films. */
function which({ starred, deleted, uploads, runId }: GalleryQuery): (SQL | undefined)[] {
  if (runId) return [eq(outputs.runId, runId), notSingleFrames(), starred ? isNotNull(stars.outputId) : undefined];
  const origin = uploads ? isNull(outputs.runId) : isNotNull(outputs.runId);
  if (starred) return [isNotNull(stars.outputId), uploads === undefined ? undefined : origin];
  if (deleted) return [uploads === undefined ? undefined : origin];
  return [sql`${outputs.listed}`, origin];
}

/** By what their tasks declare: the mark on the row is also taken from a result that was in the gallery before. */
const notSingleFrames = () =>
  and(
    ...listTasks().flatMap((task) =>
      Object.entries(task.outputs).flatMap(([port, { listed }]) => (listed ? [] : [sql`NOT (${steps.task} = ${task.name} AND ${outputs.port} = ${port})`])),
    ),
  );

/** A page of what was made public, by whomever. */
export async function listPublic(database: Database, query: { before?: OutputId; limit: number; search?: string }): Promise<PublicPage> {
  const rows = await database.db
    .select({ output: outputs, sizeBytes: artifacts.sizeBytes, task: steps.task })
    .from(outputs)
    .innerJoin(artifacts, eq(artifacts.hash, outputs.hash))
    .leftJoin(steps, and(eq(steps.runId, outputs.runId), eq(steps.stepId, outputs.stepId)))
    .where(and(isPublic, hitsOf(query.search), query.before && lt(outputs.id, query.before)))
    .orderBy(desc(outputs.id))
    .limit(query.limit + 1);
  return pageOf(rows, query.limit, publicItem);
}

/** Written out, so that the index of public outputs is known to hold all of them. */
export const isPublic = and(sql`${outputs.visibility} = 'public'`, notDeleted);

function pageOf<Row, Item extends { id: OutputId }>(rows: readonly Row[], limit: number, item: (row: Row) => Item): { items: Item[]; next: OutputId | null } {
  const items = rows.slice(0, limit).map(item);
  return { items, next: rows.length > limit ? (items.at(-1)?.id ?? null) : null };
}
