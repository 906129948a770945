import { createPublicKey, randomBytes, verify } from 'node:crypto';
import type { OpenTransfers, TicketSigner } from '@atelier/artifacts';
import { inBackground } from '@atelier/background';
import {
  AtelierError,
  challengeText,
  controlAbility,
  type EdgeId,
  edgeProtocolVersion,
  FromEdge,
  Identify,
  limits,
  mendTexts,
  type ToEdge,
} from '@atelier/protocol';
import { WebSocket, WebSocketServer } from 'ws';
import type { Core, EdgeIdentity, EdgeLink, Logger, SocketOrigin } from '../../core/index.ts';
import type { Upgrade } from '../upgrade.ts';
import type { EdgeSessions } from './edge-sessions.ts';
import { InHand } from './in-hand.ts';
import { Inbox, SocketEnded } from './inbox.ts';
import { originOf, socketOrigin } from './socket-origin.ts';

export const edgeSocketPath = '/api/edge/socket';

/** Milliseconds. */
const times = {
  /** Between pings; a socket that answers none in two of them is dead. */
  pingMs: 4_000,
  /** For proving the key and saying hello. */
  introduceMs: 10_000,
  heartbeatMs: 2_000,
  leaseMs: 10_000,
};

export interface EdgeSocketOptions {
  readonly core: () => Core;
  readonly sessions: EdgeSessions;
  readonly tickets: TicketSigner;
  readonly transfers: OpenTransfers;
  readonly log: Logger;
  /** The studio is reached by other addresses than its own, so that a proxy may stand before it. */
  readonly isProxied?: boolean | undefined;
}

/** The sockets of the edges: one for each edge, the newest. */
export interface EdgeSockets extends EdgeLink {
  /** Opens a socket for somebody who then has to prove which edge they are. @param onKnown called when they have */
  open(upgrade: Upgrade, onKnown: () => void): void;
  /** Ends all sockets; edges dial again later. */
  close(): Promise<void>;
}

/** Unsent bytes after which an edge that reads nothing is cut off. */
const mostUnsentBytes = 32 * 1024 ** 2;
/** What a socket that is refused gets to read why, before it is cut. */
const lastWordsMs = 1_000;

/** Close codes of our own (RFC 6455, section 7.4.2). */
const closed = { refused: 4401, replaced: 4409, invalid: 4400, leaving: 1001 } as const;

export function createEdgeSockets(options: EdgeSocketOptions): EdgeSockets {
  const server = new WebSocketServer({ noServer: true, maxPayload: limits.edgeMessageBytes });
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
    open({ request, socket, head }, onProven) {
      server.handleUpgrade(request, socket, head, (opened) => {
        answering.add(opened);
        opened.on('pong', () => answering.add(opened));
        const inbox = new Inbox(opened, socket, options.log, () => answering.add(opened));
        const onKnown = () => {
          onProven();
          inbox.setKnown();
        };
        const talk = converse({ socket: opened, inbox, onKnown }, live, { ...options, seen: socketOrigin(request) })
          .catch((thrown) => refuse(opened, thrown, options.log))
          .finally(() => {
            inbox.close();
            talks.delete(talk);
          });
        talks.add(talk);
        inBackground(options.log, 'The talk with an edge broke off.', talk);
      });
    },
    release(edgeId) {
      const released = live.get(edgeId);
      if (!released) return;
      options.sessions.close(released.session);
      released.socket.close(closed.replaced, 'A newer connection took over.');
    },
    revoke(edgeId) {
      options.transfers.cut(edgeId);
      const revoked = live.get(edgeId);
      if (revoked) {
        options.sessions.close(revoked.session);
        refuse(revoked.socket, new AtelierError('forbidden', 'This edge was revoked.', { hint: 'Join again with a new token.' }), options.log);
      }
      for (const { socket } of live.values()) if (socket !== revoked?.socket) tell(socket, { kind: 'revoked', edgeIds: [edgeId] });
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
      await Promise.allSettled(talks);
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
    else socket.ping(String(Date.now()));
  }
}

function tell(socket: WebSocket, message: ToEdge | { kind: 'challenge'; nonce: string }): void {
  socket.send(JSON.stringify(message));
}

type Talk = EdgeSocketOptions & { readonly seen: SocketOrigin };

interface Caller {
  readonly socket: WebSocket;
  readonly inbox: Inbox;
  /** Called when it has proven which edge it is. */
  onKnown(): void;
}

