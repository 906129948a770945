import { createPublicKey, randomBytes, verify } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import type { TicketSigner } from '@atelier/artifacts';
import { AtelierError, challengeText, type EdgeId, edgeProtocolVersion, FromEdge, Identify, limits, type ToEdge } from '@atelier/protocol';
import { type RawData, WebSocket, WebSocketServer } from 'ws';
import type { Core, EdgeIdentity, EdgeLink, Logger } from '../../core/index.ts';
import type { EdgeSessions } from './edge-sessions.ts';

export const edgeSocketPath = '/api/edge/socket';

/** Milliseconds. */
export interface EdgeSocketTimes {
  /** Between pings; a socket that answers none in two of them is dead. */
  readonly pingMs: number;
  /** For proving the key and saying hello. */
  readonly introduceMs: number;
  readonly heartbeatMs: number;
  readonly leaseMs: number;
}

const edgeSocketTimes: EdgeSocketTimes = { pingMs: 4_000, introduceMs: 10_000, heartbeatMs: 2_000, leaseMs: 10_000 };

export interface EdgeSocketOptions {
  readonly core: () => Core;
  readonly sessions: EdgeSessions;
  readonly tickets: TicketSigner;
  readonly log: Logger;
  readonly times?: Partial<EdgeSocketTimes>;
}

/** The sockets of the edges: one for each edge, the newest. */
export interface EdgeSockets extends EdgeLink {
  /** Takes over an upgrade to {@link edgeSocketPath}. */
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void;
  /** Ends an edge's socket for good. */
  revoke(edgeId: EdgeId): void;
  /** Ends all sockets; edges dial again later. */
  close(): Promise<void>;
}

/** Unsent bytes after which an edge that reads nothing is cut off. */
const mostUnsentBytes = 32 * 1024 ** 2;
/** Messages waiting for the core after which no more are read from a socket. */
const mostWaiting = 64;

/** Close codes of our own (RFC 6455, section 7.4.2). */
const closed = { refused: 4401, replaced: 4409, invalid: 4400, leaving: 1001 } as const;

export function createEdgeSockets(options: EdgeSocketOptions): EdgeSockets {
  const server = new WebSocketServer({ noServer: true, maxPayload: limits.edgeMessageBytes });
  const times = { ...edgeSocketTimes, ...options.times };
  const live: Live = new Map();
  const talks = new Set<Promise<void>>();
  const pinging = setInterval(() => pingAll(server), times.pingMs);
  pinging.unref();
  return {
    send(edgeId, message) {
      const socket = live.get(edgeId)?.socket;
      if (socket?.readyState !== WebSocket.OPEN) return false;
      if (socket.bufferedAmount > mostUnsentBytes) {
        socket.terminate();
        return false;
      }
      tell(socket, message);
      return true;
    },
    upgrade(request, socket, head) {
      server.handleUpgrade(request, socket, head, (opened) => {
        answering.add(opened);
        opened.on('pong', () => answering.add(opened));
        const talk = converse(opened, live, { ...options, times })
          .catch((thrown) => refuse(opened, thrown, options.log))
          .finally(() => talks.delete(talk));
        talks.add(talk);
      });
    },
    revoke(edgeId) {
      const socket = live.get(edgeId)?.socket;
      if (socket) refuse(socket, new AtelierError('forbidden', 'This edge was revoked.', { hint: 'Join again with a new token.' }), options.log);
    },
    async close() {
      clearInterval(pinging);
      for (const socket of server.clients) socket.close(closed.leaving, 'The coordinator stops.');
      const cut = setTimeout(() => {
        for (const socket of server.clients) socket.terminate();
      }, 1_000);
      await new Promise<void>((resolve) => server.close(() => resolve()));
      clearTimeout(cut);
      // The core hears of each edge's leaving before it is closed itself.
      await Promise.all(talks);
    },
  };
}

/** Sockets that answered since the last ping. */
const answering = new WeakSet<WebSocket>();

function pingAll(server: WebSocketServer): void {
  for (const socket of server.clients) {
    // One that waits for us cannot answer: its pongs are behind what was not read yet.
    if (socket.isPaused) continue;
    if (!answering.delete(socket)) socket.terminate();
    else socket.ping();
  }
}

function tell(socket: WebSocket, message: ToEdge | { kind: 'challenge'; nonce: string }): void {
  socket.send(JSON.stringify(message));
}

type Talk = EdgeSocketOptions & { readonly times: EdgeSocketTimes };

