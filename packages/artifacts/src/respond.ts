import { Readable } from 'node:stream';
import { safeMediaType } from '@atelier/protocol';
import { parseRange } from './range.ts';
import type { ArtifactStore } from './store.ts';

export interface RespondOptions {
  /** What the reader is told the bytes are; never guessed here. */
  readonly mediaType?: string | undefined;
  /** Further headers, such as `content-disposition`. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
}

/** Bytes that can be sent in part, wherever they come from. */
export interface ByteSource {
  readonly sizeBytes: number;
  /** Another one for other bytes, always; without its quotation marks. */
  readonly etag: string;
  /** @param range first and last byte, both counted; the last is one before the first where there is nothing to read */
  open(range: { readonly start: number; readonly end: number }): Promise<Readable>;
}

/**
 * Answers `GET` or `HEAD` for an artifact, with ranges (RFC 9110). Permission must be checked before.
 * The store is only asked for bytes when they are sent, so an answer to `HEAD` reads nothing.
 * @throws AtelierError `not-found` if the bytes are missing or damaged
 * @example app.get('/artifacts/:hash', (c) => artifactResponse(store, c.req.param('hash'), c.req.raw));
 */
export async function artifactResponse(store: ArtifactStore, hash: string, request: Request, options: RespondOptions = {}): Promise<Response> {
  return byteResponse(await artifactSource(store, hash), request, options);
}

/** An artifact as it is. @throws AtelierError `not-found` */
export async function artifactSource(store: ArtifactStore, hash: string): Promise<ByteSource> {
  // Opens the whole stream first where the hash is unknown: the store's own error is the answer then.
  const sizeBytes = (await store.size(hash)) ?? (await missingSize(store, hash));
  return { sizeBytes, etag: hash, open: (range) => store.get(hash, range) };
}

/** Answers `GET` or `HEAD` for any bytes, with ranges, conditions and what keeps a browser from guessing. */
export async function byteResponse(source: ByteSource, request: Request, options: RespondOptions = {}): Promise<Response> {
  const { sizeBytes } = source;
  const etag = `"${source.etag}"`;
  const headers = new Headers({
    'accept-ranges': 'bytes',
    // An older release kept whatever it was told: that must neither fail here nor put anything into the answer.
    'content-type': safeMediaType(options.mediaType ?? 'application/octet-stream'),
    // The name is the content: it may be kept for ever, but only by the one reader who had permission.
    'cache-control': 'private, max-age=31536000, immutable',
    'x-content-type-options': 'nosniff',
    etag,
    ...options.headers,
  });
  if (request.headers.get('if-none-match')?.includes(etag)) return new Response(null, { status: 304, headers });
  // If-Range with another name: the reader holds a part of other bytes and gets everything.
  const ifRange = request.headers.get('if-range');
  const range = ifRange === null || ifRange === etag ? parseRange(request.headers.get('range'), sizeBytes) : undefined;
  if (range === 'unsatisfiable') {
    headers.set('content-range', `bytes */${sizeBytes}`);
    return new Response(null, { status: 416, headers });
  }
  const { start, end } = range ?? { start: 0, end: sizeBytes - 1 };
  headers.set('content-length', String(end - start + 1));
  if (range) headers.set('content-range', `bytes ${start}-${end}/${sizeBytes}`);
  const body = request.method === 'HEAD' ? null : (Readable.toWeb(await source.open({ start, end })) as ReadableStream<Uint8Array>);
  return new Response(body, { status: range ? 206 : 200, headers });
}

async function missingSize(store: ArtifactStore, hash: string): Promise<number> {
  (await store.get(hash)).destroy();
  return (await store.size(hash)) ?? 0;
}
