import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';

/** A line to a server that breaks where it is told to, and notes what was said over it. */
export interface CuttingLine extends AsyncDisposable {
  readonly url: string;
  /** Heads of requests and answers in the order in which they came by. */
  readonly heads: readonly string[];
  /** How often it broke. */
  readonly cuts: number;
  /** Takes everything from both ends and passes nothing on, while connections stay open, as a line whose middle is gone. */
  swallows: boolean;
}

export interface CuttingLineOptions {
  /** Bytes towards the server after which a connection breaks, used up one after the other. */
  readonly cutAfter?: readonly number[];
  /** Is asked when so many bytes went towards the server and nothing more goes; the line breaks once it returns. */
  readonly beforeCut?: (sentBytes: number) => Promise<void>;
  /** Whether an answer with this head is lost, and its connection with it. */
  readonly loses?: (head: string) => boolean;
  /** Whether a request with this head is answered with 503 on the way, as a proxy does while the server behind it starts. */
  readonly refuses?: (head: string) => boolean;
}

const headOf = /^(?:[A-Z]+ \S+ HTTP\/1\.1|HTTP\/1\.1 \d+)[\s\S]*?\r\n\r\n/;

export async function cuttingLine(target: string, options: CuttingLineOptions): Promise<CuttingLine> {
  const left = [...(options.cutAfter ?? [])];
  const heads: string[] = [];
  const open = new Set<Socket>();
  let cuts = 0;
  const line = { swallows: false };
  const breakOff = (near: Socket, far: Socket) => {
    cuts += 1;
    near.destroy();
    far.destroy();
  };
  const note = (bytes: Buffer): string => {
    const head = headOf.exec(bytes.toString('latin1'))?.[0] ?? '';
    if (head !== '') heads.push(head);
    return head;
  };
  const server = createServer((near) => {
    const far = connect(Number(new URL(target).port), '127.0.0.1');
    let sent = 0;
    for (const [one, other] of [[near, far] as const, [far, near] as const]) {
      open.add(one);
      one.on('error', () => other.destroy());
      one.on('close', () => other.destroy());
    }
    far.on('data', (bytes: Buffer) => {
      if (line.swallows) return;
      if (options.loses?.(note(bytes))) breakOff(near, far);
      else near.write(bytes);
    });
    near.on('data', (bytes: Buffer) => {
      if (line.swallows) return;
      const head = note(bytes);
      if (options.refuses?.(head)) return void near.end('HTTP/1.1 503 Service Unavailable\r\ncontent-length: 0\r\nconnection: close\r\n\r\n');
      sent += bytes.length;
      far.write(bytes);
      if (left[0] === undefined || sent < left[0]) return;
      left.shift();
      near.pause();
      void Promise.resolve(options.beforeCut?.(sent)).finally(() => breakOff(near, far));
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as { port: number }).port}`,
    heads,
    get cuts() {
      return cuts;
    },
    get swallows() {
      return line.swallows;
    },
    set swallows(on) {
      line.swallows = on;
    },
    async [Symbol.asyncDispose]() {
      for (const socket of open) socket.destroy();
      server.close();
    },
  };
}
