import { Readable } from 'node:stream';
import { AtelierError } from '@atelier/protocol';

/** A request or an answer of `fetch`, or bytes as they come: Node's incoming messages, streams of files. */
export type Body = Pick<Response, 'body' | 'headers'> | AsyncIterable<Uint8Array | string>;

/**
 * A body piece by piece. A length that is announced over the bound is refused before anything is read, and what comes over the
 * bound without being announced is refused when it comes; the connection is then let go.
 * @param mostBytes the bound, in bytes after any content coding was undone @param what names it in the error, such as "The body"
 * @throws AtelierError `too-large`; whatever the stream itself throws
 */
export async function* bounded(source: Body, mostBytes: number, what = 'The body'): AsyncGenerator<Uint8Array<ArrayBuffer>, void, void> {
  const stream = 'body' in source ? source.body : source;
  if (stream === null) return;
  if ('body' in source && Number(source.headers.get('content-length') ?? 0) > mostBytes) {
    // Who sent it may be gone already.
    await source.body?.cancel().catch(() => undefined);
    throw tooLarge(what, mostBytes);
  }
  let sizeBytes = 0;
  for await (const piece of stream as AsyncIterable<Uint8Array<ArrayBuffer> | string>) {
    const chunk = typeof piece === 'string' ? Buffer.from(piece) : piece;
    sizeBytes += chunk.byteLength;
    // Leaving the loop ends the stream, and with it the connection.
    if (sizeBytes > mostBytes) throw tooLarge(what, mostBytes);
    yield chunk;
  }
}

/** A body's bytes: at most one piece of the network above the bound is ever in memory. @throws AtelierError as {@link bounded} */
export async function readBytes(source: Body, mostBytes: number, what?: string): Promise<Buffer<ArrayBuffer>> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of bounded(source, mostBytes, what)) chunks.push(chunk);
  return Buffer.concat(chunks);
}

/** A body as UTF-8 text, without a byte order mark. @throws AtelierError as {@link readBytes} */
export async function readText(source: Body, mostBytes: number, what?: string): Promise<string> {
  return new TextDecoder().decode(await readBytes(source, mostBytes, what));
}

/**
 * A body as JSON; what it holds is for the caller's schema to say.
 * @throws AtelierError `too-large`, `invalid-input` if it is not JSON
 */
export async function readJson(source: Body, mostBytes: number, what = 'The body'): Promise<unknown> {
  const text = await readText(source, mostBytes, what);
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new AtelierError('invalid-input', `${what} is not valid JSON.`, { cause });
  }
}

/** A `fetch` for libraries that read answers themselves: an answer over the bound breaks off. */
export function boundedFetch(mostBytes: number, what: string): typeof fetch {
  return async (input, init) => {
    const { body, headers, status, statusText } = await fetch(input, init);
    const pieces = body === null ? null : Readable.toWeb(Readable.from(bounded({ body, headers }, mostBytes, what), { objectMode: false }));
    return new Response(pieces as BodyInit | null, { status, statusText, headers });
  };
}

function tooLarge(what: string, mostBytes: number): AtelierError {
  return new AtelierError('too-large', `${what} may have at most ${mostBytes} bytes.`);
}