/** Challenge, identify, welcome, hello; then every message goes to the core, in order. None waits here until the one before it is done. */
async function converse({ socket, inbox, onKnown }: Caller, live: Live, talk: Talk): Promise<void> {
  const slow = setTimeout(() => refuse(socket, new AtelierError('timeout', 'The edge did not introduce itself in time.'), talk.log), times.introduceMs);
  let session: string | undefined;
  try {
    const nonce = randomBytes(24).toString('base64url');
    tell(socket, { kind: 'challenge', nonce });
    const identity = await identify(talk.core(), nonce, await inbox.next());
    onKnown();
    session = talk.sessions.open(identity.id);
    tell(socket, welcome(identity, session, talk));
    const hello = parseMessage(await inbox.next());
    if (hello.kind !== 'hello') throw new AtelierError('invalid-input', 'The first message of an edge is hello.');
    if (hello.protocolVersion !== edgeProtocolVersion) {
      throw new AtelierError('conflict', `The edge speaks version ${hello.protocolVersion}, this coordinator ${edgeProtocolVersion}.`, {
        hint: 'Run the same release of Atelier on both machines.',
      });
    }
    clearTimeout(slow);
    await serve({ socket, session }, identity, { hello, inbox, live, talk });
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
  readonly inbox: Inbox;
  readonly live: Live;
  readonly talk: Talk;
}

async function serve(connection: Connection, identity: EdgeIdentity, { hello, inbox, live, talk }: Served): Promise<void> {
  const core = talk.core();
  const { id, name } = identity;
  const earlier = live.get(id);
  live.set(id, connection);
  // Whoever was revoked since the welcome: from here on this socket is told of each.
  tell(connection.socket, { kind: 'revoked', edgeIds: core.edges.revokedIds() });
  if (earlier) {
    talk.sessions.close(earlier.session);
    earlier.socket.close(closed.replaced, 'A newer connection took over.');
    await core.edges.disconnected(id);
  }
  talk.log.info({ edgeId: id, name }, 'An edge connected.');
  const inHand = new InHand(() => inbox.close());
  try {
    inHand.add(0, core.edges.connected(id, hello, originOf(talk.seen, identity, talk.isProxied === true)));
    // What a replaced connection had sent before is older than what its successor said at its beginning.
    for (let text = await inbox.next(); live.get(id) === connection; text = await inbox.next()) {
      inHand.add(text.length, core.edges.message(id, parseMessage(text)));
      await inHand.room();
    }
  } catch (thrown) {
    // An inbox that was closed for a failure ends as if its socket had.
    inHand.check();
    throw thrown;
  } finally {
    // Replaced ones leave the edge to their successor.
    if (live.get(id) === connection) {
      live.delete(id);
      talk.log.info({ edgeId: id, name }, 'An edge went away.');
      await core.edges.disconnected(id);
    }
  }
}

async function identify(core: Core, nonce: string, text: string): Promise<EdgeIdentity> {
  const parsed = Identify.safeParse(parseJson(text));
  if (!parsed.success) throw new AtelierError('invalid-input', 'The edge did not identify itself.');
  const identity = await core.edges.identity(parsed.data.edgeId);
  if (identity && isSignedBy(identity, nonce, parsed.data.signature)) return identity;
  throw new AtelierError('unauthenticated', 'This edge is not known here, or was revoked.', { hint: 'Join again: atelier edge --join URL --token TOKEN.' });
}

function isSignedBy(identity: EdgeIdentity, nonce: string, signature: string): boolean {
  const key = createPublicKey({ key: identity.publicKey as never, format: 'jwk' });
  return verify(null, Buffer.from(challengeText(nonce)), key, Buffer.from(signature, 'base64url'));
}

function welcome(identity: EdgeIdentity, sessionToken: string, { core, tickets }: Talk): ToEdge {
  return {
    kind: 'welcome',
    protocolVersion: edgeProtocolVersion,
    edgeId: identity.id,
    sessionToken,
    ticketKey: { ...tickets.publicJwk },
    time: Date.now(),
    revoked: core().edges.revokedIds(),
    heartbeatMs: times.heartbeatMs,
    leaseMs: times.leaseMs,
    abilities: [controlAbility],
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
    // What a model wrote may hold anything, and nobody can type it again.
    return mendTexts(JSON.parse(text));
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
  setTimeout(() => socket.terminate(), lastWordsMs).unref();
}
