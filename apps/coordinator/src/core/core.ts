import type { ArtifactStore, TicketSigner } from '@atelier/artifacts';
import type { Artifact, EdgeId, ModelManifest, OutputId, UploadView } from '@atelier/protocol';
import type { Database } from '@atelier/store';
import type { ReadableOutput, UploadRecord } from './bytes/index.ts';
import type { SavedChains } from './chains/index.ts';
import type { Arrived } from './claims/index.ts';
import type { Cluster } from './cluster/index.ts';
import type { CoreTimes, EdgeLink, Logger, Viewer } from './contracts/index.ts';
import type { DoubleChecks } from './double-checks/index.ts';
import type { Edges } from './edges/index.ts';
import type { Gallery } from './gallery/index.ts';
import type { People, Succession } from './people/index.ts';
import type { Quota } from './quota/index.ts';
import type { Runs } from './runs/index.ts';
import type { Services } from './services/index.ts';

export interface CoreOptions {
  readonly database: Database;
  readonly link: EdgeLink;
  /** Manifests that edges can pull: the starter models and the user's own. */
  readonly catalogue: readonly ModelManifest[];
  /** The coordinator's own copy of the bytes. */
  readonly artifacts: ArtifactStore;
  readonly tickets: TicketSigner;
  readonly quota: Quota;
  readonly succeed: Succession;
  /** The other coordinators on this database. Opened by its caller, and closed by it after `Core.close`. */
  readonly cluster: Cluster;
  readonly log: Logger;
  /** Times of leases and sweeps, for tests that cannot wait; each has the value of the design as its default. */
  readonly times?: Partial<CoreTimes>;
}

/** Bytes by the outputs through which people may read them. */
export interface Bytes {
  /** Makes stored bytes the viewer's own: an output without a run. The bytes must be in `artifacts` already, and room for them was claimed before. */
  recordUpload(viewer: Viewer, artifact: Artifact, record: UploadRecord): Promise<UploadView>;
  /** Permission to read goes through outputs. @throws AtelierError `not-found` */
  readable(viewer: Viewer, outputId: OutputId): Promise<ReadableOutput>;
  /** Waits until the coordinator's store has these bytes, asking an edge that has them. @throws AtelierError `unavailable`, `timeout` */
  ensureStored(hash: string, signal?: AbortSignal): Promise<void>;
  /** Whether this edge was asked for these bytes, so that its upload is welcome. */
  awaits(edgeId: EdgeId, hash: string): boolean;
  /** After an edge has put bytes into the store: they are held by it for sure, and are what they are, whatever it said of them. */
  brought(edgeId: EdgeId, arrived: Arrived): Promise<void>;
}

/** Everything that touches runs, one face for each room. All methods may be called at any time between `startCore` and `close`, concurrently. */
export interface Core {
  readonly runs: Runs;
  readonly edges: Edges;
  readonly bytes: Bytes;
  /** Chains that people keep by name. */
  readonly chains: SavedChains;
  /** What was made and uploaded, as people find it again. */
  readonly gallery: Gallery;
  /** People as owners look after them. */
  readonly people: People;
  /** Long-lived processes on edges. */
  readonly services: Services;
  /** A share of results that another edge computes once more, for the owner. */
  readonly doubleChecks: Pick<DoubleChecks, 'view' | 'set' | 'dismiss'>;
  /** Stops timers, and gives out nothing more; runs go on after the next start. */
  close(): Promise<void>;
}
