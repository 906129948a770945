import { createReadStream, createWriteStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { type Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createInflateRaw } from 'node:zlib';
import { AtelierError } from '@atelier/protocol';
import { list, type ReadEntry } from 'tar';
import yauzl from 'yauzl';

/** Where the bytes of a member of a ZIP lie in it. */
export interface MemberRange {
  readonly from: number;
  readonly length: number;
  readonly isDeflated: boolean;
}

/** Reads `length` bytes of an archive from `start`. */
export type ReadBytes = (start: number, length: number) => Promise<Readable>;

class Reader extends yauzl.RandomAccessReader {
  readonly #read: ReadBytes;
  constructor(read: ReadBytes) {
    super();
    this.#read = read;
  }
  override _readStreamForRange(start: number, end: number): Readable {
    const pass = new Transform({ transform: (chunk, _encoding, done) => done(null, chunk) });
    this.#read(start, end - start).then(
      (stream) => pipeline(stream, pass).catch((error) => pass.destroy(error)),
      (error) => pass.destroy(error),
    );
    return pass;
  }
}

/**
 * Finds a member of a ZIP through its central directory.
 * @param sizeBytes of the whole archive
 * @throws AtelierError `download-failed` if there is no such member
 */
export async function findMember(read: ReadBytes, sizeBytes: number, path: string, where: string): Promise<MemberRange> {
  const zip = await yauzl.fromRandomAccessReaderPromise(new Reader(read), sizeBytes, { lazyEntries: true, autoClose: false });
  try {
    for await (const entry of zip.eachEntry()) {
      if (entry.fileName !== path) continue;
      if (entry.compressionMethod !== 0 && entry.compressionMethod !== 8) throw noMember(path, where, 'is packed by a method that is not known here');
      const { fileDataStart } = await zip.readLocalFileHeaderPromise(entry, { minimal: true });
      return { from: fileDataStart, length: entry.compressedSize, isDeflated: entry.compressionMethod === 8 };
    }
  } finally {
    zip.close();
  }
  throw noMember(path, where, 'is not in it');
}

/** Writes one member of a ZIP on this disk. */
export async function extractFromZip(archive: string, path: string, sizeBytes: number, out: string, where: string): Promise<void> {
  const read = async (start: number, length: number) => createReadStream(archive, { start, end: start + length - 1 });
  const member = await findMember(read, (await stat(archive)).size, path, where);
  const bytes = await read(member.from, member.length);
  if (member.isDeflated) await inflate(bytes, sizeBytes, out, where);
  else await pipeline(bytes, atMost(sizeBytes, where), createWriteStream(out));
}

/** Unpacks a deflated member. Of damaged bytes it writes what could be unpacked, whose hash then fails and says which file it is. */
export async function inflate(bytes: Readable, sizeBytes: number, out: string, where: string): Promise<void> {
  await pipeline(bytes, createInflateRaw(), atMost(sizeBytes, where), createWriteStream(out)).catch((error: NodeJS.ErrnoException) => {
    if (!error.code?.startsWith('Z_')) throw error;
  });
}

/** Writes one member of a .tar.gz, whose path is counted from inside its single top folder. */
export async function extractFromTar(archive: string, path: string, sizeBytes: number, out: string, where: string): Promise<void> {
  let writing: Promise<void> | undefined;
  await list({
    file: archive,
    strict: true,
    filter: (name) => writing === undefined && name.slice(name.indexOf('/') + 1) === path,
    onReadEntry: (entry: ReadEntry) => {
      writing = pipeline(entry as unknown as Readable, atMost(sizeBytes, where), createWriteStream(out));
      writing.catch(() => undefined);
    },
  });
  if (writing === undefined) throw noMember(path, where, 'is not in it');
  await writing;
}

/** Lets through no more bytes than a manifest says, so that a small archive cannot fill a disk. */
function atMost(sizeBytes: number, where: string): Transform {
  let seen = 0;
  return new Transform({
    transform: (chunk: Uint8Array, _encoding, done) => {
      seen += chunk.length;
      if (seen > sizeBytes) done(new AtelierError('hash-mismatch', `${where} holds more than the ${sizeBytes} bytes that the manifest says.`));
      else done(null, chunk);
    },
  });
}

function noMember(path: string, where: string, why: string): AtelierError {
  return new AtelierError('download-failed', `${where}: ${path} ${why}.`, { hint: 'Check the source in the manifest.' });
}
