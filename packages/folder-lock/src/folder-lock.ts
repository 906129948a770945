import { createHash, randomUUID } from 'node:crypto';
import { lstat, mkdir, rename, rm, rmdir, stat } from 'node:fs/promises';
import { connect, createServer, type Server } from 'node:net';
import { tmpdir, userInfo } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';

/** Whose folder it is; a folder may have one holder of each kind. */
export type LockKind = 'coordinator' | 'edge';

export interface FolderLock {
  readonly kind: 'taken';
  release(): Promise<void>;
}

/** Who holds a folder. `pid` is null if the holder does not say. */
export interface Holder {
  readonly kind: 'held';
  readonly pid: number | null;
}

/** The longest path that every Unix takes for a socket (macOS: 104 bytes with the closing zero). */
const longestSocketPath = 100;
/** A holder that is stopped or busy takes the connection and says nothing; it lives. */
const silenceMs = 2_000;
/** Clearing away a dead holder takes milliseconds; a mark as old as this was left by one that was killed while at it. */
const abandonedAfterMs = 10_000;
const lookAgainMs = 20;

/** Where the holder of a folder listens as long as it lives: a socket in it, or a short name in a private folder if that path is too long for a socket. */
export function lockAddress(folder: string, kind: LockKind): string {
  const full = resolve(folder);
  const short = createHash('sha256').update(full).digest('hex').slice(0, 24);
  if (process.platform === 'win32') return `\\\\.\\pipe\\atelier-${kind}-${short}`;
  const inside = join(full, `${kind}.sock`);
  return Buffer.byteLength(inside) <= longestSocketPath ? inside : join(privateFolder(), `${kind}-${short}.sock`);
}

const privateFolder = () => join(tmpdir(), `atelier-${userInfo().uid}`);

/** Anybody may make names in the folder for temporary files; a socket of somebody else there could name any process as the holder. */
async function checkPlace(address: string): Promise<void> {
  const folder = dirname(address);
  if (process.platform === 'win32' || folder !== privateFolder()) return;
  await mkdir(folder, { mode: 0o700 }).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'EEXIST') throw error;
  });
  const found = await lstat(folder);
  if (found.isDirectory() && found.uid === userInfo().uid && (found.mode & 0o077) === 0) return;
  throw new Error(`${folder} is not a private folder of this user (mode 0700); somebody else made it or opened it.`);
}

/**
 * Takes a folder for this process, or says who has it. The lock is a listening socket, so it ends with its holder; the
 * socket's file may stay behind, and whoever clears it away has made the folder `<socket>.clearing` first, so that of
 * several that come at once only one does.
 * @example const lock = await lockFolder('/data', 'edge'); if (lock.kind === 'held') console.error(`process ${lock.pid} has it`);
 */
export async function lockFolder(folder: string, kind: LockKind): Promise<FolderLock | Holder> {
  const address = lockAddress(folder, kind);
  await checkPlace(address);
  for (;;) {
    const lock = await tryListen(address);
    if (lock) return lock;
    const holder = await holderAt(address);
    if (holder) return holder;
    if (!(await startClearing(address))) {
      await pause(lookAgainMs);
      continue;
    }
    try {
      // Somebody may have cleared it and come in before our turn.
      if (!(await holderAt(address))) await rm(address, { force: true });
      const cleared = await tryListen(address);
      if (cleared) return cleared;
    } finally {
      await rmdir(clearingMark(address)).catch(() => undefined);
    }
  }
}

/** The living holder of a folder, if there is one. */
export async function holderOf(folder: string, kind: LockKind): Promise<Holder | undefined> {
  const address = lockAddress(folder, kind);
  await checkPlace(address);
  return holderAt(address);
}

const clearingMark = (address: string) => `${address}.clearing`;

async function startClearing(address: string): Promise<boolean> {
  const mark = clearingMark(address);
  try {
    await mkdir(mark);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
  const found = await stat(mark).catch(() => undefined);
  if (found && Date.now() - found.mtimeMs > abandonedAfterMs) {
    const aside = `${mark}.${randomUUID()}`;
    // Renaming is atomic: of several that find it abandoned, one moves it.
    if (
      await rename(mark, aside).then(
        () => true,
        () => false,
      )
    )
      await rmdir(aside).catch(() => undefined);
  }
  return false;
}

function tryListen(address: string): Promise<FolderLock | undefined> {
  return new Promise((done, fail) => {
    const server: Server = createServer((socket) => {
      socket.on('error', () => socket.destroy());
      socket.end(`${JSON.stringify({ pid: process.pid })}\n`);
    });
    server.once('error', (error: NodeJS.ErrnoException) => (error.code === 'EADDRINUSE' ? done(undefined) : fail(error)));
    server.listen(address, () => {
      server.unref();
      done({ kind: 'taken', release: () => new Promise((closed) => server.close(() => closed())) });
    });
  });
}

function holderAt(address: string): Promise<Holder | undefined> {
  return new Promise((done) => {
    let text = '';
    let connected = false;
    const socket = connect(address);
    const silence = setTimeout(() => socket.destroy(), silenceMs);
    socket.once('connect', () => {
      connected = true;
    });
    socket.on('data', (chunk) => {
      text += chunk.toString('utf8');
    });
    socket.on('error', () => undefined);
    socket.once('close', () => {
      clearTimeout(silence);
      const pid = Number(/"pid":(\d+)/.exec(text)?.[1] ?? 0);
      done(connected ? { kind: 'held', pid: pid === 0 ? null : pid } : undefined);
    });
  });
}
