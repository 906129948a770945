import { createHash, createHmac, generateKeyPairSync } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Readable } from 'node:stream';
import { type ArtifactStore, createTicketSigner, folderStore } from '@atelier/artifacts';
import { modelHash } from '@atelier/models';
import {
  type AppliedControl,
  controlAbility,
  type EdgeId,
  type EdgeInfo,
  type EdgeModel,
  edgeProtocolVersion,
  type FromEdge,
  findTask,
  limits,
  type ModelManifest,
  newId,
  type RunView,
  type ServiceOrder,
  type StepOutput,
  type ToEdge,
  type WorkOrder,
} from '@atelier/protocol';
import { type Database, schema, testDatabase } from '@atelier/store';
import { Cluster } from './cluster/index.ts';
import { startCore } from './compose.ts';
import type { CoreTimes, EdgeLink, Logger, Viewer } from './contracts/index.ts';
import type { Core } from './core.ts';
import { Quota } from './quota/index.ts';

/** What an edge in a test does with an order. It may answer later, or never. */
type Behaviour = (order: WorkOrder, edge: TestEdge) => void | Promise<void>;

/** An edge's half of the conversation, in this process: no sockets, real messages. */
export interface TestEdge {
  readonly id: EdgeId;
  readonly name: string;
  readonly orders: WorkOrder[];
  readonly received: ToEdge[];
  behave: Behaviour;
  /** Its results are not copied to the coordinator, as when it vanishes too soon; so its texts do not come with them, as long ones do not. */
  keepsResults: boolean;
  /** It does not answer when it is asked to prove that it holds what it names. */
  provesNothing: boolean;
  /** What it says and logs of a step that failed. */
  failureText: string;
  /** What it says that its results were computed with; empty for what it offers. */
  computedWith: string;
  /** The hash that it states of its models when it connects; empty for the true one. */
  stated: string;
  /** What it says of itself besides, when it connects. */
  about: Partial<EdgeInfo>;
  /** Kinds of services that it can run; none unless a test says so, as with an edge of an older release. */
  serviceKinds: string[];
  /** Services that it was given and runs. */
  readonly services: Map<string, ServiceOrder>;
  /** Stands at the end of what it makes: other bytes than an honest edge's. */
  lie: string;
  /** What it says that it can do, when it connects; an older one says nothing. */
  abilities: string[];
  say(message: FromEdge): Promise<void>;
  /** @param applied controls that had an effect on it */
  succeed(order: WorkOrder, text?: string, applied?: AppliedControl[]): Promise<void>;
  /** Makes bytes, to be brought when they are asked for. @returns their hash */
  make(bytes: Buffer): string;
  fail(order: WorkOrder, code?: 'step-failed' | 'damaged-media'): Promise<void>;
  /** Connected edges send one for all that they hold, often enough to keep their leases. */
  heartbeat(holding?: WorkOrder[]): Promise<void>;
  connect(holding?: WorkOrder[]): Promise<void>;
  /** Keeps its socket but says nothing more, as a machine that hangs. */
  fallSilent(): void;
  disconnect(): Promise<void>;
  /** The next message of a kind, or one that came already. */
  next<K extends ToEdge['kind']>(kind: K, after?: number): Promise<Extract<ToEdge, { kind: K }>>;
}

interface EdgeInside extends TestEdge {
  connected: boolean;
  beat: NodeJS.Timeout | undefined;
  /** What it works on, or has the result of and no acknowledgement. */
  readonly holding: Map<string, WorkOrder>;
  /** Bytes that it made, by their hash. */
  readonly made: Map<string, Buffer>;
}

/** A database, a store of bytes and a core that can be ended and started again, as a coordinator can. */
export interface TestStudio {
  readonly database: Database;
  readonly artifacts: ArtifactStore;
  readonly owner: Viewer;
  readonly member: Viewer;
  readonly other: Viewer;
  core: Core;
  addEdge(name: string, models?: ModelManifest[], slots?: number): Promise<TestEdge>;
  /** Ends the core without a word to anybody, and starts another on the same database. */
  restart(): Promise<void>;
  /** The run once it satisfies a condition. */
  runUntil(runId: RunView['id'], wanted: (run: RunView) => boolean): Promise<RunView>;
  close(): Promise<void>;
}

