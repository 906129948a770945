import { randomUUID } from 'node:crypto';
import { mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { type ArtifactStore, diskReserve } from '@atelier/artifacts';
import { guarded } from '@atelier/background';
import { AtelierError, keptName, type UploadView, type UsageView } from '@atelier/protocol';
import type { Database } from '@atelier/store';
import type { Context } from 'hono';
import type { Core, Logger, Quota, Viewer } from '../../core/index.ts';
import type { Person } from '../identity/caller.ts';
import type { MediaReader } from '../media/index.ts';
import type { RouteTable } from '../route-table.ts';
import { createFinisher, type Finisher, type Taken } from './finish-upload.ts';
import { createTusServer, type TusServer, uploadsPath } from './tus-server.ts';
import { forgetOld, forgetUpload, hasEnded, isOpen, ownUpload, type UploadRow, viewOf } from './upload-rows.ts';
import { UploadStore } from './upload-store.ts';
import { type Turn, UploadTurns } from './upload-turns.ts';

const unfinishedLivesMs = 24 * 3_600_000;
const sweepEveryMs = 3_600_000;

export interface UploadsOptions {
  readonly database: Database;
  readonly artifacts: ArtifactStore;
  readonly core: Core;
  readonly media: MediaReader;
  /** How much each person may bring. */
  readonly quota: Quota;
  readonly dataFolder: string;
  readonly log: Logger;
  /** Bytes of disk that stay free; undefined for the usual reserve. */
  readonly diskReserveBytes: number | undefined;
}

/** Resumable uploads (tus 1.0, https://tus.io/protocols/resumable-upload). A finished one is checked, put into the store and becomes an output of its uploader's. */
export interface Uploads {
  addRoutes(routes: RouteTable): void;
  /** @throws AtelierError `not-found` for another's, `conflict` while bytes are missing, or why it was refused */
  result(viewer: Viewer, id: string): Promise<UploadView>;
  /**
   * Takes a file that came in one piece, as OpenAI's endpoints take them.
   * @param options.listed whether the gallery shows it by itself
   * @throws AtelierError as for any upload
   */
  take(viewer: Viewer, file: File, options: { listed: boolean }): Promise<Taken>;
  /**
   * Keeps bytes of a person's that we wrote ourselves, such as a mask that was drawn into or the messages of a chat; the gallery does not list them.
   * @throws AtelierError `too-large` over the person's quota, `disk-full`
   */
  keep(viewer: Viewer, bytes: Uint8Array, mediaType: string): Promise<UploadView>;
  usage(viewer: Viewer): Promise<UsageView>;
  close(): void;
}

export async function createUploads(options: UploadsOptions): Promise<Uploads> {
  const folder = join(options.dataFolder, 'uploads');
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const reserve = diskReserve(folder, options.diskReserveBytes);
  const store = new UploadStore(folder, { livesMs: unfinishedLivesMs, reserve });
  const finisher = createFinisher(options, store);
  const turns = new UploadTurns();
  const tus = createTusServer({ ...options, store, finisher, turns, reserve });
  const parts = { options, store, finisher, turns, tus };
  const sweepUploads = () => sweep(options, store, folder);
  const sweeping = setInterval(guarded(options.log, 'Old uploads could not be swept.', sweepUploads), sweepEveryMs);
  sweeping.unref();
  await sweepUploads();
  return {
    addRoutes: (routes) => addRoutes(routes, parts),
    async result(viewer, id) {
      const known = viewOf(await ownUpload(options.database, viewer, id));
      if (known) return known;
      if (!(await store.isWhole(id))) throw new AtelierError('conflict', 'The upload is not complete yet.', { hint: 'Send the rest of the bytes first.' });
      return finisher.finish(viewer, id).finally(() => tidy(parts, id));
    },
    async take(viewer, file, { listed }) {
      await reserve.check(file.size);
      const take = (path: string) => finisher.take(viewer, path, { name: keptName(file.name), listed });
      return options.quota.bring(viewer.id, file.size, () => asFile(options.dataFolder, file, take));
    },
    keep: (viewer, bytes, mediaType) => options.quota.bring(viewer.id, bytes.byteLength, () => keep(options, { viewer, bytes, mediaType })),
    usage: (viewer) => options.quota.usage(viewer.id),
    close: () => clearInterval(sweeping),
  };
}

/** Puts a file that is in memory on the disk for as long as it is looked at. */
async function asFile<T>(dataFolder: string, file: File, look: (path: string) => Promise<T>): Promise<T> {
  const folder = join(dataFolder, 'tmp');
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const path = join(folder, randomUUID());
  try {
    await writeFile(path, file.stream());
    return await look(path);
  } finally {
    await rm(path, { force: true });
  }
}

async function keep({ artifacts, core }: UploadsOptions, { viewer, bytes, mediaType }: { viewer: Viewer; bytes: Uint8Array; mediaType: string }) {
  const stored = await artifacts.put(Readable.from([Buffer.from(bytes)]), { mediaType });
  return core.bytes.recordUpload(viewer, { ...stored, mediaType }, { name: null, listed: false });
}

interface Parts {
  readonly options: UploadsOptions;
  readonly store: UploadStore;
  readonly finisher: Finisher;
  readonly turns: UploadTurns;
  readonly tus: TusServer;
}

function addRoutes(routes: RouteTable, parts: Parts): void {
  const { tus, turns } = parts;
  routes.add('public', 'OPTIONS', uploadsPath, ({ req }) => tus.describe(req.raw));
  routes.add('public', 'OPTIONS', `${uploadsPath}/:id`, ({ req }) => tus.describe(req.raw));
  routes.add('member', 'POST', uploadsPath, async ({ req }, person) => {
    if (!speaksTus(req.raw)) return otherVersion();
    const { answer, id } = await tus.create(req.raw, person);
    if (id !== undefined && answer.status === 507) await forget(parts, id);
    else if (id !== undefined) await tidy(parts, id);
    return answer;
  });
  const turnOf = new WeakMap<Request, Turn>();
  const arrived = ({ req }: Context) => {
    const turn = turns.arrive(req.param('id') ?? '');
    turnOf.set(req.raw, turn);
    return () => turn.leave();
  };
  const answer = ({ req }: Context, person: Person) => {
    const { raw } = req;
    const id = req.param('id') ?? '';
    return answerAbout(parts, { raw, id, method: methodOf(raw), person, turn: turnOf.get(raw) });
  };
  for (const method of ['POST', 'HEAD', 'PATCH', 'DELETE']) routes.add('member', method, `${uploadsPath}/:id`, answer, undefined, arrived);
}

/** Of an upload that was called off, or whose bytes a full disk has taken away with it. */
async function forget({ options, store }: Parts, id: string): Promise<void> {
  await forgetUpload(options.database, id);
  await store.forget(id);
}

interface AboutUpload {
  readonly raw: Request;
  /** The one that is checked and the only one that is used. */
  readonly id: string;
  readonly method: string;
  readonly person: Person;
  readonly turn: Turn | undefined;
}

async function answerAbout(parts: Parts, request: AboutUpload): Promise<Response> {
  const { options, tus } = parts;
  const { id, method, person } = request;
  const row = await ownUpload(options.database, person, id);
  if (!speaksTus(request.raw)) return otherVersion();
  if (!['HEAD', 'PATCH', 'DELETE'].includes(method)) {
    throw new AtelierError('not-found', 'An upload knows HEAD, PATCH and DELETE.', {
      hint: 'A POST names one of them in X-HTTP-Method-Override; a new upload is made at /api/uploads.',
    });
  }
  if (hasEnded(row)) return answerEnded(row, request);
  const answer = await tus.handle(request).finally(() => tidy(parts, id));
  if ((method === 'DELETE' && answer.ok) || answer.status === 507) await forget(parts, id);
  if (answer.status !== 404 && answer.status !== 410) return answer;
  // It may have ended since it was looked up.
  const now = await ownUpload(options.database, person, id);
  return hasEnded(now) ? answerEnded(now, request) : answer;
}

/** All its bytes are here, and a client that lost the last answer learns so; what became of them is asked at its result. */
function answerEnded(row: UploadRow, { method, raw }: AboutUpload): Response {
  const size = String(row.sizeBytes ?? 0);
  const headers = new Headers({ 'tus-resumable': '1.0.0', 'cache-control': 'no-store', 'upload-offset': size });
  if (method === 'HEAD') {
    headers.set('upload-length', size);
    if (row.name !== null) headers.set('upload-metadata', `filename ${Buffer.from(row.name).toString('base64')}`);
    return new Response(null, { status: 200, headers });
  }
  if (method === 'PATCH' && raw.headers.get('upload-offset') === size) return new Response(null, { status: 204, headers });
  throw new AtelierError('conflict', 'The upload has ended.', { hint: 'Ask for its result; what it became is deleted in the gallery.' });
}

const speaksTus = (request: Request) => request.headers.get('tus-resumable') === '1.0.0';

/** What the protocol asks for where a client speaks another version, or does not say which. */
function otherVersion(): Response {
  const headers = { 'tus-version': '1.0.0', 'tus-resumable': '1.0.0' };
  return new Response('Send the header Tus-Resumable: 1.0.0.\n', { status: 412, headers });
}

/** Some clients and proxies know neither PATCH nor DELETE: the protocol lets them send a POST that names the method. */
function methodOf(request: Request): string {
  const named = request.method === 'POST' ? request.headers.get('x-http-method-override') : null;
  return named?.toUpperCase() ?? request.method;
}

/** Once the answer is made, bytes of an upload that has ended are not needed any more. */
async function tidy({ options, store }: Parts, id: string): Promise<void> {
  if (!(await isOpen(options.database, id))) await store.forget(id);
}

/** Forgets uploads that nobody finished within a day, and bytes that belong to none. */
async function sweep({ database, log }: UploadsOptions, store: UploadStore, folder: string): Promise<void> {
  try {
    // Listed first: what is begun meanwhile has its row before its file.
    const files = await readdir(folder);
    const open = await forgetOld(database, new Date(Date.now() - unfinishedLivesMs));
    const ids = new Set(files.map((file) => file.replace(/\.json$/, '')));
    for (const id of ids) if (store.isName(id) && !open.has(id)) await store.forget(id);
  } catch (err) {
    log.warn({ err }, 'Old uploads could not be swept.');
  }
}
