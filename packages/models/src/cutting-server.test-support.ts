import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface Served {
  readonly path: string;
  readonly range: string | undefined;
  readonly authorization: string | undefined;
  /** Bytes of the body that were sent. */
  sentBytes: number;
}

/** A real HTTP server of files that cuts connections where a test wants. */
export class CuttingServer {
  readonly files = new Map<string, Uint8Array | string>();
  readonly served: Served[] = [];
  /** How many bytes of a body to send before the connection is cut; undefined sends all. */
  cut: (length: number, path: string) => number | undefined = () => undefined;
  hasRanges = true;
  status: number | undefined;
  readonly #server: Server = createServer((request, response) => this.#answer(request, response));

  async start(): Promise<string> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  close(): void {
    this.#server.closeAllConnections();
    this.#server.close();
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    const path = decodeURIComponent(request.url ?? '');
    const served: Served = { path, range: request.headers.range, authorization: request.headers.authorization, sentBytes: 0 };
    this.served.push(served);
    const found = this.files.get(path);
    if (this.status !== undefined || found === undefined) {
      response.writeHead(this.status ?? 404).end();
      return;
    }
    const bytes = Buffer.from(found);
    const etag = `"${createHash('sha256').update(bytes).digest('hex').slice(0, 16)}"`;
    const [start, end] = this.#range(request, etag, bytes.length) ?? [];
    if (start !== undefined && start >= bytes.length) {
      response.writeHead(416, { 'content-range': `bytes */${bytes.length}` }).end();
      return;
    }
    const body = bytes.subarray(start ?? 0, (end ?? bytes.length - 1) + 1);
    const partial = start === undefined ? {} : { 'content-range': `bytes ${start}-${start + body.length - 1}/${bytes.length}` };
    response.writeHead(start === undefined ? 200 : 206, { 'content-length': body.length, etag, ...partial });
    const at = this.cut(body.length, path);
    served.sentBytes = Math.min(at ?? body.length, body.length);
    if (at === undefined || at >= body.length) response.end(body);
    // An empty write would not send the head; the flush makes the cut come after it.
    else {
      response.flushHeaders();
      response.write(body.subarray(0, at), () => response.socket?.destroySoon());
    }
  }

  #range(request: IncomingMessage, etag: string, size: number): [number, number] | undefined {
    const condition = request.headers['if-range'];
    if (!this.hasRanges || request.headers.range === undefined || (condition !== undefined && condition !== etag)) return undefined;
    const suffix = /^bytes=-(\d+)$/.exec(request.headers.range)?.[1];
    if (suffix !== undefined) return [Math.max(0, size - Number(suffix)), size - 1];
    const [, first, last] = /^bytes=(\d+)-(\d*)$/.exec(request.headers.range) ?? [];
    return [Number(first), last ? Math.min(Number(last), size - 1) : size - 1];
  }
}
