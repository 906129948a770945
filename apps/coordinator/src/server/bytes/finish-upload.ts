import { createReadStream } from 'node:fs';
import type { ArtifactStore } from '@atelier/artifacts';
import { AtelierError, limits, type UploadView } from '@atelier/protocol';
import type { Database } from '@atelier/store';
import type { Core, UploadRecord, Viewer } from '../../core/index.ts';
import { inspectFile, type MediaReader } from '../media/index.ts';
import { noteRefused, noteTaken, ownUpload, viewOf } from './upload-rows.ts';
import type { UploadStore } from './upload-store.ts';

interface FinisherNeeds {
  readonly artifacts: ArtifactStore;
  readonly core: Pick<Core, 'bytes'>;
  readonly database: Database;
  readonly media: MediaReader;
}

/** An input that is stored and recorded. */
export interface Taken {
  readonly view: UploadView;
  /** The length of a recording; null for everything else. */
  readonly seconds: number | null;
}

export interface Finisher {
  /** Checks a file, stores and records it. @throws AtelierError why it is refused */
  take(viewer: Viewer, file: string, record: UploadRecord): Promise<Taken>;
  /** What became of an upload whose bytes are all here. However often it is asked, one output comes of it. */
  finish(viewer: Viewer, id: string): Promise<UploadView>;
}

export function createFinisher({ artifacts, core, database, media }: FinisherNeeds, store: UploadStore): Finisher {
  const take: Finisher['take'] = async (viewer, file, record) => {
    const { mediaType, dimensions } = await inspectFile(media, file, record.name);
    const stored = await artifacts.put(createReadStream(file), { maxBytes: limits.uploadBytes, mediaType });
    const view = await core.bytes.recordUpload(
      viewer,
      { hash: stored.hash, sizeBytes: stored.sizeBytes, mediaType },
      { ...record, dimensions: dimensions ?? undefined },
    );
    return { view, seconds: dimensions?.seconds ?? null };
  };
  const finishOnce = async (viewer: Viewer, id: string): Promise<UploadView> => {
    const row = await ownUpload(database, viewer, id);
    const known = viewOf(row);
    if (known) return known;
    try {
      const record: UploadRecord = { name: row.name, listed: true, within: (tx, view) => noteTaken(tx, id, view) };
      return (await take(viewer, store.fileOf(id), record)).view;
    } catch (thrown) {
      const error = AtelierError.from(thrown);
      // Trying again with the same bytes helps where the disk was full; a picture that is cut off stays so.
      if (error.retryable || error.code === 'internal' || error.code === 'conflict') throw thrown;
      await noteRefused(database.db, id, { error, sizeBytes: row.sizeBytes ?? 0 });
      throw error;
    }
  };
  const finishing = new Map<string, Promise<UploadView>>();
  return {
    take,
    /** The last bytes and a question for the result may come at the same moment. */
    finish(viewer, id) {
      const running = finishing.get(id) ?? finishOnce(viewer, id).finally(() => finishing.delete(id));
      finishing.set(id, running);
      return running;
    },
  };
}
