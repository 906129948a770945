import { readText } from '@atelier/bounded-body';
import { AtelierError, limits } from '@atelier/protocol';
import { AwsClient } from 'aws4fetch';
import { s3Error } from './s3-error.ts';
import type { S3Settings } from './settings.ts';

/** An object of a bucket as its list tells it. */
export interface S3Object {
  readonly key: string;
  readonly sizeBytes: number;
  readonly changedAt: Date;
}

/** Bytes of a request, and their SHA-256, which the server compares. */
export interface S3Body {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly sha256: string;
}

/** The few requests of the S3 API (version 2006-03-01) that a store needs, addressed by path and signed with Signature Version 4. */
export interface S3Client {
  /** @throws AtelierError for all: `unavailable`, `disk-full`, `not-found` */
  put(key: string, body: S3Body, mediaType: string): Promise<void>;
  /** Begins an upload in parts. @returns its id */
  begin(key: string, mediaType: string): Promise<string>;
  /** @param number from 1 @returns the part's ETag */
  part(key: string, uploadId: string, number: number, body: S3Body): Promise<string>;
  /** @param etags of all parts in order */
  complete(key: string, uploadId: string, etags: readonly string[]): Promise<void>;
  abort(key: string, uploadId: string): Promise<void>;
  /** Uploads under a prefix that were begun and neither completed nor aborted. */
  unfinished(prefix: string): Promise<{ key: string; uploadId: string }[]>;
  get(key: string): Promise<ReadableStream<Uint8Array>>;
  /** Its size in bytes, or null if there is none. */
  size(key: string): Promise<number | null>;
  copy(from: string, to: string): Promise<void>;
  delete(key: string): Promise<void>;
  list(prefix: string): AsyncGenerator<S3Object>;
}

/** Until the head of an answer is there, with what is sent before it: a part has 8 MiB. What follows may take as long as it flows. */
const answerMs = 120_000;
const retries = 3;

interface Sent {
  readonly query?: string;
  readonly body?: Uint8Array<ArrayBuffer> | string;
  readonly headers?: Record<string, string>;
}

