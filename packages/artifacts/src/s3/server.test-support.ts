import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import S3rver from 's3rver';
import type { S3Settings } from './settings.ts';

/** What the way to the server does with a request: lets it pass, never answers, cuts the connection in its middle, or answers itself. */
export type Verdict = 'pass' | 'hang' | 'cut' | { readonly status: number; readonly code: string };

/** A real S3 server on a free port, behind a way that can be made to refuse. */
export interface S3ForTests {
  readonly settings: S3Settings;
  readonly folder: string;
  readonly requests: string[];
  judge: (request: IncomingMessage) => Verdict;
  close(): Promise<void>;
}

export async function s3ForTests(): Promise<S3ForTests> {
  const folder = await mkdtemp(join(tmpdir(), 'atelier-s3-'));
  const server = new S3rver({ address: '127.0.0.1', port: 0, silent: true, directory: join(folder, 'bucket'), configureBuckets: [{ name: 'pictures' }] });
  const { port } = await server.run();
  const way = createServer((asked, answer) => void pass(asked, answer));
  const pass = async (asked: IncomingMessage, answer: ServerResponse) => {
    opened.requests.push(`${asked.method} ${asked.url}`);
    const verdict = opened.judge(asked);
    if (verdict === 'pass') return forward(port, asked, answer);
    if (verdict === 'hang') return;
    if (asked.headers['content-length'] !== undefined) await once(asked, 'data');
    if (verdict === 'cut') return asked.socket.destroy();
    asked.resume();
    answer.writeHead(verdict.status, { 'content-type': 'application/xml' }).end(`<Error><Code>${verdict.code}</Code></Error>`);
  };
  way.listen(0, '127.0.0.1');
  await once(way, 'listening');
  const endpoint = `http://127.0.0.1:${(way.address() as AddressInfo).port}`;
  const keys = { accessKeyId: 'S3RVER', secretAccessKey: 'S3RVER' };
  const opened: S3ForTests = {
    settings: { endpoint, bucket: 'pictures', prefix: 'here', region: 'us-east-1', ...keys, cacheBytes: 1024 ** 3 },
    folder,
    requests: [],
    judge: () => 'pass',
    async close() {
      way.closeAllConnections();
      way.close();
      await server.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
  return opened;
}

/** With the header Host as it was: the signature holds it. */
function forward(port: number, asked: IncomingMessage, answer: ServerResponse): void {
  const onward = request({ host: '127.0.0.1', port, method: asked.method, path: asked.url, headers: asked.headers }, (reply) => {
    answer.writeHead(reply.statusCode ?? 502, reply.headers);
    reply.pipe(answer);
  });
  onward.on('error', () => answer.destroy());
  asked.pipe(onward);
}
