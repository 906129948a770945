import { createHash, generateKeyPairSync, randomBytes, sign } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createKeyProver, type KeyProver, presentToken } from '@atelier/artifacts';
import { modelHash } from '@atelier/models';
import {
  AtelierError,
  challengeText,
  controlAbility,
  type EdgeId,
  edgeProtocolVersion,
  type FromEdge,
  type ModelManifest,
  newId,
  type Role,
  type ToEdge,
  type WorkOrder,
} from '@atelier/protocol';
import { type Database, schema, testDatabase } from '@atelier/store';
import { defaultKeyHasher } from '@better-auth/api-key';
import pino from 'pino';
import { WebSocket } from 'ws';
import { type Coordinator, type CoordinatorOptions, startCoordinator } from '../start.ts';

/** A coordinator on a free port with a database and folder of its own. */
export interface TestCoordinator extends Coordinator {
  readonly database: Database;
  readonly dataFolder: string;
  /** The token of this machine's command line: an owner's. */
  readonly ownerToken: string;
  call(path: string, options?: CallOptions): Promise<Response>;
  /** Stops the coordinator; database and folder stay until `close`. */
  stop(): Promise<void>;
  /** A new person with a token. */
  person(role: Role, options?: { expiresAt?: Date }): Promise<{ id: string; token: string }>;
}

interface CallOptions {
  readonly method?: string;
  readonly token?: string;
  readonly headers?: Record<string, string>;
  /** Sent as JSON unless it is bytes or a text. */
  readonly body?: unknown;
}

export async function testCoordinator(options: Partial<CoordinatorOptions> = {}): Promise<TestCoordinator> {
  const database = await testDatabase();
  const dataFolder = await mkdtemp(join(tmpdir(), 'atelier-server-'));
  const log = pino({ level: process.env.ATELIER_LOG_LEVEL ?? 'silent' });
  const clear = async () => {
    await database.close();
    await rm(dataFolder, { recursive: true, force: true });
  };
  const start = startCoordinator({ host: '127.0.0.1', port: 0, dataFolder, localEdge: false, databaseUrl: database.url, log, ...options });
  const coordinator = await start.catch(async (thrown: unknown) => {
    await clear();
    throw thrown;
  });
  const ownerToken = (await readFile(join(dataFolder, 'owner.token'), 'utf8')).trim();
  return {
    ...coordinator,
    database,
    dataFolder,
    ownerToken,
    call: (path, call = {}) => fetch(new URL(path, coordinator.url), asRequest(call)),
    stop: () => coordinator.close(),
    person: (role, { expiresAt } = {}) => addPerson(database, role, expiresAt ?? null),
    async close() {
      await coordinator.close();
      await clear();
    },
  };
}

function asRequest({ method, token, headers, body }: CallOptions): RequestInit {
  const plain = body === undefined || typeof body === 'string' || body instanceof Uint8Array || body instanceof FormData;
  return {
    method: method ?? (body === undefined ? 'GET' : 'POST'),
    headers: { ...(token ? { authorization: `Bearer ${token}` } : {}), ...(plain ? {} : { 'content-type': 'application/json' }), ...headers },
    redirect: 'manual',
    ...(body === undefined ? {} : { body: plain ? (body as BodyInit) : JSON.stringify(body) }),
  };
}

async function addPerson(database: Database, role: Role, expiresAt: Date | null): Promise<{ id: string; token: string }> {
  const id = newId<string>();
  const token = `atl_${randomBytes(24).toString('hex')}`;
  await database.db.insert(schema.user).values({ id, role, name: `A ${role}`, email: `${id}@example.org` });
  await database.db.insert(schema.apikey).values({ id: newId(), referenceId: id, name: 'test', key: await defaultKeyHasher(token), expiresAt });
  return { id, token };
}

/** The far end of an edge's socket. */
export interface SocketEdge {
  readonly id: EdgeId;
  readonly sessionToken: string;
  readonly welcome: Extract<ToEdge, { kind: 'welcome' }>;
  readonly socket: WebSocket;
  readonly received: ToEdge[];
  send(message: FromEdge): void;
  /** Headers that show the connection's token, or a ticket, with a proof of the edge's key. */
  shows(method: string, path: string, token?: string): Promise<Record<string, string>>;
  /** The next message of a kind that was not waited for yet. */
  next<K extends ToEdge['kind']>(kind: K): Promise<Extract<ToEdge, { kind: K }>>;
  close(): Promise<void>;
}

