import { Readable } from 'node:stream';
import { parseRange } from './range.ts';
import type { ArtifactStore } from './store.ts';

export interface RespondOptions {
  /** What the reader is told the bytes are; never guessed here. */
  readonly mediaType?: string | undefined;
  /** Further headers, such as `content-disposition`. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
}

/**
 * Answers `GET` or `HEAD` for an artifact, with ranges (RFC 9110). Permission must be checked before.
 * The store is only asked for bytes when they are sent, so an answer to `HEAD` reads nothing.
 * @throws AtelierError `not-found` where the bytes are missing or damaged
 * @example app.get('/artifacts/:hash', (c) => artifactResponse(store, c.req.param('hash'), c.req.raw));
 */
export async function artifactResponse(store: ArtifactStore, hash: string, request: Request, options: RespondOptions = {}): Promise<Response> {
  // Opens the whole stream first where the hash is unknown: the store's own error is the answer then.
  const sizeBytes = (await store.size(hash)) ?? (await missingSize(store, hash));
  const headers = new Headers({
    'accept-ranges': 'bytes',
    'content-type': options.mediaType ?? 'application/octet-stream',
    // The name is the content: it may be kept for ever, but only by the one reader who had permission.
    'cache-control': 'private, max-age=31536000, immutable',
    'x-content-type-options': 'nosniff',
    etag: `"${hash}"`,
    ...options.headers,
  });
  if (request.headers.get('if-none-match')?.includes(`"${hash}"`)) return new Response(null, { status: 304, headers });
  // If-Range with another name: the reader holds a part of other bytes and gets everything.
  const ifRange = request.headers.get('if-range');
  const range = ifRange === null || ifRange === `"${hash}"` ? parseRange(request.headers.get('range'), sizeBytes) : undefined;
  if (range === 'unsatisfiable') {
    headers.set('content-range', `bytes */${sizeBytes}`);
    return new Response(null, { status: 416, headers });
  }
  const { start, end } = range ?? { start: 0, end: sizeBytes - 1 };
  headers.set('content-length', String(end - start + 1));
  if (range) headers.set('content-range', `bytes ${start}-${end}/${sizeBytes}`);
  const body = request.method === 'HEAD' ? null : (Readable.toWeb(await store.get(hash, { start, end })) as ReadableStream<Uint8Array>);
  return new Response(body, { status: range ? 206 : 200, headers });
}

async function missingSize(store: ArtifactStore, hash: string): Promise<number> {
  (await store.get(hash)).destroy();
  return (await store.size(hash)) ?? 0;
}
