import type { GalleryItem, OutputId, Visibility } from '@atelier/protocol';
import { type Database, schema } from '@atelier/store';
import { and, eq, inArray } from 'drizzle-orm';
import type { Viewer } from '../contracts/index.ts';
import { notFound } from '../contracts/index.ts';
import { canComeBack, galleryItem, notDeleted, selectItems, visibleTo } from './items.ts';

const { outputs, stars } = schema;

/** What of an item may be changed. The star is the viewer's own; the visibility is the item's. */
export interface ItemChange {
  readonly starred?: boolean | undefined;
  readonly visibility?: Visibility | undefined;
}

/** An item that the viewer may see and that is not deleted. @throws AtelierError `not-found` */
export async function readItem(database: Database, viewer: Viewer, id: OutputId): Promise<GalleryItem> {
  const [row] = await selectItems(database, viewer).where(and(eq(outputs.id, id), visibleTo(viewer), notDeleted));
  if (row) return galleryItem(viewer, row);
  throw notFound('output');
}

/** @throws AtelierError `not-found` for what is another's, unless an owner asks */
export async function changeItem(database: Database, viewer: Viewer, id: OutputId, change: ItemChange): Promise<GalleryItem> {
  await readItem(database, viewer, id);
  if (change.visibility) await database.db.update(outputs).set({ visibility: change.visibility }).where(eq(outputs.id, id));
  if (change.starred === true) await database.db.insert(stars).values({ userId: viewer.id, outputId: id }).onConflictDoNothing();
  if (change.starred === false) await database.db.delete(stars).where(and(eq(stars.userId, viewer.id), eq(stars.outputId, id)));
  return readItem(database, viewer, id);
}

/** Deletes for now. @returns those that the viewer could delete, whether or not they were deleted before */
export async function removeItems(database: Database, viewer: Viewer, ids: OutputId[], now: Date): Promise<OutputId[]> {
  const own = and(inArray(outputs.id, ids), visibleTo(viewer));
  return database.db.transaction(async (tx) => {
    await tx.update(outputs).set({ deletedAt: now }).where(and(own, notDeleted));
    return inOrder(ids, await tx.select({ id: outputs.id }).from(outputs).where(own));
  });
}

/** @returns those that are back; what is past its days is not among them */
export async function restoreItems(database: Database, viewer: Viewer, ids: OutputId[], now: Date): Promise<OutputId[]> {
  const own = and(inArray(outputs.id, ids), visibleTo(viewer));
  return database.db.transaction(async (tx) => {
    await tx
      .update(outputs)
      .set({ deletedAt: null })
      .where(and(own, canComeBack(now)));
    return inOrder(ids, await tx.select({ id: outputs.id }).from(outputs).where(and(own, notDeleted)));
  });
}

function inOrder(asked: readonly OutputId[], found: readonly { id: OutputId }[]): OutputId[] {
  const known = new Set(found.map(({ id }) => id));
  return asked.filter((id) => known.has(id));
}
