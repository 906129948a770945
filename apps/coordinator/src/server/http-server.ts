import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { isIP } from 'node:net';
import type { Duplex } from 'node:stream';
import { stderrLog } from '@atelier/background';
import { AtelierError } from '@atelier/protocol';
import { getRequestListener } from '@hono/node-server';

/** What answers, once it is there. */
export interface FrontDoor {
  fetch(request: Request, env: object): Response | Promise<Response>;
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void;
}

export interface HttpServer {
  /** How this machine reaches it, without a closing slash. */
  readonly url: string;
  /** Ends open answers after a short while. */
  close(): Promise<void>;
}

/** Milliseconds that streams get to end by themselves. */
const graceMs = 1_000;
const headersMs = 30_000;
/** Longer than common proxies keep a connection for the next request (60 to 75 s): else they send one into a connection that just ends. */
const keepAliveMs = 90_000;

/**
 * Listens at once; what answers may change later.
 * @throws AtelierError `port-in-use`, `invalid-input` for an address that this machine does not have
 */
export async function listen(options: { host: string; port: number }, door: () => FrontDoor): Promise<HttpServer> {
  const answer = getRequestListener((request, env) => door().fetch(request, env));
  const listener = (request: IncomingMessage, response: ServerResponse) => answer(request, response).catch((err: unknown) => dropped(err, response));
  // An upload over a slow line may take hours, so only the headers have to come soon.
  const server = createServer({ requestTimeout: 0, headersTimeout: headersMs, keepAliveTimeout: keepAliveMs }, listener);
  server.on('upgrade', (request, socket, head) => {
    try {
      door().upgrade(request, socket, head);
    } catch (err) {
      dropped(err, socket);
    }
  });
  await opened(server, options);
  const address = server.address();
  const port = typeof address === 'object' && address ? address.port : options.port;
  return {
    url: `http://${reachableHost(options.host)}:${port}`,
    close: () =>
      new Promise((done) => {
        server.close(() => done());
        server.closeIdleConnections();
        setTimeout(() => server.closeAllConnections(), graceMs).unref();
      }),
  };
}

/** What went wrong outside of the app's own answers to errors costs one connection, never the process. */
function dropped(err: unknown, connection: { destroy(): unknown }): void {
  connection.destroy();
  stderrLog.error({ err }, 'A request could not be answered');
}

function opened(server: Server, { host, port }: { host: string; port: number }): Promise<void> {
  return new Promise((done, fail) => {
    server.once('error', (error: NodeJS.ErrnoException) => fail(listenError(error, host, port)));
    server.listen(port, host, () => done());
  });
}

function listenError(error: NodeJS.ErrnoException, host: string, port: number): AtelierError {
  if (error.code === 'EADDRINUSE') {
    return new AtelierError('port-in-use', `Another program listens on ${host}:${port}.`, {
      hint: 'Stop it, or choose another port with --port.',
      cause: error,
    });
  }
  if (error.code === 'EADDRNOTAVAIL' || error.code === 'ENOTFOUND') {
    return new AtelierError('invalid-input', `This machine has no address ${host}.`, {
      hint: 'Give one of its own with --host, or 0.0.0.0 for all.',
      cause: error,
    });
  }
  if (error.code === 'EACCES') {
    return new AtelierError('forbidden', `Port ${port} may not be used by this user.`, { hint: 'Choose one above 1023 with --port.', cause: error });
  }
  return AtelierError.from(error);
}

function reachableHost(host: string): string {
  if (host === '0.0.0.0' || host === '') return '127.0.0.1';
  if (host === '::') return '[::1]';
  return isIP(host) === 6 ? `[${host}]` : host;
}