export interface EdgeKey {
  readonly edgeId: EdgeId;
  prove(nonce: string): string;
  readonly proveRequest: KeyProver;
  readonly publicKey: Record<string, unknown>;
}

/** Joins with a new token and key. */
export async function joinEdge(coordinator: TestCoordinator, name: string): Promise<EdgeKey> {
  const made = await coordinator.call('/api/join-tokens', { method: 'POST', token: coordinator.ownerToken, body: {} });
  const { token } = (await made.json()) as { token: string };
  const { publicKey, privateKey } = generateKeyPairSync('ed25519');
  const joined = await coordinator.call('/api/edge/join', { body: { token, name, publicKey: publicKey.export({ format: 'jwk' }) } });
  const { edgeId } = (await joined.json()) as { edgeId: EdgeId };
  return {
    edgeId,
    publicKey: publicKey.export({ format: 'jwk' }) as Record<string, unknown>,
    prove: (nonce) => sign(null, Buffer.from(challengeText(nonce)), privateKey).toString('base64url'),
    proveRequest: createKeyProver(privateKey.export({ format: 'jwk' }) as never, () => new Date()),
  };
}

/** Opens an edge's socket up to `welcome`; hello is sent where models are given. */
export async function openEdge(
  coordinator: TestCoordinator,
  key: EdgeKey,
  models?: readonly ModelManifest[],
  headers: Record<string, string> = {},
): Promise<SocketEdge> {
  const socket = new WebSocket(`${coordinator.url.replace('http', 'ws')}/api/edge/socket`, { headers });
  const received: ToEdge[] = [];
  const arrived = new Set<() => void>();
  socket.on('message', (data) => {
    const message = JSON.parse(data.toString()) as ToEdge | { kind: 'challenge'; nonce: string };
    if (message.kind === 'challenge') socket.send(JSON.stringify({ kind: 'identify', edgeId: key.edgeId, signature: key.prove(message.nonce) }));
    else received.push(message);
    for (const wake of arrived) wake();
  });
  const next: SocketEdge['next'] = async (kind) => {
    for (;;) {
      const at = received.findIndex((message) => message.kind === kind);
      if (at >= 0) return received.splice(at, 1)[0] as never;
      if (socket.readyState === socket.CLOSED) throw new Error(`The socket was closed before ${kind}; received: ${JSON.stringify(received)}`);
      await new Promise<void>((resolve) => {
        arrived.add(resolve);
        socket.once('close', () => resolve());
      });
    }
  };
  const welcome = await next('welcome');
  const send = (message: FromEdge) => socket.send(JSON.stringify(message));
  if (models) send(hello(models));
  return {
    id: key.edgeId,
    sessionToken: welcome.sessionToken,
    welcome,
    socket,
    received,
    send,
    shows: (method, url, token = welcome.sessionToken) => presentToken(key.proveRequest, { method, url, token }),
    next,
    async close() {
      if (socket.readyState === socket.CLOSED) return;
      socket.close();
      await once(socket, 'close');
    },
  };
}

export function hello(models: readonly ModelManifest[]): Extract<FromEdge, { kind: 'hello' }> {
  const bytes = { memoryBytes: 1e9, modelMemoryBytes: 1e9, diskFreeBytes: 1e9 };
  const info = {
    name: 'Test',
    version: '0',
    platform: 'test',
    cpu: 'test',
    cores: 1,
    slots: 2,
    ...bytes,
    transferUrl: null,
    devices: [],
    position: null,
    simulated: true,
  };
  return {
    kind: 'hello',
    protocolVersion: edgeProtocolVersion,
    info,
    models: models.map((manifest) => ({ manifest, modelHash: modelHash(manifest), state: 'ready', loaded: true, diskBytes: 0, pull: null, error: null })),
    holding: [],
    abilities: [controlAbility],
  };
}

export function testModel(id: string, tasks: string[]): ModelManifest {
  const prior = { loadSeconds: 0.1, runSeconds: 0.1 };
  const words = { title: id, shortName: id, summary: id, licence: 'Apache-2.0' };
  return { id, ...words, driver: 'command', tasks, files: [], memoryBytes: 1, quality: 0.5, prior, options: {} };
}

