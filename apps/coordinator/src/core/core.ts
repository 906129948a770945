import type { ArtifactStore, TicketSigner } from '@atelier/artifacts';
import type {
  Again,
  Artifact,
  Dimensions,
  EdgeId,
  EdgeView,
  FromEdge,
  LinkView,
  ModelManifest,
  ModelView,
  MoveRun,
  NewRun,
  OutputId,
  Page,
  PlanRequest,
  PlanSet,
  QueueView,
  RunEvent,
  RunId,
  RunSummary,
  RunView,
  Ticket,
  ToEdge,
  UploadView,
} from '@atelier/protocol';
import type { Database } from '@atelier/store';
import type { SocketOrigin } from './addresses/index.ts';
import type { SavedChains } from './chains/index.ts';
import type { Arrived } from './claims/index.ts';
import type { DoubleChecks } from './double-checks/index.ts';
import type { Gallery } from './gallery/index.ts';
import type { Logger } from './logger.ts';
import type { Quota } from './quota/index.ts';

/** Who asks. A member sees their own runs, an owner all. */
export interface Viewer {
  readonly id: string;
  readonly role: 'owner' | 'member';
}

/** The sockets of the edges, as the core sees them. */
export interface EdgeLink {
  /** Sends or queues a message. @returns false where the edge has no open socket here; nothing was sent then */
  send(edgeId: EdgeId, message: ToEdge): boolean;
  /** Ends an edge's socket and what it sends and receives here, for good, and tells the other edges. */
  revoke(edgeId: EdgeId): void;
}

export interface CoreOptions {
  readonly database: Database;
  readonly link: EdgeLink;
  /** Manifests that edges can pull: the starter models and the user's own. */
  readonly catalogue: readonly ModelManifest[];
  /** The coordinator's own copy of the bytes. */
  readonly artifacts: ArtifactStore;
  readonly tickets: TicketSigner;
  readonly quota: Quota;
  readonly log: Logger;
  /** Times of leases and sweeps, for tests that cannot wait; each has the value of the design as its default. */
  readonly times?: Partial<CoreTimes>;
}

/** Milliseconds. The database's clock decides when a lease has ended; these say how long things last. */
export interface CoreTimes {
  /** How long an attempt stays with an edge that says nothing. */
  readonly leaseMs: number;
  /** How often ended leases are looked for. */
  readonly reapMs: number;
  /** How often waiting runs and queued attempts are looked at again, for what a database that was away left undone. */
  readonly sweepMs: number;
}

/** What an edge must be known by, to let it in. */
export interface NewEdge {
  readonly name: string;
  /** JWK, Ed25519. */
  readonly publicKey: Record<string, unknown>;
  /** Started by this coordinator on this machine. */
  readonly local: boolean;
}

/** The key of an edge that may connect. */
export interface EdgeIdentity {
  readonly id: EdgeId;
  readonly name: string;
  readonly publicKey: Record<string, unknown>;
  readonly local: boolean;
}

/** An artifact that the asker may read, with a file's name for it. */
export interface ReadableOutput extends Artifact {
  readonly name: string;
}

/** How bytes become an output without a run. */
export interface UploadRecord {
  readonly name: string | null;
  /** Whether the gallery shows it by itself; a question that a program sends along it does not. */
  readonly listed: boolean;
  /** Of a recording or an image that was read to its end. */
  readonly dimensions?: Dimensions | undefined;
  /** Writes what belongs to it in the same transaction: both are kept, or neither. */
  readonly within?: (tx: Pick<Database['db'], 'update'>, view: UploadView) => Promise<void>;
}

/** Whether chains can run. */
export interface Readiness {
  readonly ready: boolean;
  /** Names of starter tasks that no edge offers yet. */
  readonly missing: string[];
}

/** A key with which a request may come again: of the same person it gives the same run. */
export interface Keyed {
  readonly idempotencyKey?: string | undefined;
}

/**
 * Everything that touches runs. All methods may be called at any time between `startCore` and `close`, concurrently.
 * Methods that take a viewer throw AtelierError `not-found` for what that viewer may not see.
 */
