import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import { AtelierError } from '@atelier/protocol';
import type { PutOptions, StoredArtifact } from './store.ts';

/** What written bytes outlive: the end of this process, or also the loss of power, which costs some milliseconds of waiting for the disk. */
export type Endures = 'process end' | 'power cut';

/**
 * Writes bytes to a new file, hashing them on the way, and returns once they endure what was asked for.
 * The file stays behind on an error: its owner deletes it.
 * @throws AtelierError `hash-mismatch`, `too-large`; Node's error where the disk fails
 */
export async function writeHashed(bytes: AsyncIterable<Uint8Array>, path: string, options: PutOptions, endures: Endures): Promise<StoredArtifact> {
  const hash = createHash('sha256');
  let sizeBytes = 0;
  const handle = await open(path, 'wx', 0o600);
  try {
    for await (const chunk of bytes) {
      sizeBytes += chunk.byteLength;
      if (options.maxBytes !== undefined && sizeBytes > options.maxBytes) {
        throw new AtelierError('too-large', `More than ${options.maxBytes} bytes were sent.`, { hint: 'Send less, or say the right size.' });
      }
      // The disk writes while this thread hashes.
      const writing = writeWhole(handle, chunk);
      hash.update(chunk);
      await writing;
    }
    if (endures === 'power cut') await handle.sync();
  } finally {
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

async function writeWhole(handle: FileHandle, chunk: Uint8Array): Promise<void> {
  for (let done = 0; done < chunk.byteLength; ) {
    const { bytesWritten } = await handle.write(chunk, done, chunk.byteLength - done);
    done += bytesWritten;
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
