import type { ErrorBody, Modality, ModelManifest } from '@atelier/protocol';

/** A file that crosses between agent and slot: by its path, never by its bytes. */
export interface SlotFile {
  readonly path: string;
  readonly mediaType: string;
}

/** One step for a slot. */
export interface SlotJob {
  readonly manifest: ModelManifest;
  /** Where the manifest's files lie, verified. */
  readonly modelFolder: string;
  readonly task: string;
  readonly shard: number;
  readonly parameters: Readonly<Record<string, unknown>>;
  readonly inputs: Readonly<Record<string, readonly SlotFile[]>>;
  readonly outFolder: string;
  readonly threads: number;
}

export type ToSlot =
  | { readonly kind: 'run'; readonly job: SlotJob }
  | { readonly kind: 'unload'; readonly modelId: string }
  | { readonly kind: 'describe'; readonly drivers: readonly string[] };

/** Passing news of a step, thinned out before it leaves the slot. */
export type SlotReport =
  | { readonly kind: 'progress'; readonly fraction: number; readonly message: string | null }
  | { readonly kind: 'preview'; readonly mediaType: string; readonly base64: string }
  | { readonly kind: 'text'; readonly delta: string };

export interface SlotOutput extends SlotFile {
  readonly port: string;
  readonly index: number;
  /** What the task's port carries. */
  readonly modality: Modality;
}

export interface SlotResult {
  readonly outputs: readonly SlotOutput[];
  readonly loadSeconds: number;
  readonly runSeconds: number;
  readonly cold: boolean;
}

export interface DeviceReport {
  readonly driver: string;
  readonly device: string;
  readonly reason: string;
}

export type FromSlot =
  | { readonly kind: 'ready' }
  | SlotReport
  /** After a cold load: what the process's resident memory grew by. */
  | { readonly kind: 'loaded'; readonly modelId: string; readonly bytes: number }
  | ({ readonly kind: 'done' } & SlotResult)
  | { readonly kind: 'failed'; readonly error: ErrorBody; readonly log: string }
  | { readonly kind: 'unloaded'; readonly modelId: string; readonly residentBytes: number }
  | { readonly kind: 'devices'; readonly devices: readonly DeviceReport[] };
