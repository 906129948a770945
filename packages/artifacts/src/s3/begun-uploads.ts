import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** An upload in parts that was begun. */
export interface BegunUpload {
  readonly hash: string;
  readonly uploadId: string;
}

/** Uploads in parts that have not ended, noted in a folder, so that whoever starts next can abort what was left: parts cost room until somebody does. */
export interface BegunUploads {
  add(upload: BegunUpload): Promise<void>;
  remove(uploadId: string): Promise<void>;
  list(): Promise<BegunUpload[]>;
}

export async function begunUploads(folder: string): Promise<BegunUploads> {
  await mkdir(folder, { recursive: true });
  // Servers put all sorts of characters into their ids.
  const file = (uploadId: string) => join(folder, createHash('sha256').update(uploadId).digest('hex'));
  return {
    add: ({ hash, uploadId }) => writeFile(file(uploadId), `${hash} ${uploadId}`),
    remove: (uploadId) => rm(file(uploadId), { force: true }),
    async list() {
      const notes = await Promise.all((await readdir(folder)).map((name) => readFile(join(folder, name), 'utf8')));
      // A note that was cut off by the end of the process has no id.
      return notes.map((note) => ({ hash: note.slice(0, 64), uploadId: note.slice(65) })).filter(({ uploadId }) => uploadId !== '');
    },
  };
}
