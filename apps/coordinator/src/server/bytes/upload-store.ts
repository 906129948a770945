import { createWriteStream } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { DiskReserve } from '@atelier/artifacts';
import { AtelierError } from '@atelier/protocol';
import { FileStore } from '@tus/file-store';

/** The tus file store, telling a full disk from other trouble. What filled the disk is deleted, so that there is room again. */
export class UploadStore extends FileStore {
  readonly #reserve: DiskReserve;

  /** @param options.livesMs how long an upload that nobody goes on with is kept */
  constructor(directory: string, options: { livesMs: number; reserve: DiskReserve }) {
    super({ directory, expirationPeriodInMilliseconds: options.livesMs });
    this.#reserve = options.reserve;
  }

  /** @returns the new offset, when nothing more of it will be written @throws AtelierError `disk-full` */
  override async write(bytes: Readable, id: string, offset: number): Promise<number> {
    const file = createWriteStream(this.fileOf(id), { flags: 'r+', start: offset });
    const closed = new Promise<void>((resolve) => file.once('close', resolve));
    try {
      await pipeline(bytes, (source: AsyncIterable<Uint8Array>) => this.#reserve.guard(source), file);
    } catch (cause) {
      await closed;
      const error = AtelierError.from(cause);
      if (error.code === 'disk-full') await this.forget(id);
      throw error.code === 'internal' ? cause : error;
    }
    await closed;
    return offset + file.bytesWritten;
  }

  /** @throws AtelierError `internal` for what is no id, since a name from outside must not become a path */
  fileOf(id: string): string {
    if (!this.isName(id)) throw new AtelierError('internal', 'An upload has an id of another form.');
    return join(this.directory, id);
  }

  isName(id: string): boolean {
    return /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(id);
  }

  async isWhole(id: string): Promise<boolean> {
    const found = await this.getUpload(id).catch(() => undefined);
    return found?.size !== undefined && found.offset === found.size;
  }

  /** Deletes whatever is held of an upload; nothing may be. */
  async forget(id: string): Promise<void> {
    await rm(this.fileOf(id), { force: true });
    await rm(`${this.fileOf(id)}.json`, { force: true });
  }
}