const publicKey = generateKeyPairSync('ed25519').publicKey.export({ format: 'jwk' }) as Record<string, unknown>;
const heartbeatMs = 200;
/** Quick enough for tests, long enough for a busy machine. */
const testTimes: CoreTimes = { leaseMs: 4_000, reapMs: 100, sweepMs: 300, lookMs: 300 };

export function textModel(id: string, tasks: string[] = ['text-generation'], more: Partial<ModelManifest> = {}): ModelManifest {
  const prior = { loadSeconds: 0.1, runSeconds: 0.1 };
  return {
    id,
    title: id,
    shortName: id,
    summary: id,
    driver: 'command',
    tasks,
    licence: 'Apache-2.0',
    files: [],
    memoryBytes: 1,
    quality: 0.5,
    prior,
    options: {},
    ...more,
  };
}

export async function testStudio(times: Partial<CoreTimes> = {}, catalogue: readonly ModelManifest[] = [textModel('writer')]): Promise<TestStudio> {
  const folder = await mkdtemp(path.join(tmpdir(), 'atelier-core-'));
  const database = await testDatabase();
  const artifacts = await folderStore(folder);
  const tickets = await createTicketSigner(path.join(folder, 'ticket-key.json'));
  const quota = new Quota(database, limits.uploadedBytesPerPerson);
  const edges = new Map<EdgeId, EdgeInside>();
  const link: EdgeLink = {
    send: (edgeId, message) => deliver(studio, edges.get(edgeId), message),
    release: () => undefined,
    revoke: () => undefined,
  };
  const begin = async () => {
    const cluster = await openCluster(database, folder);
    const needs = { database, link, catalogue, artifacts, tickets, quota, cluster, succeed: async () => undefined, log: quiet };
    const core = await startCore({ ...needs, times: { ...testTimes, ...times } });
    return {
      ...core,
      async close() {
        await core.close();
        await cluster.close();
      },
    };
  };
  const people = await addPeople(database);
  const studio: TestStudio = {
    database,
    artifacts,
    ...people,
    core: await begin(),
    async addEdge(name, models = [textModel('writer')], slots = 1) {
      const id = await studio.core.edges.add({ name, publicKey, local: true });
      const edge = testEdge(studio, { id, name, models, slots });
      edges.set(id, edge);
      await edge.connect();
      return edge;
    },
    async restart() {
      for (const edge of edges.values()) {
        edge.connected = false;
        edge.fallSilent();
      }
      await studio.core.close();
      studio.core = await begin();
    },
    runUntil: (runId, wanted) => runUntil(studio, runId, wanted),
    async close() {
      for (const edge of edges.values()) edge.fallSilent();
      await studio.core.close();
      await database.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
  return studio;
}

async function openCluster(database: Database, home: string): Promise<Cluster> {
  const cluster = new Cluster({ database, log: quiet, home, url: 'http://127.0.0.1', version: '0', storage: home, aliveMs: testTimes.leaseMs });
  await cluster.open();
  return cluster;
}

const quiet: Logger = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: (fields, message) => console.error(message, fields),
};

async function addPeople(database: Database): Promise<{ owner: Viewer; member: Viewer; other: Viewer }> {
  const people = { owner: { id: 'owner', role: 'owner' }, member: { id: 'member', role: 'member' }, other: { id: 'other', role: 'member' } } as const;
  await database.db.insert(schema.user).values(Object.values(people).map(({ id, role }) => ({ id, role, name: id, email: `${id}@example.org` })));
  return people;
}

function deliver(studio: TestStudio, edge: EdgeInside | undefined, message: ToEdge): boolean {
  if (!edge?.connected) return false;
  edge.received.push(message);
  for (const listener of listeners.get(edge) ?? []) listener();
  if (message.kind === 'ack' || message.kind === 'cancel') edge.holding.delete(message.attemptId);
  if (message.kind === 'service-start') edge.services.set(message.order.serviceId, message.order);
  if (message.kind === 'service-stop') edge.services.delete(message.serviceId);
  if (message.kind === 'store' && !edge.keepsResults) queueMicrotask(() => void bring(studio, edge, message.hash).catch(() => undefined));
  if (message.kind === 'prove' && !edge.provesNothing) queueMicrotask(() => void prove(edge, message).catch(() => undefined));
  if (message.kind === 'work') {
    edge.holding.set(message.order.attemptId, message.order);
    edge.orders.push(message.order);
    queueMicrotask(() => void edge.behave(message.order, edge));
  }
  return true;
}

const listeners = new WeakMap<TestEdge, Set<() => void>>();

/** A message of a kind that an edge was sent, waited for if it has not come. @param after how many of the kind come before it */
async function nextMessage(edge: TestEdge, kind: ToEdge['kind'], after: number): Promise<ToEdge> {
  const all = listeners.get(edge) ?? new Set();
  listeners.set(edge, all);
  for (;;) {
    const found = edge.received.filter((message) => message.kind === kind)[after];
    if (found) return found;
    const { promise, resolve } = Promise.withResolvers<void>();
    all.add(resolve);
    await promise;
    all.delete(resolve);
  }
}

function testEdge(studio: TestStudio, given: { id: EdgeId; name: string; models: ModelManifest[]; slots: number }): EdgeInside {
  const { id, name, models, slots } = given;
  const timings = { transferSeconds: 0, transferBytes: 0, loadSeconds: 0, runSeconds: 0.01, cold: false };
  const held = (orders: WorkOrder[]) => orders.map(({ attemptId, fence }) => ({ attemptId, fence }));
  const heldServices = () => [...edge.services.values()].map(({ serviceId, fence }) => ({ serviceId, fence }));
  const edge: EdgeInside = {
    id,
    name,
    connected: false,
    holding: new Map(),
    made: new Map(),
    beat: undefined,
    keepsResults: false,
    provesNothing: false,
    failureText: 'It did not work.',
    computedWith: '',
    stated: '',
    about: {},
    serviceKinds: [],
    services: new Map(),
    lie: '',
    abilities: [controlAbility],
    orders: [],
    received: [],
    behave: (order) => edge.succeed(order),
    say: (message) => studio.core.edges.message(id, message),
    async succeed(order, text = `${order.stepId} on ${id}`, applied = undefined) {
      const outputs = [madeBy(edge, order, text)];
      const { attemptId, fence } = order;
      await edge.say({ kind: 'result', attemptId, fence, outputs, timings, modelHash: edge.computedWith, ...(applied && { applied }) });
    },
    make(bytes) {
      const hash = createHash('sha256').update(bytes).digest('hex');
      edge.made.set(hash, bytes);
      return hash;
    },
    fail: ({ attemptId, fence }, code = 'step-failed') =>
      edge.say({ kind: 'failure', attemptId, fence, error: { code, message: edge.failureText }, log: `a line of its log: ${edge.failureText}` }),
    heartbeat: (holding = [...edge.holding.values()]) =>
      edge.say({ kind: 'heartbeat', holding: held(holding), services: heldServices(), diskFreeBytes: 1e9, draining: false }),
    async connect(holding = []) {
      edge.connected = true;
      edge.holding.clear();
      for (const order of holding) edge.holding.set(order.attemptId, order);
      edge.beat ??= setInterval(() => void edge.heartbeat().catch(() => undefined), heartbeatMs);
      const info = { ...edgeInfo(name, slots), ...edge.about };
      await studio.core.edges.connected(id, {
        kind: 'hello',
        protocolVersion: edgeProtocolVersion,
        info,
        models: models.map((manifest) => readyModel(manifest, edge.stated)),
        holding: held(holding),
        abilities: edge.abilities,
        ...(edge.serviceKinds.length === 0 ? {} : { services: { kinds: edge.serviceKinds, slots: limits.servicesPerEdge, held: heldServices() } }),
      });
    },
    async disconnect() {
      edge.connected = false;
      edge.fallSilent();
      await studio.core.edges.disconnected(id);
    },
    fallSilent() {
      clearInterval(edge.beat);
      edge.beat = undefined;
    },
    next: (kind, after = 0) => nextMessage(edge, kind, after) as never,
  };
  return edge;
}

/** One value for the first port of the order's task. What stands for a picture or film is the same on every edge, as the work of a real model. */
function madeBy(edge: EdgeInside, order: WorkOrder, text: string): StepOutput {
  const [port, { modality }] = Object.entries(findTask(order.task).outputs)[0] as [string, { modality: keyof typeof mediaTypes }];
  const isText = modality === 'text';
  const bytes = isText
    ? Buffer.from(`${text}${edge.lie}`)
    : Buffer.from(`${marks[modality]}${order.task} ${order.shard} ${JSON.stringify(Object.entries(order.parameters).sort())}${edge.lie}`, 'latin1');
  const hash = createHash('sha256').update(bytes).digest('hex');
  edge.made.set(hash, bytes);
  return { port, index: 0, hash, mediaType: mediaTypes[modality], sizeBytes: bytes.length, text: isText && !edge.keepsResults ? text : null };
}

/** What pictures and films begin with. */
const marks = { text: '', image: '\x89PNG\r\n\x1a\n', video: '\0\0\0\x18ftypisom' } as const;
const mediaTypes = { text: 'text/plain', image: 'image/png', video: 'video/mp4' } as const;

/** Answers with digests of what it made; what it did not make it guesses. */
async function prove(edge: EdgeInside, { attemptId, fence, nonce, hashes }: Extract<ToEdge, { kind: 'prove' }>): Promise<void> {
  const digest = (bytes: Buffer) => createHmac('sha256', Buffer.from(nonce, 'base64url')).update(bytes).digest('base64url');
  const proofs = hashes.map((hash) => ({ hash, hmac: digest(edge.made.get(hash) ?? Buffer.from(hash)) }));
  await edge.say({ kind: 'proof', attemptId, fence, nonce, proofs });
}

/** Brings bytes to the coordinator, as an edge does when it is asked for them; what it does not have it says it has brought. */
async function bring(studio: TestStudio, edge: EdgeInside, hash: string): Promise<void> {
  const bytes = edge.made.get(hash);
  if (bytes) {
    await studio.artifacts.put(Readable.from([bytes]), { expectedHash: hash });
    await studio.core.bytes.brought(edge.id, { hash, sizeBytes: bytes.length, head: bytes });
  }
  await edge.say({ kind: 'stored', hash: hash as never, error: null });
}

function edgeInfo(name: string, slots: number): EdgeInfo {
  const bytes = { memoryBytes: 1e9, modelMemoryBytes: 1e9, diskFreeBytes: 1e9 };
  return { name, version: '0', platform: 'test', cpu: 'test', cores: 1, slots, ...bytes, transferUrl: null, devices: [], position: null, simulated: true };
}

function readyModel(manifest: ModelManifest, stated: string): EdgeModel {
  return { manifest, modelHash: stated || modelHash(manifest), state: 'ready', loaded: true, diskBytes: 0, pull: null, error: null };
}

async function runUntil(studio: TestStudio, runId: RunView['id'], wanted: (run: RunView) => boolean): Promise<RunView> {
  const signal = AbortSignal.timeout(300_000);
  for await (const event of studio.core.runs.watch(studio.owner, runId, signal)) {
    if (event.kind !== 'snapshot' && event.kind !== 'run' && event.kind !== 'ended') continue;
    const run = await studio.core.runs.get(studio.owner, runId);
    if (wanted(run)) return run;
  }
  const run = await studio.core.runs.get(studio.owner, runId);
  throw new Error(
    `The run did not get there: ${JSON.stringify({ state: run.state, error: run.error, steps: run.steps.map((step) => [step.id, step.state]) })}`,
  );
}

/** A fresh idempotency key. */
export const newKey = () => newId<string>();
