/**
 * A small real coordinator for tests: speaks the edge protocol over a real socket on loopback, signs tickets, keeps uploads in a folder store.
 * It plans nothing: a test sends what it wants and waits for what it expects.
 */
import { createPublicKey, type JsonWebKey, randomUUID, verify } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { type Readable, Readable as Streams } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import {
  createTicketSigner,
  type FolderStore,
  folderStore,
  keyThumbprint,
  ProofReader,
  presentedToken,
  readPastTicket,
  type TicketSigner,
  verifyTicket,
} from '@atelier/artifacts';
import {
  AtelierError,
  challengeText,
  controlAbility,
  type EdgeId,
  edgeProtocolVersion,
  FromEdge,
  Identify,
  JoinRequest,
  newId,
  RenewTickets,
  type ToEdge,
} from '@atelier/protocol';
import { type WebSocket, WebSocketServer } from 'ws';

export interface SmallCoordinator extends AsyncDisposable {
  readonly url: string;
  readonly token: string;
  readonly store: FolderStore;
  readonly tickets: TicketSigner;
  /** Told in each welcome. */
  readonly revoked: EdgeId[];
  /** What it says the time is, in milliseconds since 1970. */
  time: () => number;
  /** Edges that dial are turned away. */
  refusesSockets: boolean;
  /** What it says in `welcome` that it speaks. */
  protocolVersion: number;
  /** Tickets that it gave for older ones. */
  readonly renewed: string[];
  /** All that edges said, in order. */
  readonly heard: FromEdge[];
  edgeId(): EdgeId;
  /** A ticket for the edge that connected last. */
  ticket(ticket: { hash: string; from: string; seconds?: number }): Promise<string>;
  send(message: ToEdge): void;
  /** Tells the time as each ping of a coordinator does. */
  ping(): void;
  /** The first message of a kind, from `since` on in {@link heard}, that fits; waits for it. */
  hear<K extends FromEdge['kind']>(
    kind: K,
    fits?: (message: Extract<FromEdge, { kind: K }>) => boolean,
    since?: number,
  ): Promise<Extract<FromEdge, { kind: K }>>;
  /** Cuts the socket without a word. */
  cut(): void;
  /** Uploads are cut after so many bytes, once. */
  cutUploadAfter(bytes: number): void;
  /** Takes the token again. */
  takeAnother(): void;
  /** Forgets every edge, as after its data was thrown away, and takes the token again. */
  forgetEdges(): void;
}

const deadlineMs = 60_000;

export async function startSmallCoordinator(folder: string, port = 0): Promise<SmallCoordinator> {
  const server = new Coordinator(await folderStore(join(folder, 'artifacts')), await createTicketSigner(join(folder, 'ticket-key.json')));
  await server.listen(port);
  return server;
}

class Coordinator implements SmallCoordinator {
  readonly store: FolderStore;
  readonly tickets: TicketSigner;
  readonly heard: FromEdge[] = [];
  readonly token = randomUUID();
  readonly revoked: EdgeId[] = [];
  readonly renewed: string[] = [];
  time = () => Date.now();
  refusesSockets = false;
  protocolVersion = edgeProtocolVersion;
  readonly #proofs = new ProofReader();
  readonly #keys = new Map<string, Record<string, unknown>>();
  readonly #listeners = new Set<() => void>();
  readonly #server: Server;
  readonly #sockets = new WebSocketServer({ noServer: true });
  #tokenUsed = false;
  #socket: WebSocket | undefined;
  #edgeId: EdgeId | undefined;
  #cutUploadAfter: number | undefined;

