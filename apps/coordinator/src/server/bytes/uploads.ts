import { createReadStream } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import type { ArtifactStore } from '@atelier/artifacts';
import { type Artifact, AtelierError, limits, newId, type UploadView } from '@atelier/protocol';
import { type Database, schema } from '@atelier/store';
import { Server, type Upload } from '@tus/server';
import { and, eq, isNull, lt } from 'drizzle-orm';
import type { Core, Logger, Viewer } from '../../core/index.ts';
import { errorResponse } from '../api/answer-error.ts';
import type { RouteTable } from '../route-table.ts';
import { inspectFile } from './inspect-file.ts';
import { UploadStore } from './upload-store.ts';

const { upload } = schema;

const uploadsPath = '/api/uploads';

const unfinishedLivesMs = 24 * 3_600_000;
const sweepEveryMs = 3_600_000;

export interface UploadsOptions {
  readonly database: Database;
  readonly artifacts: ArtifactStore;
  readonly core: Core;
  readonly folder: string;
  readonly log: Logger;
}

/** An input that is stored and recorded. */
interface Taken {
  readonly view: UploadView;
  /** The length of a recording; null for everything else. */
  readonly seconds: number | null;
}

/** Resumable uploads (tus 1.0). A finished one is checked, put into the store and becomes an output of its uploader's. */
export interface Uploads {
  addRoutes(routes: RouteTable): void;
  /** @throws AtelierError `not-found` for another's, `conflict` while bytes are missing, or why it was refused */
  result(viewer: Viewer, id: string): Promise<UploadView>;
  /** Takes bytes that came in one piece, as OpenAI's endpoints take them. @throws AtelierError as for any upload */
  take(viewer: Viewer, file: string, name: string | null): Promise<Taken>;
  close(): void;
}

export async function createUploads(options: UploadsOptions): Promise<Uploads> {
  await mkdir(options.folder, { recursive: true, mode: 0o700 });
  const store = new UploadStore({ directory: options.folder, expirationPeriodInMilliseconds: unfinishedLivesMs });
  const finisher = createFinisher(options, store);
  const uploaders = new WeakMap<object, Viewer>();
  const server = tusServer(options, store, { uploaders, finish: finisher.finish });
  const sweeping = setInterval(() => void sweep(options, server), sweepEveryMs);
  sweeping.unref();
  await sweep(options, server);
  return {
    addRoutes(routes) {
      for (const method of ['POST', 'HEAD', 'PATCH', 'DELETE']) {
        const path = method === 'POST' ? uploadsPath : `${uploadsPath}/:id`;
        routes.add('member', method, path, async (context, person) => {
          if (method !== 'POST') await ownRow(options.database, person, context.req.param('id') ?? '');
          uploaders.set(context.req.raw, person);
          return server.handleWeb(context.req.raw);
        });
      }
    },
    async result(viewer, id) {
      const row = await ownRow(options.database, viewer, id);
      return viewOf(row) ?? finisher.finish(viewer, await wholeUpload(store, id));
    },
    take: finisher.take,
    close: () => clearInterval(sweeping),
  };
}

interface Hooks {
  readonly uploaders: WeakMap<object, Viewer>;
  readonly finish: (viewer: Viewer, done: Upload) => Promise<UploadView>;
}

function tusServer({ database, log }: UploadsOptions, store: UploadStore, { uploaders, finish }: Hooks): Server {
  const uploaderOf = (request: object): Viewer => {
    const viewer = uploaders.get(request);
    if (viewer) return viewer;
    throw new AtelierError('internal', 'An upload has no uploader.');
  };
  return new Server({
    path: uploadsPath,
    datastore: store,
    relativeLocation: true,
    maxSize: limits.uploadBytes,
    // No page of another site may read an answer; our own pages need no permission.
    allowedOrigins: () => false,
    disableTerminationForFinishedUploads: true,
    namingFunction: () => newId(),
    async onUploadCreate(request, created) {
      const name = created.metadata?.filename?.slice(0, 200) ?? null;
      await database.db.insert(upload).values({ id: created.id, userId: uploaderOf(request).id, name });
      return {};
    },
    async onUploadFinish(request, done) {
      await finish(uploaderOf(request), done);
      return {};
    },
    async onResponseError(_request, thrown) {
      if (!(thrown instanceof Error)) return undefined;
      const error = AtelierError.from(thrown);
      if (error.code === 'internal') log.error({ err: thrown }, 'An upload failed.');
      const answer = errorResponse(error);
      return { status_code: answer.status, body: await answer.text() };
    },
  });
}

