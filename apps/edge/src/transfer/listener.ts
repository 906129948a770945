import type { IncomingMessage, Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { networkInterfaces } from 'node:os';
import type { Duplex } from 'node:stream';
import { type ArtifactStore, artifactResponse } from '@atelier/artifacts';
import { guarded } from '@atelier/background';
import { AtelierError } from '@atelier/protocol';
import { createAdaptorServer, type HttpBindings } from '@hono/node-server';
import { Hono } from 'hono';
import type { Logger } from 'pino';
import type { Giving } from './giving.ts';

/** The header by which a giver says its name; simulated links are chosen by it. */
export const edgeNameHeader = 'x-atelier-edge';

export interface ListenerOptions {
  /** `HOST:PORT`; port 0 takes a free one. */
  readonly listen: string;
  readonly store: ArtifactStore;
  readonly name: string;
  readonly log: Logger;
  readonly giving: Giving;
  /** Upgrades: streams to services. */
  readonly streams: { accept(request: IncomingMessage, socket: Duplex, head: Buffer): void; close(): void };
  /** Answers at the same time; more are told to try elsewhere. Default 16. */
  readonly most?: number | undefined;
}

export interface Listener {
  /** Where others reach it. */
  readonly url: string;
  close(): Promise<void>;
}

/**
 * Gives artifacts to whoever shows a ticket for them: `GET /artifacts/{hash}`, with ranges; and opens streams to services. Nothing else is answered.
 * @throws AtelierError `port-in-use`, `invalid-input`
 */
export async function startListener(options: ListenerOptions): Promise<Listener> {
  const { host, port } = parseAddress(options.listen);
  let active = 0;
  const app = new Hono<{ Bindings: HttpBindings }>();
  app.get('/artifacts/:hash', async (context) => {
    if (active > (options.most ?? 16)) throw new AtelierError('unavailable', 'This edge gives to many others now.', { hint: 'Ask another holder.' });
    const hash = context.req.param('hash');
    const { method, url } = context.req;
    const { outgoing } = context.env;
    const shown = { method, url, hash, authorization: context.req.header('authorization'), proof: context.req.header('dpop') };
    const leave = await options.giving.admit(shown, () => outgoing.destroy());
    // It may have gone while it was looked at.
    if (outgoing.closed) leave();
    else outgoing.once('close', leave);
    return artifactResponse(options.store, hash, context.req.raw, { headers: { [edgeNameHeader]: encodeURIComponent(options.name) } });
  });
  app.notFound((context) => context.json({ error: new AtelierError('not-found', 'Nothing is here.').toJSON() }, 404));
  app.onError((thrown, context) => {
    const error = AtelierError.from(thrown);
    if (error.code === 'internal') options.log.error({ error: error.toJSON() }, 'an artifact could not be given');
    return context.json({ error: error.toJSON() }, error.status as 400);
  });
  const server = createAdaptorServer({ fetch: app.fetch }) as Server;
  server.on('request', (_request, response) => {
    active++;
    response.once('close', () => active--);
  });
  const upgrade = (request: IncomingMessage, socket: Duplex, head: Buffer) => options.streams.accept(request, socket, head);
  server.on('upgrade', guarded(options.log, 'a stream could not be opened', upgrade));
  await listen(server, host, port);
  const bound = (server.address() as AddressInfo).port;
  const url = `http://${bracket(reachable(host))}:${bound}`;
  options.log.info({ url }, 'giving artifacts to other edges');
  return {
    url,
    close: () =>
      new Promise((done) => {
        server.close(() => done());
        options.streams.close();
        server.closeAllConnections();
      }),
  };
}

/** @throws AtelierError `invalid-input` */
export function parseAddress(text: string): { host: string; port: number } {
  const match = /^(?:\[([0-9a-f:]+)\]|([^:\s]+)):(\d{1,5})$/i.exec(text);
  const port = Number(match?.[3]);
  const host = match?.[1] ?? match?.[2];
  if (host !== undefined && port <= 65_535) return { host, port };
  throw new AtelierError('invalid-input', `"${text}" is no address to listen on.`, { hint: 'Write HOST:PORT, such as 0.0.0.0:4750.' });
}

function listen(server: Server, host: string, port: number): Promise<void> {
  return new Promise((done, fail) => {
    server.once('error', (error) => fail(AtelierError.from(error)));
    server.listen(port, host, () => done());
  });
}

/** An edge that listens everywhere tells the first address of its network. */
function reachable(host: string): string {
  if (host !== '0.0.0.0' && host !== '::') return host;
  const addresses = Object.values(networkInterfaces()).flatMap((list) => list ?? []);
  return addresses.find(({ internal, family }) => !internal && family === 'IPv4')?.address ?? '127.0.0.1';
}

function bracket(host: string): string {
  return host.includes(':') ? `[${host}]` : host;
}