  constructor(store: FolderStore, tickets: TicketSigner) {
    this.store = store;
    this.tickets = tickets;
    this.#server = createServer((request, response) => {
      this.#answer(request, response).catch((thrown: unknown) => refuse(response, thrown));
    });
    this.#server.on('upgrade', (request, socket, head) => {
      if (this.refusesSockets) socket.destroy();
      else this.#sockets.handleUpgrade(request, socket, head, (ws) => this.#challenge(ws));
    });
  }

  listen(port: number): Promise<void> {
    return new Promise((done) => this.#server.listen(port, '127.0.0.1', () => done()));
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  edgeId(): EdgeId {
    return this.#edgeId as EdgeId;
  }

  ticket({ hash, from, seconds = 60 }: { hash: string; from: string; seconds?: number }): Promise<string> {
    const to = this.edgeId();
    return this.tickets.sign({ hash, from, to, key: this.#keys.get(to) as never, attempt: 'some attempt', seconds });
  }

  send(message: ToEdge): void {
    this.#socket?.send(JSON.stringify(message));
  }

  ping(): void {
    this.#socket?.ping(String(this.time()));
  }

  hear<K extends FromEdge['kind']>(
    kind: K,
    fits: (message: Extract<FromEdge, { kind: K }>) => boolean = () => true,
    since = 0,
  ): Promise<Extract<FromEdge, { kind: K }>> {
    return new Promise((resolve, reject) => {
      const look = () => {
        const found = this.heard.slice(since).find((message) => message.kind === kind && fits(message as Extract<FromEdge, { kind: K }>));
        if (!found) return;
        clearTimeout(timer);
        this.#listeners.delete(look);
        resolve(found as Extract<FromEdge, { kind: K }>);
      };
      const timer = setTimeout(() => {
        this.#listeners.delete(look);
        reject(
          new Error(
            `no ${kind} came; heard: ${this.heard
              .slice(since)
              .map((message) => JSON.stringify(message).slice(0, 300))
              .join('\n')}`,
          ),
        );
      }, deadlineMs);
      this.#listeners.add(look);
      look();
    });
  }

  cut(): void {
    this.#socket?.terminate();
  }

  cutUploadAfter(bytes: number): void {
    this.#cutUploadAfter = bytes;
  }

  takeAnother(): void {
    this.#tokenUsed = false;
  }

  forgetEdges(): void {
    this.#keys.clear();
    this.takeAnother();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const client of this.#sockets.clients) client.terminate();
    this.#server.closeAllConnections();
    await new Promise((done) => this.#server.close(done));
  }

  #challenge(ws: WebSocket): void {
    const nonce = randomUUID();
    ws.send(JSON.stringify({ kind: 'challenge', nonce }));
    ws.once('message', (data) => {
      const { edgeId, signature } = Identify.parse(JSON.parse(data.toString()));
      const jwk = this.#keys.get(edgeId);
      const key = jwk && createPublicKey({ key: jwk as JsonWebKey, format: 'jwk' });
      if (!key || !verify(null, Buffer.from(challengeText(nonce)), key, Buffer.from(signature, 'base64url'))) {
        ws.send(JSON.stringify({ kind: 'error', error: { code: 'unauthenticated', message: 'Not known.' } }));
        return ws.close();
      }
      this.#socket = ws;
      this.#edgeId = edgeId;
      ws.on('message', (message) => {
        this.heard.push(FromEdge.parse(JSON.parse(message.toString())));
        for (const look of [...this.#listeners]) look();
      });
      const welcome: ToEdge = {
        kind: 'welcome',
        protocolVersion: this.protocolVersion,
        edgeId,
        sessionToken: 'session',
        ticketKey: { ...this.tickets.publicJwk },
        time: this.time(),
        revoked: [...this.revoked],
        heartbeatMs: 200,
        leaseMs: 10_000,
        abilities: [controlAbility],
      };
      ws.send(JSON.stringify(welcome));
    });
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const hash = /^\/api\/edge\/artifacts\/([0-9a-f]{64})$/.exec(request.url ?? '')?.[1];
    if (request.method === 'POST' && request.url === '/api/edge/join') return this.#join(request, response);
    if (request.method === 'POST' && request.url === '/api/edge/tickets') return this.#renew(request, response);
    if (!hash) return void response.writeHead(404).end();
    if (request.method === 'GET') return this.#give(hash, request, response);
    if (!(await this.#isOwn(request))) return void response.writeHead(401).end();
    if (request.method === 'HEAD')
      return void response.writeHead((await this.store.has(hash)) ? 200 : 404, { 'content-length': String((await this.store.size(hash)) ?? 0) }).end();
    await this.store.put(this.#maybeCut(request), { expectedHash: hash });
    response.writeHead(201).end();
  }

  async #give(hash: string, request: IncomingMessage, response: ServerResponse): Promise<void> {
    const token = presentedToken(request.headers.authorization) ?? '';
    const { cnf } = await verifyTicket(this.tickets.publicJwk, token, { hash, from: 'coordinator', now: new Date(this.time()) });
    await this.#prove(request, token, cnf.jkt);
    await pipeline(await this.store.get(hash), response.writeHead(200));
  }

  async #isOwn(request: IncomingMessage): Promise<boolean> {
    const token = presentedToken(request.headers.authorization);
    if (token !== 'session') return false;
    await this.#prove(request, token, await keyThumbprint(this.#keys.get(this.edgeId()) as never));
    return true;
  }

  #prove({ method = '', url = '', headers }: IncomingMessage, token: string, jkt: string): Promise<void> {
    return this.#proofs.check(String(headers.dpop), { method, url, token }, jkt, new Date(this.time()));
  }

  async #renew(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (!(await this.#isOwn(request))) return void response.writeHead(401).end();
    const old = await readPastTicket(this.tickets.publicJwk, RenewTickets.parse(JSON.parse(await text(request))).token);
    const token = await this.ticket(old);
    this.renewed.push(token);
    const tickets = [{ from: old.from, url: `/api/edge/artifacts/${old.hash}`, address: null, token }];
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify({ tickets }));
  }

  async #join(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { token, publicKey } = JoinRequest.parse(JSON.parse(await text(request)));
    if (token !== this.token || this.#tokenUsed) {
      return void response.writeHead(409).end(JSON.stringify({ code: 'token-used', message: 'The token was used.' }));
    }
    this.#tokenUsed = true;
    const edgeId = newId<EdgeId>();
    this.#keys.set(edgeId, publicKey);
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify({ edgeId }));
  }

  async *#maybeCut(request: Readable): AsyncGenerator<Buffer> {
    let passed = 0;
    for await (const chunk of request as AsyncIterable<Buffer>) {
      passed += chunk.byteLength;
      if (this.#cutUploadAfter !== undefined && passed > this.#cutUploadAfter) {
        this.#cutUploadAfter = undefined;
        request.destroy();
        throw new Error('cut');
      }
      yield chunk;
    }
  }
}

function refuse(response: ServerResponse, thrown: unknown): void {
  const error = AtelierError.from(thrown);
  if (response.headersSent || error.code === 'internal') response.destroy();
  else response.writeHead(error.status).end(JSON.stringify({ error: error.toJSON() }));
}

async function text(stream: Readable): Promise<string> {
  return Buffer.concat(await Streams.from(stream).toArray()).toString('utf8');
}
