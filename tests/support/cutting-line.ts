import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';

/** A line to a server that breaks: each of the first connections with a body is cut after so many bytes towards the server. */
export interface CuttingLine extends AsyncDisposable {
  readonly url: string;
  /** Bytes that went towards the server, one number a connection. */
  readonly sent: readonly number[];
  readonly cuts: number;
}

/** @param cutAfter bytes after which a connection is cut, used up one after the other */
export async function cuttingLine(target: string, cutAfter: readonly number[]): Promise<CuttingLine> {
  const left = [...cutAfter];
  const sent: number[] = [];
  const open = new Set<Socket>();
  const server = createServer((near) => {
    const far = connect(Number(new URL(target).port), '127.0.0.1');
    const mine = sent.push(0) - 1;
    for (const [one, other] of [[near, far] as const, [far, near] as const]) {
      open.add(one);
      one.on('error', () => other.destroy());
      one.on('close', () => other.destroy());
    }
    far.pipe(near);
    near.on('data', (bytes: Buffer) => {
      sent[mine] = (sent[mine] ?? 0) + bytes.length;
      const bound = left[0];
      if (bound === undefined || (sent[mine] ?? 0) < bound) return void far.write(bytes);
      left.shift();
      near.destroy();
      far.end();
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as { port: number }).port}`,
    sent,
    get cuts() {
      return cutAfter.length - left.length;
    },
    async [Symbol.asyncDispose]() {
      for (const socket of open) socket.destroy();
      server.close();
    },
  };
}
