import type { Artifact, GalleryDetail, GalleryItem, GalleryPage, GalleryQuery, OutputId, PublicPage, RecipeDocument, RunId } from '@atelier/protocol';
import { type Database, schema } from '@atelier/store';
import { and, desc, eq } from 'drizzle-orm';
import { fileName } from '../bytes/index.ts';
import { maySee, notFound, type Viewer } from '../contracts/index.ts';
import { changeItem, type ItemChange, readItem, removeItems, restoreItems } from './change.ts';
import { type PortValues, type RunValue, readPortValues, readRunValues } from './frames.ts';
import { galleryItem, notDeleted, selectItems } from './items.ts';
import { readChildren, readFirstPicture, readParents } from './lineage.ts';
import { listGallery, listPublic } from './list.ts';
import { type Purged, type Purging, purgeDeleted } from './purge.ts';
import { readRecipeDocument } from './recipe-document.ts';

const { artifacts, outputs } = schema;

/** An output whose bytes somebody may read. */
export interface StoredOutput extends Artifact {
  readonly id: OutputId;
  /** A file's name for it. */
  readonly name: string;
  /** Null if it is not known how it was made. */
  readonly recipe: RecipeDocument | null;
}

/** What may be asked of outputs besides the plain permission to read them. */
export interface OutputWishes {
  /** Also what was deleted, for its maker. */
  readonly deleted?: boolean;
  /** With the recipe, which costs some more queries. */
  readonly recipe?: boolean;
}

/** Results and uploads as people find them again. Methods that take a viewer throw AtelierError `not-found` for what that viewer may not see. */
export interface Gallery {
  /** @throws AtelierError `forbidden` if a member asks for everybody's */
  list(viewer: Viewer, query: GalleryQuery): Promise<GalleryPage>;
  get(viewer: Viewer, id: OutputId): Promise<GalleryDetail>;
  change(viewer: Viewer, id: OutputId, change: ItemChange): Promise<GalleryItem>;
  /** @returns those that the viewer could delete */
  remove(viewer: Viewer, ids: OutputId[], now?: Date): Promise<OutputId[]>;
  /** @returns those that are there again */
  restore(viewer: Viewer, ids: OutputId[], now?: Date): Promise<OutputId[]>;
  /** The viewer's own newest output with these bytes. */
  byHash(viewer: Viewer, hash: string): Promise<GalleryItem>;
  /** @throws AtelierError `not-found` also where an output has no recipe */
  recipe(viewer: Viewer, id: OutputId): Promise<RecipeDocument>;
  /** What anybody may see. */
  listPublic(query: { before?: OutputId | undefined; limit: number; search?: string | undefined }): Promise<PublicPage>;
  /** An output for its reader; without a viewer only a public one. */
  output(viewer: Viewer | null, id: OutputId, wishes?: OutputWishes): Promise<StoredOutput>;
  /** What a step made so far for one of its ports. */
  values(viewer: Viewer, at: { runId: RunId; stepId: string; port: string | undefined }): Promise<PortValues>;
  /** All that a run made, for one file. */
  runValues(viewer: Viewer, runId: RunId): Promise<{ runName: string; values: readonly RunValue[] }>;
  /** These two of any output: permission must be checked before. */
  recipeOf(id: OutputId): Promise<RecipeDocument | null>;
  /** The first picture that the output was made from. */
  firstPicture(id: OutputId): Promise<Artifact | undefined>;
  /** Does away with what was deleted too long ago. @param forget deletes what was derived from an artifact */
  purge(now: Date, forget: (hash: string) => Promise<void>): Promise<Purged>;
}

export function createGallery(needs: Purging): Gallery {
  const { database } = needs;
  const recipeOf = (id: OutputId) => readRecipeDocument(database, id);
  return {
    list: (viewer, query) => listGallery(database, viewer, query),
    async get(viewer, id) {
      const item = await readItem(database, viewer, id);
      const [recipe, parents, children] = await Promise.all([recipeOf(id), readParents(database, viewer, id), readChildren(database, viewer, id)]);
      return { item, recipe, parents, children };
    },
    change: (viewer, id, change) => changeItem(database, viewer, id, change),
    remove: (viewer, ids, now = new Date()) => removeItems(database, viewer, ids, now),
    restore: (viewer, ids, now = new Date()) => restoreItems(database, viewer, ids, now),
    byHash: (viewer, hash) => byHash(database, viewer, hash),
    async recipe(viewer, id) {
      await readItem(database, viewer, id);
      const recipe = await recipeOf(id);
      if (recipe) return recipe;
      throw notFound('recipe');
    },
    listPublic: (query) => listPublic(database, query),
    output: (viewer, id, wishes) => readOutput(database, viewer, id, wishes ?? {}),
    values: (viewer, at) => readPortValues(database, viewer, at),
    runValues: (viewer, runId) => readRunValues(database, viewer, runId),
    recipeOf,
    firstPicture: (id) => readFirstPicture(database, id),
    purge: (now, forget) => purgeDeleted(needs, now, forget),
  };
}

async function byHash(database: Database, viewer: Viewer, hash: string): Promise<GalleryItem> {
  const [row] = await selectItems(database, viewer)
    .where(and(eq(outputs.hash, hash), eq(outputs.userId, viewer.id), notDeleted))
    .orderBy(desc(outputs.id))
    .limit(1);
  if (row) return galleryItem(viewer, row);
  throw notFound('output');
}

async function readOutput(database: Database, viewer: Viewer | null, id: OutputId, wishes: OutputWishes): Promise<StoredOutput> {
  const [row] = await database.db.select().from(outputs).innerJoin(artifacts, eq(artifacts.hash, outputs.hash)).where(eq(outputs.id, id));
  const found = row?.outputs;
  const allowed = found && (viewer ? maySee(viewer, found.userId) : found.visibility === 'public');
  if (!allowed || (found.deletedAt !== null && !wishes.deleted)) throw notFound('output');
  const { hash, mediaType } = found;
  const recipe = wishes.recipe ? await readRecipeDocument(database, id) : null;
  return { id, hash, mediaType, sizeBytes: row.artifacts.sizeBytes, name: fileName(found), recipe };
}
