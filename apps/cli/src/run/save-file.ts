import { createHash } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import { basename } from 'node:path';
import { Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { AtelierClient } from '@atelier/client';
import { AtelierError, type OutputView } from '@atelier/protocol';

/** A file as it lies on the disk. */
export interface SavedFile {
  readonly sha256: string;
  readonly sizeBytes: number;
}

/**
 * Downloads one output to a file, which is there whole or not at all. Where the answer is the artifact itself it is checked against its hash; where
 * a recipe was put into it on the way, its length is.
 * @throws AtelierError `hash-mismatch`, `disk-full`
 */
export async function saveOutput(client: AtelierClient, output: Pick<OutputView, 'id' | 'hash'>, target: string): Promise<SavedFile> {
  const response = await client.download(output.id);
  return saveResponse(response, target, response.headers.get('etag') === `"${output.hash}"` ? output.hash : undefined);
}

/**
 * Writes an answer to a file, which is there whole or not at all.
 * @param hash SHA-256 that the bytes must have
 * @throws AtelierError `hash-mismatch`, `download-failed` if its end is missing
 */
export async function saveResponse({ body, headers }: Response, target: string, hash?: string): Promise<SavedFile> {
  const part = `${target}.${process.pid}.part`;
  const digest = createHash('sha256');
  let sizeBytes = 0;
  const watch = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      digest.update(chunk);
      sizeBytes += chunk.length;
      done(null, chunk);
    },
  });
  try {
    await pipeline(body ? Readable.fromWeb(body as import('node:stream/web').ReadableStream) : Readable.from([]), watch, createWriteStream(part));
    const length = headers.get('content-encoding') === null ? headers.get('content-length') : null;
    if (length !== null && Number(length) !== sizeBytes) throw new AtelierError('download-failed', `${basename(target)} broke off on its way.`);
    const sha256 = digest.digest('hex');
    if (hash !== undefined && sha256 !== hash) {
      throw new AtelierError('hash-mismatch', `${basename(target)} came with other bytes than its name says.`, {
        hint: 'Get it again with: atelier runs get.',
      });
    }
    await rename(part, target);
    return { sha256, sizeBytes };
  } catch (thrown) {
    await rm(part, { force: true });
    throw AtelierError.from(thrown);
  }
}