function createFinisher(options: UploadsOptions, store: UploadStore) {
  const { artifacts, core, database } = options;
  const take = async (viewer: Viewer, file: string, name: string | null): Promise<Taken> => {
    const { mediaType, seconds } = await inspectFile(file, name);
    const stored = await artifacts.put(createReadStream(file), { maxBytes: limits.uploadBytes, mediaType });
    const view = await core.recordUpload(viewer, { hash: stored.hash, sizeBytes: stored.sizeBytes, mediaType }, name);
    return { view, seconds };
  };
  const finishOnce = async (viewer: Viewer, id: string): Promise<UploadView> => {
    const row = await ownRow(database, viewer, id);
    const known = viewOf(row);
    if (known) return known;
    try {
      const { view } = await take(viewer, store.fileOf(id), row.name);
      const { outputId, hash, mediaType, sizeBytes } = view;
      await database.db.update(upload).set({ outputId, hash, mediaType, sizeBytes }).where(eq(upload.id, id));
      await store.remove(id);
      return view;
    } catch (thrown) {
      const error = AtelierError.from(thrown);
      // Trying again with the same bytes helps where the disk was full; a picture that is cut off stays so.
      if (error.retryable || error.code === 'internal') throw thrown;
      await database.db
        .update(upload)
        .set({ error: JSON.stringify(error) })
        .where(eq(upload.id, id));
      await store.remove(id);
      throw error;
    }
  };
  const finishing = new Map<string, Promise<UploadView>>();
  /** The last bytes and a question for the result may come at the same moment. */
  const finish = (viewer: Viewer, { id }: Upload): Promise<UploadView> => {
    const running = finishing.get(id) ?? finishOnce(viewer, id).finally(() => finishing.delete(id));
    finishing.set(id, running);
    return running;
  };
  return { take, finish };
}

type UploadRow = typeof upload.$inferSelect;

async function ownRow(database: Database, viewer: Viewer, id: string): Promise<UploadRow> {
  const [row] = await database.db
    .select()
    .from(upload)
    .where(and(eq(upload.id, id), eq(upload.userId, viewer.id)));
  if (row) return row;
  throw new AtelierError('not-found', 'You have no upload of this name.', { hint: 'Unfinished uploads are kept for a day; begin again.' });
}

/** Undefined while it is not finished. @throws AtelierError why it was refused */
function viewOf(row: UploadRow): UploadView | undefined {
  if (row.error !== null) throw AtelierError.from(JSON.parse(row.error));
  if (row.outputId === null) return undefined;
  const artifact = { hash: row.hash, mediaType: row.mediaType, sizeBytes: row.sizeBytes } as Artifact;
  return { ...artifact, outputId: row.outputId as UploadView['outputId'], name: row.name };
}

async function wholeUpload(store: UploadStore, id: string): Promise<Upload> {
  const found = await store.getUpload(id).catch(() => undefined);
  if (found && found.size !== undefined && found.offset === found.size) return found;
  throw new AtelierError('conflict', 'The upload is not complete yet.', { hint: 'Send the rest of the bytes first.' });
}

/** Forgets uploads that nobody finished within a day. */
async function sweep({ database, log }: UploadsOptions, server: Server): Promise<void> {
  try {
    await server.cleanUpExpiredUploads();
    const old = new Date(Date.now() - unfinishedLivesMs);
    await database.db.delete(upload).where(and(isNull(upload.outputId), lt(upload.createdAt, old)));
  } catch (err) {
    log.warn({ err }, 'Old uploads could not be swept.');
  }
}
