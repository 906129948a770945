import { access, chmod, constants, mkdir, readFile, rm, stat } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { lockFolder } from '@atelier/folder-lock';
import { AtelierError, newId } from '@atelier/protocol';
import { writePrivateFile } from './server/private-file.ts';

/** Where the data lies unless told: ATELIER_DATA, else `atelier` under XDG_DATA_HOME or ~/.local/share. */
export function defaultDataFolder(environment: NodeJS.ProcessEnv = process.env): string {
  if (environment.ATELIER_DATA) return resolve(environment.ATELIER_DATA);
  return join(environment.XDG_DATA_HOME ?? join(homedir(), '.local', 'share'), 'atelier');
}

/** A data folder that this process holds alone. */
export interface DataFolder {
  readonly path: string;
  /** Its own name, made with it: other coordinators know by it that an earlier process here has ended. */
  readonly home: string;
  /** Writes `coordinator.json`, by which the command line finds us. */
  announce(url: string): Promise<void>;
  release(): Promise<void>;
}

/**
 * Makes the data folder where it is missing and takes it.
 * @throws AtelierError `forbidden` if it cannot be written, `conflict` if a living coordinator holds it
 */
export async function openDataFolder(folder: string): Promise<DataFolder> {
  const path = resolve(folder);
  await makePrivate(path);
  const lock = await lockFolder(path, 'coordinator');
  if (lock.kind === 'held') throw await taken(path, lock.pid);
  const announcement = join(path, 'coordinator.json');
  return {
    path,
    home: await homeOf(path),
    announce: (url) => writePrivateFile(announcement, `${JSON.stringify({ pid: process.pid, url, startedAt: new Date().toISOString() })}\n`),
    async release() {
      await rm(announcement, { force: true });
      await lock.release();
    },
  };
}

async function homeOf(path: string): Promise<string> {
  const file = join(path, 'coordinator-home');
  const known = (await readFile(file, 'utf8').catch(() => '')).trim();
  if (/^[0-9a-f-]{36}$/.test(known)) return known;
  const home = newId<string>();
  await writePrivateFile(file, `${home}\n`);
  return home;
}

async function makePrivate(path: string): Promise<void> {
  try {
    const made = await mkdir(path, { recursive: true, mode: 0o700 });
    if (made !== undefined) return;
    await access(path, constants.R_OK | constants.W_OK | constants.X_OK);
    // Passing through may stay allowed (0711): where root starts the embedded database, its account has to.
    if (((await stat(path)).mode & 0o066) !== 0) await chmod(path, 0o700);
  } catch (cause) {
    throw new AtelierError('forbidden', `The data folder ${path} cannot be written: ${(cause as Error).message}`, {
      hint: 'Give another folder with --data, or make this one writable.',
      cause,
    });
  }
}

async function taken(path: string, pid: number | null): Promise<AtelierError> {
  const text = await readFile(join(path, 'coordinator.json'), 'utf8').catch(() => '{}');
  const { url } = JSON.parse(text) as { url?: string };
  const where = url === undefined ? '' : ` at ${url}`;
  return new AtelierError('conflict', `Atelier runs with ${path} already${where}${pid === null ? '' : ` (process ${pid})`}.`, {
    hint: 'Use that one, stop it with: atelier stop, or give another folder with --data.',
  });
}