/** What a step of a test makes. */
export interface Made {
  readonly port: string;
  readonly mediaType: string;
  readonly bytes: Uint8Array;
}

/** An edge that works: answers each order with what `work` makes and brings its bytes when asked. */
export async function workingEdge(
  coordinator: TestCoordinator,
  models: readonly ModelManifest[],
  work: (order: WorkOrder, edge: SocketEdge) => Made | readonly Made[] | Promise<Made | readonly Made[]>,
): Promise<SocketEdge> {
  const edge = await openEdge(coordinator, await joinEdge(coordinator, `Worker ${newId().slice(-6)}`), models);
  const held = new Map<string, Made>();
  const timings = { transferSeconds: 0, transferBytes: 0, loadSeconds: 0, runSeconds: 0.01, cold: false };
  const working = new Map<string, { attemptId: WorkOrder['attemptId']; fence: number }>();
  const answer = async (message: ToEdge): Promise<void> => {
    if (message.kind === 'work') {
      const { attemptId, fence } = message.order;
      working.set(attemptId, { attemptId, fence });
      edge.send({ kind: 'started', attemptId, fence });
      const outputs = [await work(message.order, edge)].flat().map((made) => {
        const hash = createHash('sha256').update(made.bytes).digest('hex');
        held.set(hash, made);
        return { port: made.port, index: 0, hash, mediaType: made.mediaType, sizeBytes: made.bytes.length, text: null };
      });
      edge.send({ kind: 'result', attemptId, fence, outputs, timings, modelHash: '' });
      working.delete(attemptId);
    } else if (message.kind === 'store') {
      const made = held.get(message.hash);
      const path = `/api/edge/artifacts/${message.hash}`;
      const headers = { 'content-type': made?.mediaType ?? '', ...(await edge.shows('PUT', path)) };
      // The line of a revoked edge is cut, and nobody listens at the end of a test.
      const failed = await coordinator.call(path, { method: 'PUT', headers, body: made?.bytes ?? '' }).then(
        () => null,
        (thrown: unknown) => AtelierError.from(thrown).toJSON(),
      );
      edge.send({ kind: 'stored', hash: message.hash, error: failed });
    }
  };
  for (const message of edge.received) void answer(message);
  edge.socket.on('message', (data) => void answer(JSON.parse(data.toString()) as ToEdge));
  // One that says nothing counts as away.
  const beat = setInterval(() => edge.send({ kind: 'heartbeat', holding: [...working.values()], diskFreeBytes: 1e9, draining: false }), 1_000);
  edge.socket.once('close', () => clearInterval(beat));
  await untilOnline(coordinator, edge.id);
  return edge;
}

/** Says that the edge lives, and works for ever on what it is given: one that says nothing counts as away. */
export function keepAtWork(edge: SocketEdge): void {
  const working: Array<{ attemptId: WorkOrder['attemptId']; fence: number }> = [];
  const hear = (message: ToEdge) => {
    if (message.kind === 'work') working.push({ attemptId: message.order.attemptId, fence: message.order.fence });
  };
  edge.received.forEach(hear);
  edge.socket.on('message', (data) => hear(JSON.parse(data.toString()) as ToEdge));
  const beat = setInterval(() => edge.send({ kind: 'heartbeat', holding: working, diskFreeBytes: 1e9, draining: false }), 1_000);
  edge.socket.once('close', () => clearInterval(beat));
}

/** Asks until the edge is known to be there; hello has no answer of its own. */
async function untilOnline(coordinator: TestCoordinator, id: EdgeId): Promise<void> {
  for (;;) {
    const edges = (await (await coordinator.call('/api/edges', { token: coordinator.ownerToken })).json()) as { id: string; state: string }[];
    if (edges.some((edge) => edge.id === id && edge.state === 'online')) return;
  }
}

export async function errorOf(response: Response): Promise<{ code: string; message: string; hint?: string }> {
  const body = (await response.json()) as { error?: { code: string; message: string }; data?: { code: string; message: string } };
  return (body.error ?? body.data) as { code: string; message: string };
}
