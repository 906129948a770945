import { type Artifact, AtelierError, type UploadView } from '@atelier/protocol';
import { type Database, schema } from '@atelier/store';
import { and, eq, isNull, lt } from 'drizzle-orm';
import type { Viewer } from '../../core/index.ts';

const { upload } = schema;

export type UploadRow = typeof upload.$inferSelect;

/** What may be written in a transaction of another. */
type Writing = Pick<Database['db'], 'update'>;

/** An upload that nothing was made of yet and that was not refused. */
const nothingYet = and(isNull(upload.outputId), isNull(upload.error));

/** @throws AtelierError `not-found` for another's */
export async function ownUpload({ db }: Database, viewer: Viewer, id: string): Promise<UploadRow> {
  const [row] = await db
    .select()
    .from(upload)
    .where(and(eq(upload.id, id), eq(upload.userId, viewer.id)));
  if (row) return row;
  throw new AtelierError('not-found', 'You have no upload of this name.', { hint: 'Unfinished uploads are kept for a day; begin again.' });
}

/** All bytes have come: it was taken or refused. */
export const hasEnded = (row: UploadRow): boolean => row.outputId !== null || row.error !== null;

/** What it became; undefined while it is not finished. @throws AtelierError why it was refused */
export function viewOf(row: UploadRow): UploadView | undefined {
  if (row.error !== null) throw AtelierError.from(JSON.parse(row.error));
  if (row.outputId === null) return undefined;
  const artifact = { hash: row.hash, mediaType: row.mediaType, sizeBytes: row.sizeBytes } as Artifact;
  return { ...artifact, outputId: row.outputId as UploadView['outputId'], name: row.name };
}

/** Notes what it became, once. @throws AtelierError `conflict` if it has ended or was called off, so that the transaction is undone */
export async function noteTaken(tx: Writing, id: string, view: UploadView): Promise<void> {
  const { outputId, hash, mediaType, sizeBytes } = view;
  const taken = await tx
    .update(upload)
    .set({ outputId, hash, mediaType, sizeBytes })
    .where(and(eq(upload.id, id), nothingYet))
    .returning({ id: upload.id });
  if (taken.length === 0) throw new AtelierError('conflict', 'The upload has ended already.', { hint: 'Ask for its result.' });
}

export async function noteRefused(tx: Writing, id: string, refused: { error: AtelierError; sizeBytes: number }): Promise<void> {
  const { error, sizeBytes } = refused;
  await tx
    .update(upload)
    .set({ error: JSON.stringify(error), sizeBytes })
    .where(and(eq(upload.id, id), nothingYet));
}

/** The length of an upload that was begun without one. */
export async function noteLength(tx: Writing, id: string, sizeBytes: number): Promise<void> {
  await tx
    .update(upload)
    .set({ sizeBytes })
    .where(and(eq(upload.id, id), isNull(upload.sizeBytes)));
}

/** Forgets one that its owner called off. */
export async function forgetUpload({ db }: Database, id: string): Promise<void> {
  await db.delete(upload).where(and(eq(upload.id, id), nothingYet));
}

/** Forgets those that nothing was made of for so long. @returns the ids of all that are still open */
export async function forgetOld({ db }: Database, before: Date): Promise<Set<string>> {
  await db.delete(upload).where(and(isNull(upload.outputId), lt(upload.createdAt, before)));
  return new Set((await db.select({ id: upload.id }).from(upload).where(nothingYet)).map(({ id }) => id));
}

export async function isOpen({ db }: Database, id: string): Promise<boolean> {
  const found = await db
    .select({ id: upload.id })
    .from(upload)
    .where(and(eq(upload.id, id), nothingYet));
  return found.length > 0;
}