/** @param deadline a new signal for each request, which ends the waiting for the head of its answer */
export function s3Client(settings: S3Settings, deadline = () => AbortSignal.timeout(answerMs)): S3Client {
  const { endpoint, bucket, region, accessKeyId, secretAccessKey, sessionToken } = settings;
  const aws = new AwsClient({ service: 's3', region, accessKeyId, secretAccessKey, retries, ...(sessionToken ? { sessionToken } : {}) });
  const address = (key: string, query = '') => `${endpoint}/${bucket}/${key.split('/').map(encodeURIComponent).join('/')}${query}`;
  const send = async (method: string, key: string, { query, body, headers }: Sent = {}): Promise<Response> => {
    const request = { method, ...(body === undefined ? {} : { body }), ...(headers ? { headers } : {}) };
    const answer = await untilHead(deadline(), (signal) => aws.fetch(address(key, query), { ...request, signal })).catch((thrown: unknown) => {
      throw new AtelierError('unavailable', `The storage at ${new URL(endpoint).host} does not answer.`, {
        hint: 'Look at the server and the network; nothing was lost.',
        cause: thrown,
      });
    });
    if (answer.ok) return answer;
    throw await s3Error(answer, bucket);
  };
  const text = async (method: string, key: string, sent: Sent) => readText(await send(method, key, sent), limits.storageAnswerBytes, "The storage's answer");
  const done = async (method: string, key: string, sent: Sent = {}) => void (await text(method, key, sent));
  return {
    put: (key, { bytes, sha256 }, mediaType) => done('PUT', key, { body: bytes, headers: { 'content-type': mediaType, 'x-amz-content-sha256': sha256 } }),
    begin: async (key, mediaType) => needTag(await text('POST', key, { query: '?uploads=', headers: { 'content-type': mediaType } }), 'UploadId'),
    async part(key, uploadId, number, { bytes, sha256 }) {
      const query = `?partNumber=${number}&uploadId=${encodeURIComponent(uploadId)}`;
      const answer = await send('PUT', key, { query, body: bytes, headers: { 'x-amz-content-sha256': sha256 } });
      await answer.body?.cancel();
      return answer.headers.get('etag') ?? '';
    },
    async complete(key, uploadId, etags) {
      const parts = etags.map((etag, index) => `<Part><PartNumber>${index + 1}</PartNumber><ETag>${etag.replaceAll('&', '&amp;')}</ETag></Part>`);
      const body = `<CompleteMultipartUpload>${parts.join('')}</CompleteMultipartUpload>`;
      const answer = await text('POST', key, { query: `?uploadId=${encodeURIComponent(uploadId)}`, body });
      // This one request may begin to answer 200 and fail afterwards.
      if (answer.includes('<Error>')) throw new AtelierError('unavailable', `The storage could not put the parts together: ${tags(answer, 'Code')[0]}.`);
    },
    abort: (key, uploadId) => done('DELETE', key, { query: `?uploadId=${encodeURIComponent(uploadId)}` }),
    async unfinished(prefix) {
      const answer = await text('GET', '', { query: `?uploads=&prefix=${encodeURIComponent(prefix)}` });
      const [keys, ids] = [tags(answer, 'Key'), tags(answer, 'UploadId')];
      return keys.map((key, index) => ({ key, uploadId: ids[index] as string }));
    },
    async get(key) {
      const { body } = await send('GET', key);
      return body ?? new Blob([]).stream();
    },
    async size(key) {
      try {
        return Number((await send('HEAD', key)).headers.get('content-length'));
      } catch (thrown) {
        if (thrown instanceof AtelierError && thrown.code === 'not-found') return null;
        throw thrown;
      }
    },
    copy: (from, to) => done('PUT', to, { headers: { 'x-amz-copy-source': `/${bucket}/${from}` } }),
    delete: (key) => done('DELETE', key).catch(ignoreMissing),
    async *list(prefix) {
      let token: string | undefined;
      do {
        const next = token === undefined ? '' : `&continuation-token=${encodeURIComponent(token)}`;
        const answer = await text('GET', '', { query: `?list-type=2${next}&prefix=${encodeURIComponent(prefix)}` });
        for (const entry of tags(answer, 'Contents')) {
          yield { key: needTag(entry, 'Key'), sizeBytes: Number(needTag(entry, 'Size')), changedAt: new Date(needTag(entry, 'LastModified')) };
        }
        token = tags(answer, 'NextContinuationToken')[0];
      } while (token !== undefined);
    },
  };
}

/** A request whose deadline no longer counts once its answer has begun: fetch would cut off a large body too. */
async function untilHead(deadline: AbortSignal, ask: (signal: AbortSignal) => Promise<Response>): Promise<Response> {
  const giveUp = new AbortController();
  const stop = () => giveUp.abort(deadline.reason);
  deadline.addEventListener('abort', stop, { once: true });
  try {
    return await ask(giveUp.signal);
  } finally {
    deadline.removeEventListener('abort', stop);
  }
}

/** What stands between tags of a name. Our keys hold no character that XML would change. */
export function tags(xml: string, name: string): string[] {
  return [...xml.matchAll(new RegExp(`<${name}>([\\s\\S]*?)</${name}>`, 'g'))].map((match) => match[1] as string);
}

function needTag(xml: string, name: string): string {
  const [found] = tags(xml, name);
  if (found !== undefined) return found;
  throw new AtelierError('unavailable', `The storage's answer has no ${name}; it does not speak S3.`, { hint: 'Look at ATELIER_S3_ENDPOINT.' });
}

function ignoreMissing(error: unknown): void {
  if (!(error instanceof AtelierError) || error.code !== 'not-found') throw error;
}
