import { createHash, randomUUID } from 'node:crypto';
import { rename, rm, stat } from 'node:fs/promises';
import { connect, createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

/** Whose folder it is: an edge takes its folder in the same way (apps/edge/src/identity/lock.ts). */
export type LockKind = 'coordinator' | 'edge';

export interface FolderLock {
  release(): Promise<void>;
}

/** The longest path that every Unix takes for a socket (macOS: 104 bytes with the closing zero). */
const longestSocketPath = 100;

/** Where the holder of a folder listens as long as it lives. */
function lockAddress(folder: string, kind: LockKind): string {
  const full = resolve(folder);
  const short = createHash('sha256').update(full).digest('hex').slice(0, 24);
  if (process.platform === 'win32') return `\\\\.\\pipe\\atelier-${kind}-${short}`;
  const inside = join(full, `${kind}.sock`);
  return Buffer.byteLength(inside) <= longestSocketPath ? inside : join(tmpdir(), `atelier-${kind}-${short}.sock`);
}

/** Who holds a folder. `pid` is null where the holder does not say. */
export interface Holder {
  readonly pid: number | null;
}

/**
 * Takes a folder for this process, or says who has it. The lock is a listening socket, so it ends with its holder, however that ends.
 */
export async function lockFolder(folder: string, kind: LockKind): Promise<FolderLock | Holder> {
  const address = lockAddress(folder, kind);
  for (let attempt = 0; attempt < 5; attempt++) {
    const server = await tryListen(address);
    if (server) return { release: () => new Promise((done) => server.close(() => done())) };
    const holder = await holderAt(address);
    if (holder) return holder;
    await setAside(address);
  }
  return { pid: null };
}

/** The living holder of a folder, if there is one. */
export async function holderOf(folder: string, kind: LockKind): Promise<Holder | undefined> {
  return holderAt(lockAddress(folder, kind));
}

function tryListen(address: string): Promise<Server | undefined> {
  return new Promise((done, fail) => {
    const server = createServer((socket) => {
      socket.on('error', () => socket.destroy());
      socket.end(`${JSON.stringify({ pid: process.pid })}\n`);
    });
    server.once('error', (error: NodeJS.ErrnoException) => (error.code === 'EADDRINUSE' ? done(undefined) : fail(error)));
    server.listen(address, () => {
      server.unref();
      done(server);
    });
  });
}

function holderAt(address: string): Promise<Holder | undefined> {
  return new Promise((done) => {
    let text = '';
    let connected = false;
    const socket = connect(address);
    // A holder that is stopped or busy takes the connection and says nothing: it lives.
    const silence = setTimeout(() => socket.destroy(), 2_000);
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
      done(connected ? { pid: pid === 0 ? null : pid } : undefined);
    });
  });
}

/** A dead holder's socket file is renamed before it is deleted, and put back if it turned out to be a new holder's. */
async function setAside(address: string): Promise<void> {
  if (process.platform === 'win32') return;
  const before = await stat(address).catch(() => undefined);
  if (!before || (await holderAt(address))) return;
  const aside = `${address}.${randomUUID().slice(0, 8)}`;
  const moved = await rename(address, aside).then(
    () => true,
    () => false,
  );
  if (!moved) return;
  const after = await stat(aside);
  if (after.ino === before.ino) await rm(aside, { force: true });
  else await rename(aside, address);
}
