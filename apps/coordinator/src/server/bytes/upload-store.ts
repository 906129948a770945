import { createWriteStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { AtelierError } from '@atelier/protocol';
import { FileStore } from '@tus/file-store';

/** The tus file store, telling a full disk from other trouble. What filled the disk is deleted, so that there is room again. */
export class UploadStore extends FileStore {
  /** @returns the new offset @throws AtelierError `disk-full` */
  override async write(bytes: Readable, id: string, offset: number): Promise<number> {
    const file = this.fileOf(id);
    try {
      await pipeline(bytes, createWriteStream(file, { flags: 'r+', start: offset }));
      return (await stat(file)).size;
    } catch (cause) {
      const error = AtelierError.from(cause);
      if (error.code === 'disk-full') await this.remove(id);
      throw error.code === 'internal' ? cause : error;
    }
  }

  fileOf(id: string): string {
    return join(this.directory, id);
  }
}
