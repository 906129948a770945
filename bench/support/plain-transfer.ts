import { spawn } from 'node:child_process';
import { createHash, randomFillSync } from 'node:crypto';
import { once } from 'node:events';
import { createWriteStream, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { get, type IncomingMessage } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { pipeline } from 'node:stream/promises';

/** Plain HTTP between two processes on loopback. */
export interface PlainTransfer extends AsyncDisposable {
  /** Seconds to read the bytes, and, if kept, to hash them and write them to the disk itself. */
  seconds(what: 'kept' | 'thrown away'): Promise<number>;
}

/** A server in a process of its own with so many random bytes. */
export async function startPlainTransfer(bytes: number): Promise<PlainTransfer> {
  const folder = mkdtempSync(join(tmpdir(), 'atelier-plain-'));
  const file = join(folder, 'given');
  writeFileSync(file, randomFillSync(Buffer.alloc(bytes)));
  const server = spawn(process.execPath, [join(import.meta.dirname, 'plain-server.mjs'), file], { stdio: ['ignore', 'pipe', 'inherit'] });
  const port = Number(String((await once(server.stdout, 'data'))[0]).trim());
  return {
    async seconds(what) {
      const begun = performance.now();
      const [response] = (await once(get({ host: '127.0.0.1', port, agent: false }), 'response')) as [IncomingMessage];
      if (what === 'thrown away') await pipeline(response, new PassThrough().resume());
      else await keep(response, join(folder, 'taken'));
      return (performance.now() - begun) / 1000;
    },
    async [Symbol.asyncDispose]() {
      const exited = once(server, 'exit');
      server.kill();
      await exited;
      rmSync(folder, { recursive: true });
    },
  };
}

async function keep(response: IncomingMessage, path: string): Promise<void> {
  const hash = createHash('sha256');
  response.on('data', (chunk: Buffer) => hash.update(chunk));
  await pipeline(response, createWriteStream(path, { flush: true }));
  hash.digest();
  rmSync(path);
}
