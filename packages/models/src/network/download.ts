import { type FileHandle, mkdir, open, readFile, rm, stat, writeFile } from 'node:fs/promises';
import type { IncomingMessage } from 'node:http';
import { dirname } from 'node:path';
import { readBody } from './body.ts';
import { get, type Network } from './request.ts';
import { faultOf, Passing, type Patience, RangesRefused, withRetries } from './retry.ts';

/** Some bytes on a server: a whole file, or a part of one. */
export interface RemoteBytes {
  readonly url: URL;
  readonly network: Network;
  readonly headers: Readonly<Record<string, string>>;
  /** Where the bytes begin in the file. */
  readonly from: number;
  /** How many bytes are wanted, or undefined for all from there on. */
  readonly length: number | undefined;
}

export interface DownloadOptions extends Patience {
  /** @param received bytes in the part file @param total bytes it will have, if known */
  readonly onBytes: (received: number, total: number | undefined) => void;
}

/**
 * Fetches bytes into a part file and goes on where an earlier try, or an earlier process, stopped (RFC 9110, sections 13.1.5 and 14).
 * Bytes of a file that has changed on the server since are thrown away, if the server tells versions apart.
 * @throws AtelierError `download-failed`, `disk-full`, `cancelled`; {@link RangesRefused}
 */
export async function download(remote: RemoteBytes, part: string, options: DownloadOptions): Promise<void> {
  await mkdir(dirname(part), { recursive: true });
  await withRetries(
    remote.url,
    options,
    () => attempt(remote, part, options),
    () => sizeOf(part),
  );
}

/** One request; when it returns, the part file is whole. */
async function attempt(remote: RemoteBytes, part: string, options: DownloadOptions): Promise<void> {
  const state = await readState(part);
  const sameFile = state?.url === remote.url.href;
  const offset = sameFile ? await sizeOf(part) : 0;
  if (remote.length !== undefined && offset === remote.length) return;
  const response = await get(remote.url, remote.network, { headers: rangeHeaders(remote, offset, state?.validator), signal: options.signal });
  const body = readBody(response);
  try {
    const start = await startOf(response, remote, offset, part);
    if (start === 'complete') return;
    await writeFile(`${part}.json`, JSON.stringify({ url: remote.url.href, validator: validatorOf(response) }));
    const handle = await open(part, start === 0 ? 'w' : 'r+');
    try {
      await receive(response, body, handle, start, remote, options);
    } finally {
      await handle.close();
    }
  } finally {
    response.destroy();
  }
}

function rangeHeaders(remote: RemoteBytes, offset: number, validator: string | undefined): Record<string, string> {
  const first = remote.from + offset;
  const last = remote.length === undefined ? '' : remote.from + remote.length - 1;
  const isWhole = first === 0 && remote.length === undefined;
  return {
    ...remote.headers,
    ...(isWhole ? {} : { range: `bytes=${first}-${last}` }),
    ...(offset > 0 && validator ? { 'if-range': validator } : {}),
  };
}

/** Where in the part file the body begins. @throws what the status means */
async function startOf(response: IncomingMessage, remote: RemoteBytes, offset: number, part: string): Promise<number | 'complete'> {
  const status = response.statusCode ?? 0;
  const range = response.headers['content-range'] ?? '';
  if (status === 206) {
    if (Number(/^bytes (\d+)-/.exec(range)?.[1]) === remote.from + offset) return offset;
    throw new RangesRefused(`asked for byte ${remote.from + offset} and got "${range}"`);
  }
  if (status === 200) {
    if (remote.from > 0) throw new RangesRefused('the server sends whole files only');
    return 0;
  }
  if (status === 416) {
    if (offset > 0 && Number(/^bytes \*\/(\d+)$/.exec(range)?.[1]) === remote.from + offset) return 'complete';
    await rm(part, { force: true });
    throw new Passing('the file on the server is shorter than expected');
  }
  throw faultOf(remote.url, response);
}

async function receive(
  response: IncomingMessage,
  body: AsyncIterable<Uint8Array>,
  handle: FileHandle,
  start: number,
  remote: RemoteBytes,
  options: DownloadOptions,
): Promise<void> {
  const announced = response.headers['content-length'];
  const total = remote.length ?? (announced === undefined ? undefined : start + Number(announced));
  let position = start;
  options.onBytes(position, total);
  for await (const chunk of body) {
    const wanted = remote.length === undefined ? chunk : chunk.subarray(0, remote.length - position);
    let written = 0;
    while (written < wanted.length) written += (await handle.write(wanted, written, wanted.length - written, position + written)).bytesWritten;
    position += wanted.length;
    options.onBytes(position, total);
    if (remote.length !== undefined && position >= remote.length) break;
  }
  if (total !== undefined && position < total) throw new Passing(`the connection ended after ${position} of ${total} bytes`);
  await handle.sync();
}

/** What names this version of the file in If-Range: a strong ETag, else a date. */
function validatorOf(response: IncomingMessage): string | undefined {
  const tag = response.headers.etag;
  return tag !== undefined && !tag.startsWith('W/') ? tag : response.headers['last-modified'];
}

async function readState(part: string): Promise<{ url: string; validator?: string } | undefined> {
  try {
    return JSON.parse(await readFile(`${part}.json`, 'utf8'));
  } catch {
    return undefined; // None, or torn by a kill: then the download begins again.
  }
}

async function sizeOf(file: string): Promise<number> {
  return stat(file).then(
    ({ size }) => size,
    () => 0,
  );
}

/** Removes a part file and what is known of it. */
export async function dropPart(part: string): Promise<void> {
  await rm(part, { force: true });
  await rm(`${part}.json`, { force: true });
}
