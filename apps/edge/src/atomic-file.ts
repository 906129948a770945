import { randomUUID } from 'node:crypto';
import { open, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';

/** Writes a file of mode 0600 so that after a power cut either the old or the new one is there whole. */
export async function writeAtomically(path: string, text: string): Promise<void> {
  await replaceFile(path, text, { flush: true });
  await syncFolderOf(path);
}

/** Writes a file of mode 0600 so that at any moment either the old or the new one is there whole. It does not wait for the disk. */
export async function replaceFile(path: string, text: string, options: { flush?: boolean } = {}): Promise<void> {
  const temporary = `${path}.${randomUUID()}.tmp`;
  try {
    await writeFile(temporary, text, { flag: 'wx', mode: 0o600, ...options });
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}

/** Makes the entry of a new or renamed file durable. */
async function syncFolderOf(path: string): Promise<void> {
  if (process.platform === 'win32') return;
  const folder = await open(dirname(path), 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

/** A file's text, or undefined if there is none. */
export async function readIfThere(path: string): Promise<string | undefined> {
  return readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
}