/** Challenge, identify, welcome, hello; then every message goes to the core, in order. */
async function converse(socket: WebSocket, live: Live, talk: Talk): Promise<void> {
  const messages = readMessages(socket);
  const slow = setTimeout(() => refuse(socket, new AtelierError('timeout', 'The edge did not introduce itself in time.'), talk.log), talk.times.introduceMs);
  let session: string | undefined;
  try {
    const nonce = randomBytes(24).toString('base64url');
    tell(socket, { kind: 'challenge', nonce });
    const identity = await identify(talk.core(), nonce, await next(messages));
    session = talk.sessions.open(identity.id);
    tell(socket, welcome(identity, session, talk));
    const hello = parseMessage(await next(messages));
    if (hello.kind !== 'hello') throw new AtelierError('invalid-input', 'The first message of an edge is hello.');
    if (hello.protocolVersion !== edgeProtocolVersion) {
      throw new AtelierError('conflict', `The edge speaks version ${hello.protocolVersion}, this coordinator ${edgeProtocolVersion}.`, {
        hint: 'Run the same release of Atelier on both machines.',
      });
    }
    clearTimeout(slow);
    await serve({ socket, session }, identity, { hello, messages, live, talk });
  } catch (thrown) {
    if (!(thrown instanceof SocketEnded)) throw thrown;
  } finally {
    clearTimeout(slow);
    if (session) talk.sessions.close(session);
  }
}

/** An edge's one open socket and the token that is worth as long. */
interface Connection {
  readonly socket: WebSocket;
  readonly session: string;
}

type Live = Map<EdgeId, Connection>;

interface Served {
  readonly hello: Extract<FromEdge, { kind: 'hello' }>;
  readonly messages: AsyncIterator<string>;
  readonly live: Live;
  readonly talk: Talk;
}

async function serve(connection: Connection, { id, name }: EdgeIdentity, { hello, messages, live, talk }: Served): Promise<void> {
  const core = talk.core();
  const earlier = live.get(id);
  live.set(id, connection);
  if (earlier) {
    talk.sessions.close(earlier.session);
    earlier.socket.close(closed.replaced, 'A newer connection took over.');
    await core.edgeDisconnected(id);
  }
  talk.log.info({ edgeId: id, name }, 'An edge connected.');
  try {
    await core.edgeConnected(id, hello);
    for (;;) await core.edgeMessage(id, parseMessage(await next(messages)));
  } finally {
    // Replaced ones leave the edge to their successor.
    if (live.get(id) === connection) {
      live.delete(id);
      talk.log.info({ edgeId: id, name }, 'An edge went away.');
      await core.edgeDisconnected(id);
    }
  }
}

async function identify(core: Core, nonce: string, text: string): Promise<EdgeIdentity> {
  const parsed = Identify.safeParse(parseJson(text));
  if (!parsed.success) throw new AtelierError('invalid-input', 'The edge did not identify itself.');
  const identity = await core.edgeIdentity(parsed.data.edgeId);
  if (identity && isSignedBy(identity, nonce, parsed.data.signature)) return identity;
  throw new AtelierError('unauthenticated', 'This edge is not known here, or was revoked.', { hint: 'Join again: atelier edge --join URL --token TOKEN.' });
}

function isSignedBy(identity: EdgeIdentity, nonce: string, signature: string): boolean {
  const key = createPublicKey({ key: identity.publicKey as never, format: 'jwk' });
  return verify(null, Buffer.from(challengeText(nonce)), key, Buffer.from(signature, 'base64url'));
}

function welcome(identity: EdgeIdentity, sessionToken: string, { tickets, times }: Talk): ToEdge {
  return {
    kind: 'welcome',
    protocolVersion: edgeProtocolVersion,
    edgeId: identity.id,
    sessionToken,
    ticketKey: { ...tickets.publicJwk },
    heartbeatMs: times.heartbeatMs,
    leaseMs: times.leaseMs,
  };
}

function parseMessage(text: string): FromEdge {
  const parsed = FromEdge.safeParse(parseJson(text));
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  throw new AtelierError('invalid-input', `The edge sent a message that is not understood: ${issue?.path.join('.')}: ${issue?.message}`);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Says why and hangs up. */
function refuse(socket: WebSocket, thrown: unknown, log: Logger): void {
  const error = AtelierError.from(thrown);
  log.warn({ code: error.code, err: error.code === 'internal' ? thrown : undefined }, `A socket was ended: ${error.message}`);
  if (socket.readyState === socket.OPEN) tell(socket, { kind: 'error', error: error.toJSON() });
  socket.close(error.code === 'invalid-input' ? closed.invalid : closed.refused, error.code);
}

class SocketEnded extends Error {}

async function next(messages: AsyncIterator<string>): Promise<string> {
  const { value, done } = await messages.next();
  if (done) throw new SocketEnded();
  return value;
}

/** A socket's messages one by one. What waits is bounded: then no more is read from the network. */
async function* readMessages(socket: WebSocket): AsyncGenerator<string, void, void> {
  const waiting: string[] = [];
  let wake: () => void = () => undefined;
  let ended = false;
  socket.on('message', (data: RawData) => {
    answering.add(socket);
    waiting.push(data.toString());
    if (waiting.length >= mostWaiting) socket.pause();
    wake();
  });
  socket.on('error', () => socket.terminate());
  socket.on('close', () => {
    ended = true;
    wake();
  });
  for (;;) {
    const message = waiting.shift();
    if (message !== undefined) {
      if (waiting.length < mostWaiting / 2 && socket.isPaused) socket.resume();
      yield message;
    } else if (ended) return;
    else await new Promise<void>((resolve) => (wake = resolve));
  }
}
