import { z } from 'zod';
import { Artifact } from './artifact.ts';
import { OutputId, RunId } from './ids.ts';
import { Modality } from './modality.ts';
import { RecipeDocument } from './recipe.ts';

/** `public` ones are shown to anybody who can reach the studio, on a page that needs no sign-in. */
export const Visibility = z.enum(['private', 'public']);
export type Visibility = z.infer<typeof Visibility>;

/** A result or an upload as the gallery lists it. Bytes are at `/api/outputs/{id}/content`, small pictures at `/thumbnail`. */
export const GalleryItem = Artifact.extend({
  id: OutputId,
  modality: Modality,
  /** What made it; null for an upload. */
  task: z.string().nullable(),
  runId: RunId.nullable(),
  stepId: z.string().nullable(),
  /** The texts that led to it, for people and for the search. */
  caption: z.string(),
  starred: z.boolean(),
  visibility: Visibility,
  /** False if another person made it. */
  mine: z.boolean(),
  createdAt: z.iso.datetime(),
  /** Deleted ones can be brought back for limits.undoDays. */
  deletedAt: z.iso.datetime().nullable(),
});
export type GalleryItem = z.infer<typeof GalleryItem>;

const flag = z.union([z.boolean(), z.enum(['true', 'false']).transform((word) => word === 'true')]);

/** What to list, newest first. */
export const GalleryQuery = z.object({
  modality: Modality.optional(),
  /** Words that the caption must hold, each as the beginning of a word. */
  search: z.string().max(200).optional(),
  starred: flag.optional(),
  /** Uploads, rather than what was made. */
  uploads: flag.optional(),
  /** What was deleted and can still be brought back. */
  deleted: flag.optional(),
  /** All that one run made, also what was in the gallery before, without the single frames of videos. */
  runId: RunId.optional(),
  /** Of everybody; for owners. */
  everybody: flag.optional(),
  /** Older than this one. */
  before: OutputId.optional(),
  limit: z.coerce.number().int().min(1).max(200).default(60),
});
export type GalleryQuery = z.infer<typeof GalleryQuery>;

export const GalleryPage = z.object({ items: z.array(GalleryItem), next: OutputId.nullable() });
export type GalleryPage = z.infer<typeof GalleryPage>;

/** An item with where it came from and what came of it. */
export const GalleryDetail = z.object({
  item: GalleryItem,
  recipe: RecipeDocument.nullable(),
  /** What its step read, as far as the caller may see it. */
  parents: z.array(GalleryItem),
  /** What was made from it. */
  children: z.array(GalleryItem),
});
export type GalleryDetail = z.infer<typeof GalleryDetail>;

/** What anybody sees of a public item: nothing of its maker. Bytes are at `/api/public/outputs/{id}/content` and `/thumbnail`. */
export const PublicItem = GalleryItem.pick({ id: true, modality: true, mediaType: true, sizeBytes: true, task: true, caption: true, createdAt: true });
export type PublicItem = z.infer<typeof PublicItem>;

export const PublicPage = z.object({ items: z.array(PublicItem), next: OutputId.nullable() });
export type PublicPage = z.infer<typeof PublicPage>;
