import { type GalleryItem, limits, type PublicItem } from '@atelier/protocol';
import { type Database, schema } from '@atelier/store';
import { and, eq, gte, isNotNull, isNull, type SQL, sql } from 'drizzle-orm';
import type { Viewer } from '../contracts/index.ts';

const { artifacts, outputs, stars, steps } = schema;

/** Rows with everything that an item shows; the caller adds conditions, order and limit. */
export function selectItems(database: Database, viewer: Viewer) {
  return database.db
    .select({ output: outputs, sizeBytes: artifacts.sizeBytes, task: steps.task, starred: sql<boolean>`${isNotNull(stars.outputId)}` })
    .from(outputs)
    .innerJoin(artifacts, eq(artifacts.hash, outputs.hash))
    .leftJoin(steps, and(eq(steps.runId, outputs.runId), eq(steps.stepId, outputs.stepId)))
    .leftJoin(stars, and(eq(stars.userId, viewer.id), eq(stars.outputId, outputs.id)))
    .$dynamic();
}

export type ItemRow = Awaited<ReturnType<typeof selectItems>>[number];

export function galleryItem(viewer: Viewer, { output, sizeBytes, task, starred }: ItemRow): GalleryItem {
  const { id, hash, mediaType, modality, runId, stepId, caption, visibility } = output;
  return {
    id,
    hash,
    mediaType,
    sizeBytes,
    modality,
    task,
    runId,
    stepId,
    caption,
    starred,
    visibility,
    mine: output.userId === viewer.id,
    createdAt: output.createdAt.toISOString(),
    deletedAt: output.deletedAt?.toISOString() ?? null,
  };
}

export function publicItem({ output, sizeBytes, task }: Omit<ItemRow, 'starred'>): PublicItem {
  const { id, mediaType, modality, caption } = output;
  return { id, mediaType, sizeBytes, modality, task, caption, createdAt: output.createdAt.toISOString() };
}

/** What a viewer may look at: a member their own, an owner everything. */
export function visibleTo(viewer: Viewer): SQL | undefined {
  return viewer.role === 'owner' ? undefined : eq(outputs.userId, viewer.id);
}

export const notDeleted = isNull(outputs.deletedAt);

/** What was deleted before this moment is gone for good. */
export const lastChance = (now: Date) => new Date(now.getTime() - limits.undoDays * 86_400_000);

/** Deleted, but not too long ago. */
export const canComeBack = (now: Date) => gte(outputs.deletedAt, lastChance(now));