export interface Core {
  /** @throws AtelierError of `resolveChain`; `no-offer` where no edge offers a step, with the model to pull as its hint */
  plan(viewer: Viewer, request: PlanRequest): Promise<PlanSet>;
  /**
   * Returns after commit. The same key of the same user gives the same run.
   * @throws AtelierError as `plan`; `conflict` where the key came with another body; `rate-limited` over limits.openRunsPerUser
   */
  createRun(viewer: Viewer, request: NewRun, options: Keyed): Promise<RunView>;
  getRun(viewer: Viewer, runId: RunId): Promise<RunView>;
  listRuns(viewer: Viewer, page: Page): Promise<RunSummary[]>;
  /** What it made is kept. A run that has ended stays as it is: the call is answered with its view. */
  cancelRun(viewer: Viewer, runId: RunId): Promise<RunView>;
  /** @throws AtelierError `conflict` where the run has ended */
  pauseRun(viewer: Viewer, runId: RunId): Promise<RunView>;
  /** @throws AtelierError `conflict` where the run has ended */
  resumeRun(viewer: Viewer, runId: RunId): Promise<RunView>;
  /** Tries the failed steps again. @throws AtelierError `conflict` where the run has not failed */
  continueRun(viewer: Viewer, runId: RunId): Promise<RunView>;
  /** @throws AtelierError as `createRun`; `not-found`, `invalid-input` */
  runAgain(viewer: Viewer, request: Again, options: Keyed): Promise<RunView>;
  /** Opens with `snapshot`, ends after `ended`, or when the signal aborts. A slow reader loses passing events only. */
  watchRun(viewer: Viewer, runId: RunId, signal: AbortSignal): AsyncIterable<RunEvent>;
  queue(viewer: Viewer): Promise<QueueView>;
  /** Puts an open run elsewhere in line. @throws AtelierError `not-found`, `conflict` */
  moveRun(viewer: Viewer, move: MoveRun): Promise<QueueView>;

  /** Makes stored bytes the viewer's own: an output without a run. The bytes must be in `artifacts` already, and room for them was claimed before. */
  recordUpload(viewer: Viewer, artifact: Artifact, record: UploadRecord): Promise<UploadView>;
  /** Permission to read goes through outputs. @throws AtelierError `not-found` */
  readableOutput(viewer: Viewer, outputId: OutputId): Promise<ReadableOutput>;
  /** Waits until the coordinator's store has these bytes, asking an edge that has them. @throws AtelierError `unavailable`, `timeout` */
  ensureStored(hash: string, signal?: AbortSignal): Promise<void>;
  /** Whether this edge was asked for these bytes, so that its upload is welcome. */
  awaitsStore(edgeId: EdgeId, hash: string): boolean;
  /** After an edge has put bytes into the store: they are held by it for sure, and are what they are, whatever it said of them. */
  edgeBrought(edgeId: EdgeId, arrived: Arrived): Promise<void>;

  /** Chains that people keep by name. */
  readonly chains: SavedChains;
  /** What was made and uploaded, as people find it again. */
  readonly gallery: Gallery;

  /** A share of results that another edge computes once more, for the owner. */
  readonly doubleChecks: Pick<DoubleChecks, 'view' | 'set' | 'dismiss'>;

  listEdges(): Promise<EdgeView[]>;
  links(): Promise<LinkView[]>;
  /** Names are unique: a taken one gets a number. */
  addEdge(edge: NewEdge): Promise<EdgeId>;
  /** The key with which an edge must sign; undefined where it is unknown or revoked. */
  edgeIdentity(edgeId: EdgeId): Promise<EdgeIdentity | undefined>;
  /** After the edge's hello. Messages of one edge are handled in the order in which these three are called. */
  edgeConnected(edgeId: EdgeId, hello: Extract<FromEdge, { kind: 'hello' }>, from?: SocketOrigin): Promise<void>;
  edgeMessage(edgeId: EdgeId, message: FromEdge): Promise<void>;
  edgeDisconnected(edgeId: EdgeId): Promise<void>;
  /** Revoked edges, for the others: they give them nothing. */
  revokedEdges(): EdgeId[];
  /** New tickets for those of a running attempt. @throws AtelierError `unauthenticated`, `forbidden` */
  renewTickets(edgeId: EdgeId, token: string): Promise<Ticket[]>;
  /** For good: ends its socket and what it receives, and tells the other edges. */
  revokeEdge(edgeId: EdgeId): Promise<EdgeView>;
  drainEdge(edgeId: EdgeId, on: boolean): Promise<EdgeView>;
  /** An owner says that other edges may fetch from this address of an edge; null takes it back. @throws AtelierError `conflict` where the edge says another, or it is never used */
  confirmAddress(edgeId: EdgeId, url: string | null): Promise<EdgeView>;
  /** @throws AtelierError `unknown-model`, `unavailable` where the edge is away */
  pullModel(edgeId: EdgeId, modelId: string): Promise<EdgeView>;
  removeModel(edgeId: EdgeId, modelId: string): Promise<EdgeView>;
  models(): Promise<ModelView[]>;
  readiness(): Readiness;

  /** Stops timers, and gives out nothing more; runs go on after the next start. */
  close(): Promise<void>;
}
