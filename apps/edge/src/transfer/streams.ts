import type { IncomingMessage } from 'node:http';
import { STATUS_CODES } from 'node:http';
import { connect, Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { streamProtocol } from '@atelier/artifacts';
import { inBackground } from '@atelier/background';
import { AtelierError, limits, ServiceId } from '@atelier/protocol';
import type { Logger } from 'pino';
import type { Giving } from './giving.ts';

export interface StreamsOptions {
  readonly giving: Giving;
  /** Where a service listens on this machine, and the fencing number of its life. @throws AtelierError */
  reach(serviceId: string): { readonly path: string; readonly fence: number };
  readonly log: Logger;
}

const lastWordsMs = 1_000;
/** A machine that vanished without a word is noticed after some minutes, by TCP. */
const keepAliveMs = 30_000;

/** Streams from services of other edges to those of this one: `GET /services/{id}` with an upgrade and a ticket. A service sees no byte before its ticket was checked. */
export class Streams {
  readonly #options: StreamsOptions;
  readonly #open = new Map<string, Set<Duplex>>();

  constructor(options: StreamsOptions) {
    this.#options = options;
  }

  /** Takes over a connection that wants to be a stream, or ends it with the reason. */
  accept(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    socket.on('error', () => socket.destroy());
    const accepted = this.#accept(request, socket, head).catch((thrown: unknown) => refuse(socket, thrown, this.#options.log));
    inBackground(this.#options.log, 'a stream could not be refused', accepted);
  }

  close(): void {
    for (const streams of this.#open.values()) for (const stream of streams) stream.destroy();
  }

  async #accept(request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
    const serviceId = serviceOf(request);
    const { path, fence } = this.#options.reach(serviceId);
    const { authorization, dpop } = request.headers;
    const shown = { method: 'GET', url: request.url ?? '', authorization, proof: typeof dpop === 'string' ? dpop : undefined };
    const leave = await this.#options.giving.admitStream({ ...shown, service: serviceId, fence }, () => socket.destroy());
    try {
      this.#enter(serviceId, socket);
      await this.#join(path, socket, head);
    } finally {
      leave();
      this.#open.get(serviceId)?.delete(socket);
      if (this.#open.get(serviceId)?.size === 0) this.#open.delete(serviceId);
    }
  }

  #enter(serviceId: string, socket: Duplex): void {
    const mine = this.#open.get(serviceId) ?? new Set();
    if (mine.size >= limits.streamsPerService) {
      throw new AtelierError('unavailable', `The service has ${mine.size} streams open, which is the most.`, { hint: 'Close one first.' });
    }
    this.#open.set(serviceId, mine.add(socket));
  }

  /** Carries bytes both ways until both have ended, or one breaks. */
  async #join(path: string, socket: Duplex, head: Buffer): Promise<void> {
    const local = await opened(path);
    if (socket.destroyed) return void local.destroy();
    socket.write(`HTTP/1.1 101 ${STATUS_CODES[101]}\r\nConnection: Upgrade\r\nUpgrade: ${streamProtocol}\r\n\r\n`);
    if (socket instanceof Socket) socket.setKeepAlive(true, keepAliveMs);
    if (head.length > 0) local.write(head);
    // How a stream breaks is seen by both of its ends.
    const [there, back] = [pipeline(socket, local), pipeline(local, socket)].map((way) => way.catch(() => undefined));
    await Promise.all([there, back]);
  }
}

/** @throws AtelierError `not-found`, `invalid-input` */
function serviceOf({ url = '', headers }: IncomingMessage): ServiceId {
  const parsed = ServiceId.safeParse(/^\/services\/([0-9a-f-]{36})$/.exec(url)?.[1]);
  if (!parsed.success) throw new AtelierError('not-found', 'Nothing is here.');
  if (headers.upgrade === streamProtocol) return parsed.data;
  throw new AtelierError('invalid-input', `A stream to a service is an upgrade to ${streamProtocol}.`);
}

function opened(path: string): Promise<Socket> {
  const local = connect({ path, allowHalfOpen: true });
  return new Promise((resolve, reject) => {
    local.once('error', (cause) => {
      const hint = 'Ask for a new ticket in a moment: it may be starting again.';
      reject(new AtelierError('unavailable', 'The service takes no streams now.', { hint, cause }));
    });
    local.once('connect', () => {
      local.on('error', () => local.destroy());
      resolve(local);
    });
  });
}

function refuse(socket: Duplex, thrown: unknown, log: Logger): void {
  const error = AtelierError.from(thrown);
  if (error.code === 'internal') log.error({ error: error.toJSON() }, 'a stream could not be opened');
  const body = JSON.stringify({ error: error.toJSON() });
  const head = [`HTTP/1.1 ${error.status} ${STATUS_CODES[error.status] ?? 'Error'}`, 'Connection: close', 'Content-Type: application/json'];
  // Whoever does not close is closed: a moment is left to read why.
  socket.end(`${head.join('\r\n')}\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`);
  setTimeout(() => socket.destroy(), lastWordsMs).unref();
}
