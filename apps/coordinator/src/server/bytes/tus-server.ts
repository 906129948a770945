import type { DiskReserve } from '@atelier/artifacts';
import { readText } from '@atelier/bounded-body';
import { AtelierError, keptName, limits, newId } from '@atelier/protocol';
import type { Database } from '@atelier/store';
import { Server, type Upload } from '@tus/server';
import type { Logger, Quota, Viewer } from '../../core/index.ts';
import { asAnswer, errorResponse } from '../api/answer-error.ts';
import { requestId } from '../request-id.ts';
import type { Finisher } from './finish-upload.ts';
import { beginUpload } from './upload-room.ts';
import { noteLength } from './upload-rows.ts';
import type { UploadStore } from './upload-store.ts';
import type { Turn, UploadTurns } from './upload-turns.ts';

export const uploadsPath = '/api/uploads';

export interface TusServerOptions {
  readonly database: Database;
  readonly store: UploadStore;
  readonly finisher: Finisher;
  readonly turns: UploadTurns;
  readonly log: Logger;
  readonly reserve: DiskReserve;
  readonly quota: Quota;
}

/** A request about an upload whose owner was checked. */
export interface TusRequest {
  readonly raw: Request;
  /** What tus does. A client may have sent another method and named this one in a header. */
  readonly method: string;
  /** The only id that is used: tus reads none from the address. */
  readonly id: string;
  readonly person: Viewer;
  readonly turn: Turn | undefined;
}

/** The protocol itself; who may do what is decided before it. */
export interface TusServer {
  /** What is spoken here. */
  describe(request: Request): Promise<Response>;
  /** @returns the answer, and the upload if one was made */
  create(request: Request, person: Viewer): Promise<{ answer: Response; id: string | undefined }>;
  handle(request: TusRequest): Promise<Response>;
}

/** What a request is, by the object that tus hands to its hooks. */
interface Job {
  readonly person: Viewer;
  readonly turn: Turn | undefined;
  id: string | undefined;
}

export function createTusServer(options: TusServerOptions): TusServer {
  const jobs = new WeakMap<object, Job>();
  const server = new Server({
    path: uploadsPath,
    datastore: options.store,
    relativeLocation: true,
    maxSize: limits.uploadBytes,
    // No page of another site may read an answer; our own pages need no permission.
    allowedOrigins: () => false,
    disableTerminationForFinishedUploads: true,
    namingFunction: () => newId(),
    getFileIdFromRequest: (request) => jobs.get(request)?.id,
    locker: (request) => options.turns.lockerFor(jobs.get(request)?.turn),
    ...hooks(options, (request) => jobOf(jobs, request)),
  });
  return {
    describe: (request) => server.handleWeb(new Request(request.url, { method: 'OPTIONS' })),
    async create(raw, person) {
      const job: Job = { person, turn: undefined, id: undefined };
      jobs.set(raw, job);
      return { answer: await server.handleWeb(raw), id: job.id };
    },
    handle({ raw, method, id, person, turn }) {
      const request = method === raw.method ? raw : withMethod(raw, method);
      jobs.set(request, { person, turn, id });
      return server.handleWeb(request);
    },
  };
}

function hooks({ database, finisher, log, quota, reserve }: TusServerOptions, jobOf: (request: object) => Job) {
  return {
    async onUploadCreate(request: object, created: Upload) {
      const job = jobOf(request);
      const name = keptName(created.metadata?.filename);
      await reserve.check(created.size ?? 0);
      await beginUpload(database, quota, { id: created.id, userId: job.person.id, name, sizeBytes: created.size ?? null });
      job.id = created.id;
      return {};
    },
    async onUploadFinish(request: object, done: Upload) {
      await noteLength(database.db, done.id, done.size ?? done.offset);
      await finisher.finish(jobOf(request).person, done.id);
      return {};
    },
    async onResponseError(_request: object, thrown: Error | { status_code: number; body: string }) {
      if (!(thrown instanceof Error)) return undefined;
      const error = asAnswer(thrown);
      if (error.code === 'internal') log.error({ err: thrown, requestId: requestId() }, 'An upload failed.');
      const answer = errorResponse(error);
      return { status_code: answer.status, body: await readText(answer, limits.jsonBytes) };
    },
  };
}

function jobOf(jobs: WeakMap<object, Job>, request: object): Job {
  const job = jobs.get(request);
  if (job) return job;
  throw new AtelierError('internal', 'An upload has no uploader.');
}

function withMethod(raw: Request, method: string): Request {
  const body = method === 'PATCH' ? { body: raw.body, duplex: 'half' } : {};
  return new Request(raw.url, { method, headers: raw.headers, signal: raw.signal, ...body } as RequestInit);
}
