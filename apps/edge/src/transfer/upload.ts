import { type ClientRequest, request as httpRequest, type IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { setTimeout as pause } from 'node:timers/promises';
import { type ArtifactStore, presentToken } from '@atelier/artifacts';
import { AtelierError } from '@atelier/protocol';
import { backoffMs } from '../link/backoff.ts';
import type { Target } from './credentials.ts';

export interface UploadOptions {
  readonly store: ArtifactStore;
  /** As it is now. @throws AtelierError `unavailable` before the first connection */
  target(): Target;
  /** Awaited before each chunk is sent. */
  pace(bytes: number): Promise<void> | undefined;
  readonly signal: AbortSignal;
}

const tries = 6;
const idleMs = 30_000;

/**
 * Brings bytes of this edge into the coordinator's store: `PUT /api/edge/artifacts/{hash}`. Where it is cut, it asks how much arrived
 * (`HEAD`, header `upload-offset`) and sends the rest (`Content-Range`); where that is not told, it begins again.
 * @throws AtelierError `not-found` if this edge does not hold the bytes, or the coordinator's refusal
 */
export async function uploadArtifact(hash: string, mediaType: string, options: UploadOptions): Promise<void> {
  const sizeBytes = await options.store.size(hash);
  if (sizeBytes === null) throw new AtelierError('not-found', `This edge does not hold ${hash}.`);
  let offset = 0;
  for (let attempt = 0; ; attempt++) {
    try {
      return await send({ hash, mediaType, sizeBytes, offset }, options);
    } catch (thrown) {
      options.signal.throwIfAborted();
      const error = asUploadError(thrown);
      if (!error.retryable || error.code === 'disk-full' || attempt + 1 >= tries) throw error;
      await pause(100 + backoffMs(attempt, Math.random()), undefined, { signal: options.signal });
      const arrived = await ask(hash, sizeBytes, options);
      if (arrived === 'whole') return;
      offset = arrived;
    }
  }
}

interface Part {
  readonly hash: string;
  readonly mediaType: string;
  readonly sizeBytes: number;
  readonly offset: number;
}

async function send({ hash, mediaType, sizeBytes, offset }: Part, options: UploadOptions): Promise<void> {
  const headers = {
    'content-type': mediaType,
    'content-length': String(sizeBytes - offset),
    ...(offset > 0 ? { 'content-range': `bytes ${offset}-${sizeBytes - 1}/${sizeBytes}` } : {}),
  };
  const bytes = await options.store.get(hash, { start: offset });
  const request = await open(hash, 'PUT', headers, options).catch((cause: unknown) => {
    bytes.destroy();
    throw cause;
  });
  const answer = answerOf(request);
  // An early refusal closes the connection while bytes are still being sent: the refusal is what counts.
  const sent = pipeline(Readable.from(paced(bytes, options)), request).catch(() => undefined);
  const { status, body } = await answer;
  await sent;
  if (status >= 200 && status < 300) return;
  throw refusal(status, body);
}

async function* paced(bytes: Readable, options: UploadOptions): AsyncGenerator<Buffer> {
  for await (const chunk of bytes as AsyncIterable<Buffer>) {
    const held = options.pace(chunk.byteLength);
    if (held) await held;
    yield chunk;
  }
}

/** How many bytes the coordinator holds of it. */
async function ask(hash: string, sizeBytes: number, options: UploadOptions): Promise<number | 'whole'> {
  try {
    const request = await open(hash, 'HEAD', {}, options);
    const answer = answerOf(request);
    request.end();
    const { status, headers } = await answer;
    if (status === 200 && Number(headers['content-length']) === sizeBytes) return 'whole';
    const offset = Number(headers['upload-offset'] ?? 0);
    return Number.isSafeInteger(offset) && offset > 0 && offset < sizeBytes ? offset : 0;
  } catch {
    return 0; // Not reachable now: the next try finds out.
  }
}

async function open(hash: string, method: string, headers: Record<string, string>, { target, signal }: UploadOptions): Promise<ClientRequest> {
  const { coordinatorUrl, sessionToken, prove } = target();
  const url = new URL(`/api/edge/artifacts/${hash}`, coordinatorUrl);
  const begin = url.protocol === 'https:' ? httpsRequest : httpRequest;
  const shown = await presentToken(prove, { method, url: url.href, token: sessionToken });
  const request = begin(url, { method, signal, headers: { ...headers, ...shown } });
  request.setTimeout(idleMs, () => request.destroy(new AtelierError('timeout', `The coordinator said nothing for ${idleMs / 1000} s.`)));
  return request;
}

interface Answer {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

function answerOf(request: ClientRequest): Promise<Answer> {
  return new Promise((resolve, reject) => {
    request.once('error', reject);
    request.once('response', (response) => {
      let body = '';
      response.setEncoding('utf8');
      response.on('data', (text: string) => {
        if (body.length < 10_000) body += text;
      });
      response.once('error', reject);
      response.once('end', () => resolve({ status: response.statusCode ?? 0, headers: response.headers, body }));
    });
  });
}

function refusal(status: number, body: string): AtelierError {
  let value: unknown;
  try {
    value = JSON.parse(body);
  } catch {
    value = undefined;
  }
  const known = AtelierError.from((value as { error?: unknown } | undefined)?.error ?? value);
  if (known.code !== 'internal') return known;
  return new AtelierError(status >= 500 ? 'unavailable' : 'download-failed', `The coordinator answered an upload with status ${status}.`);
}

function asUploadError(thrown: unknown): AtelierError {
  if (thrown instanceof AtelierError) return thrown;
  return new AtelierError('unavailable', `The coordinator could not be reached: ${thrown instanceof Error ? thrown.message : String(thrown)}.`, {
    cause: thrown,
  });
}
