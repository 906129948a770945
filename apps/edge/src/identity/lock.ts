import { createHash, randomUUID } from 'node:crypto';
import { rename, rm, stat } from 'node:fs/promises';
import { connect, createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { AtelierError } from '@atelier/protocol';

export interface FolderLock {
  release(): Promise<void>;
}

/** The longest path that every Unix takes for a socket (macOS: 104 bytes with the closing zero). */
const longestSocketPath = 100;

/** Where the edge of a folder listens as long as it lives: `edge.sock` in it, or a short name elsewhere where that path is too long for a socket. */
export function lockAddress(folder: string): string {
  const full = resolve(folder);
  const short = createHash('sha256').update(full).digest('hex').slice(0, 24);
  if (process.platform === 'win32') return `\\\\.\\pipe\\atelier-edge-${short}`;
  const inside = join(full, 'edge.sock');
  return Buffer.byteLength(inside) <= longestSocketPath ? inside : join(tmpdir(), `atelier-edge-${short}.sock`);
}

/**
 * Takes a folder for this process. The lock is a listening socket, so that it dies with its holder however that ends; it answers
 * with a line of JSON: `{"pid": 123}`.
 * @throws AtelierError `conflict` where a living edge holds it
 */
export async function lockFolder(folder: string): Promise<FolderLock> {
  const address = lockAddress(folder);
  for (let attempt = 0; attempt < 5; attempt++) {
    const server = await tryListen(address);
    if (server) return { release: () => new Promise((done) => server.close(() => done())) };
    const holder = await askHolder(address);
    if (holder !== undefined) throw taken(folder, holder);
    await setAside(address);
  }
  throw taken(folder, null);
}

/** The process that holds a folder: its id, or undefined where no edge lives there. */
export async function holderOf(folder: string): Promise<number | null | undefined> {
  return askHolder(lockAddress(folder));
}

function taken(folder: string, pid: number | null): AtelierError {
  return new AtelierError('conflict', `An edge runs in ${folder} already${pid === null ? '' : `, as process ${pid}`}.`, {
    hint: 'Stop it first, or give this one another --folder.',
  });
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

function askHolder(address: string): Promise<number | null | undefined> {
  return new Promise((done) => {
    let text = '';
    const socket = connect(address);
    // A holder that is stopped or busy takes the connection and says nothing: it lives.
    const silence = setTimeout(() => socket.destroy(), 2_000);
    let connected = false;
    socket.once('connect', () => (connected = true));
    socket.on('data', (chunk) => (text += chunk.toString('utf8')));
    socket.on('error', () => undefined);
    socket.once('close', () => {
      clearTimeout(silence);
      done(connected ? Number(/"pid":(\d+)/.exec(text)?.[1] ?? 0) || null : undefined);
    });
  });
}

/** A dead holder's socket file is renamed before it is deleted, and put back if it turned out to be a new holder's. */
async function setAside(address: string): Promise<void> {
  if (process.platform === 'win32') return;
  const before = await stat(address).catch(() => undefined);
  if (!before || (await askHolder(address)) !== undefined) return;
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
