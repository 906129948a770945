import { randomUUID } from 'node:crypto';
import { mkdir, readFile, rename, stat, unlink, utimes, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';

const beatMs = 2_000;
const staleAfterMs = 20_000;

/**
 * Runs `work` while holding a lock file that other processes on this machine respect; waits for it first.
 * A holder that was killed is noticed by its process id, one that hangs by its missing beats. Should two ever hold it at once, then
 * both only do the same work twice: what the lock guards here is verified by hash and finished by rename.
 */
export async function withLock<T>(file: string, signal: AbortSignal, work: () => Promise<T>): Promise<T> {
  await mkdir(dirname(file), { recursive: true });
  const mark = JSON.stringify({ pid: process.pid, token: randomUUID() });
  while (!(await take(file, mark))) await pause(100, undefined, { signal });
  const beat = setInterval(() => utimes(file, new Date(), new Date()).catch(() => undefined), beatMs);
  beat.unref();
  try {
    return await work();
  } finally {
    clearInterval(beat);
    if ((await readMark(file)) === mark) await unlink(file).catch(() => undefined);
  }
}

async function take(file: string, mark: string): Promise<boolean> {
  try {
    await writeFile(file, mark, { flag: 'wx' });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
  const found = await readMark(file);
  if (found === undefined || !(await isStale(file, found))) return false;
  // Renaming is atomic: of several that see the same dead holder, one wins.
  const aside = `${file}.${randomUUID()}`;
  const moved = await rename(file, aside).then(
    () => true,
    () => false,
  );
  if (moved) await unlink(aside).catch(() => undefined);
  return false;
}

async function readMark(file: string): Promise<string | undefined> {
  return readFile(file, 'utf8').catch(() => undefined);
}

async function isStale(file: string, mark: string): Promise<boolean> {
  const status = await stat(file).catch(() => undefined);
  if (!status) return false;
  const ageMs = Date.now() - status.mtimeMs;
  const pid = Number(/"pid":(\d+)/.exec(mark)?.[1] ?? 0);
  // A file without a whole mark was just made, or its maker was killed while writing it.
  if (pid === 0) return ageMs > beatMs;
  return !isAlive(pid) || ageMs > staleAfterMs;
}

/** Whether a process of this machine lives. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
