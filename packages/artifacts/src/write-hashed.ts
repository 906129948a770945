import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import { AtelierError } from '@atelier/protocol';
import type { PutOptions, StoredArtifact } from './store.ts';

/** What written bytes outlive: the end of this process, or also the loss of power, which costs some milliseconds of waiting for the disk. */
export type Endures = 'process end' | 'power cut';

/** Bytes that are written at once: for each write a thread is asked and answers, which costs more than writing a network's chunk. */
const bytesAtOnce = 512 * 1024;

/**
 * Writes bytes to a new file, hashing them on the way, and returns once they endure what was asked for. The disk writes while the next
 * bytes are read and hashed; at most 1 MiB and two chunks wait in memory. The file stays behind on an error: its owner deletes it.
 * @param bytes chunks that nobody changes later
 * @throws AtelierError `hash-mismatch`, `too-large`; Node's error if the disk fails
 */
export async function writeHashed(bytes: AsyncIterable<Uint8Array>, path: string, options: PutOptions, endures: Endures): Promise<StoredArtifact> {
  const hash = createHash('sha256');
  let sizeBytes = 0;
  const handle = await open(path, 'wx', 0o600);
  const writer = new BatchWriter(handle);
  try {
    for await (const chunk of bytes) {
      sizeBytes += chunk.byteLength;
      if (options.maxBytes !== undefined && sizeBytes > options.maxBytes) {
        throw new AtelierError('too-large', `More than ${options.maxBytes} bytes were sent.`, { hint: 'Send less, or say the right size.' });
      }
      hash.update(chunk);
      await writer.add(chunk);
    }
    await writer.end();
    if (endures === 'power cut') await handle.sync();
  } finally {
    await writer.settled();
    await handle.close();
  }
  const digest = hash.digest('hex');
  if (options.expectedHash !== undefined && digest !== options.expectedHash) {
    throw new AtelierError('hash-mismatch', `Bytes that should be ${options.expectedHash} are ${digest}.`, {
      hint: 'They were damaged on the way; send them again.',
    });
  }
  return { hash: digest, sizeBytes };
}

/** Writes chunks in batches, one batch while the next is collected. */
class BatchWriter {
  readonly #handle: FileHandle;
  #batch: Uint8Array[] = [];
  #batchBytes = 0;
  #writing: Promise<void> = Promise.resolve();

  constructor(handle: FileHandle) {
    this.#handle = handle;
  }

  /** Waits if a whole batch waits already. @throws Node's error of an earlier batch */
  async add(chunk: Uint8Array): Promise<void> {
    this.#batch.push(chunk);
    this.#batchBytes += chunk.byteLength;
    if (this.#batchBytes >= bytesAtOnce) await this.#begin();
  }

  /** @throws Node's error if any batch could not be written */
  async end(): Promise<void> {
    await this.#begin();
    await this.#writing;
  }

  /** When nothing more is being written, whatever came of it. */
  async settled(): Promise<void> {
    await this.#writing.catch(() => undefined);
  }

  async #begin(): Promise<void> {
    await this.#writing;
    this.#writing = writeWhole(this.#handle, this.#batch);
    // Whoever adds next, or ends, is told.
    this.#writing.catch(() => undefined);
    this.#batch = [];
    this.#batchBytes = 0;
  }
}

/** A disk may take a part of what it is given. */
async function writeWhole(handle: FileHandle, chunks: readonly Uint8Array[]): Promise<void> {
  let left = chunks.filter(({ byteLength }) => byteLength > 0);
  while (left.length > 0) {
    let { bytesWritten } = await handle.writev(left);
    const at = left.findIndex(({ byteLength }) => {
      if (bytesWritten < byteLength) return true;
      bytesWritten -= byteLength;
      return false;
    });
    left = at < 0 ? [] : [(left[at] as Uint8Array).subarray(bytesWritten), ...left.slice(at + 1)];
  }
}

/** The SHA-256 of a file, in hexadecimal. */
export async function hashFile(path: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(path, { highWaterMark: 1024 * 1024 }), hash);
  return hash.digest('hex');
}

/** Makes a folder's entries durable. Windows has no such call and needs none. */
export async function syncFolder(path: string): Promise<void> {
  if (process.platform === 'win32') return;
  const handle = await open(path, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
