import type { Dimensions, EdgeId, EdgeModel, ModelManifest } from '@atelier/protocol';

/** Where bytes can lie: an edge, or the coordinator's own store. */
export type Place = EdgeId | 'coordinator';

/** The middle of some measurements with the range of their middle 80 %. */
export interface Spread {
  readonly median: number;
  readonly low: number;
  readonly high: number;
  readonly samples: number;
}

/**
 * What was measured of one model on one edge for one task. Run times are per unit of the task's `work`, so that
 * steps with other parameters can be predicted from them. Made by `summariseMeasurements`; keep it, and make it again when a result comes in.
 */
export interface OfferHistory {
  readonly edgeId: EdgeId;
  readonly modelId: string;
  readonly task: string;
  /** Run seconds per unit of work with the model in memory already; null if never measured. */
  readonly warm: Spread | null;
  /** Run seconds per unit of work of the first run after loading, loading not counted. */
  readonly cold: Spread | null;
  /** Seconds to read the model into memory. */
  readonly load: Spread | null;
}

/** Bytes that a model makes on one output port for one task. */
export interface OutputHistory {
  readonly modelId: string;
  readonly task: string;
  readonly port: string;
  readonly bytes: Spread;
}

/** A measured link in the direction in which bytes flow. */
export interface MeasuredLink {
  readonly from: Place;
  readonly to: Place;
  readonly bytesPerSecond: number;
  readonly latencySeconds: number;
}

export interface FleetModel {
  readonly manifest: ModelManifest;
  /** SHA-256 over the manifest's files: only edges with the very same files share a step. */
  readonly modelHash: string;
  /** The catalogue has another hash for it: it shares no step with another edge, whatever hash that has. */
  readonly apart?: boolean;
  readonly state: EdgeModel['state'];
  /** In memory now. */
  readonly loaded: boolean;
}

export interface FleetEdge {
  readonly id: EdgeId;
  readonly name: string;
  readonly state: 'online' | 'draining' | 'away';
  /** How many steps it runs at a time. */
  readonly slots: number;
  readonly modelMemoryBytes: number;
  /** Nobody can fetch from it directly (no transfer listener): its bytes go through the coordinator. */
  readonly relayOnly: boolean;
  /** Predicted seconds of work, transfers included, that runs or waits on it for others: the sum over all slots. */
  readonly queuedSeconds: number;
  /** Loaded models in the order in which they were last used, oldest first, where that is known. */
  readonly models: readonly FleetModel[];
}

/** All that the planner knows of the world. Revoked edges are left out. Plain data: keep and compare it freely. */
export interface FleetSnapshot {
  readonly edges: readonly FleetEdge[];
  readonly links: readonly MeasuredLink[];
  readonly histories: readonly OfferHistory[];
  readonly outputs: readonly OutputHistory[];
}

/** Bytes that exist already. */
export interface ExistingData {
  /** Null if unknown; then a prior of its modality stands in. */
  readonly bytes: number | null;
  /** Everywhere they can be had; the quickest is taken. Empty means the coordinator. */
  readonly at: readonly Place[];
  /** Of a recording or an image, where they are known. */
  readonly dimensions?: Dimensions | undefined;
}

/** A step that must not be planned again. */
export type SettledStep =
  | { readonly kind: 'finished'; readonly outputs: Readonly<Record<string, ExistingData>> }
  /** Queued or running where it is; `endSeconds` counts from now. Its work must be part of its edge's `queuedSeconds`. */
  | { readonly kind: 'bound'; readonly edgeId: EdgeId; readonly modelId: string; readonly endSeconds: number };

/** An edge that may not be used, for the whole chain or for one step, and why (one clause for people: "it stopped answering"). */
export interface Mask {
  readonly edgeId: EdgeId;
  readonly stepId?: string;
  readonly why: string;
}

/** With what some of a step was made. */
export interface Begun {
  readonly modelId: string;
  readonly modelHash: string;
  /** Who made it: of models that stand apart only these go on with it. */
  readonly edgeIds: readonly EdgeId[];
}

export interface PlanOptions {
  /** How many plans to give, best first; fewer where there are fewer. */
  readonly count: number;
  /** The chain's inputs by name; without an entry they lie with the coordinator and their size is guessed. */
  readonly inputs?: Readonly<Record<string, ExistingData>>;
  /** By step id. Settled steps are not in the plans that come out. */
  readonly settled?: ReadonlyMap<string, SettledStep>;
  readonly masked?: readonly Mask[];
  /** By step id: the model with which some of its shards were made already. The others have to be made with the same. */
  readonly begun?: ReadonlyMap<string, Begun>;
  /** Known manifests, for the hint that says which model to pull where nothing is offered. */
  readonly catalogue?: readonly ModelManifest[];
}

/** One finished attempt as it was measured on its edge: what `summariseMeasurements` reads. */
export interface Measurement {
  readonly edgeId: EdgeId;
  readonly modelId: string;
  readonly task: string;
  /** The step's, as `expectSteps` gives it. */
  readonly work: number;
  readonly cold: boolean;
  readonly runSeconds: number;
  readonly loadSeconds: number;
  /** Bytes by output port, all values of the port together. */
  readonly outputBytes: Readonly<Record<string, number>>;
}
