import type { AppliedControl, Control, ErrorBody, Modality, ModelManifest } from '@atelier/protocol';

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
  /** What the step was told before. */
  readonly controls: readonly Control[];
  /** A checkpoint to go on from, as it was kept. */
  readonly resume: { readonly path: string; readonly at: number } | null;
  /** For checkpoints that wait to be taken over. */
  readonly checkpointFolder: string;
}

export type ToSlot =
  | { readonly kind: 'run'; readonly job: SlotJob }
  /** For the step that runs, or is about to. Heard at once, whatever else waits. */
  | { readonly kind: 'control'; readonly control: Control }
  /** Nobody wants the result of the running step any more. Answered by `unheeded` if the step does not listen for it. */
  | { readonly kind: 'cancel' }
  | { readonly kind: 'unload'; readonly modelId: string }
  | { readonly kind: 'describe'; readonly drivers: readonly string[] };

/** Passing news of a step, thinned out before it leaves the slot. */
export type PassingReport =
  | { readonly kind: 'progress'; readonly fraction: number; readonly message: string | null }
  | { readonly kind: 'preview'; readonly mediaType: string; readonly base64: string }
  | { readonly kind: 'text'; readonly delta: string };

/** A checkpoint in a file of the job's folder, which is the receiver's to take. `applied` are all controls that it includes. */
export interface CheckpointReport {
  readonly kind: 'checkpoint';
  readonly path: string;
  readonly at: number;
  readonly applied: readonly AppliedControl[];
}

/** What a step tells while it runs. */
export type SlotReport = PassingReport | CheckpointReport | { readonly kind: 'applied'; readonly applied: readonly AppliedControl[] };

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
  /** All controls that had an effect. */
  readonly applied: readonly AppliedControl[];
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
  | { readonly kind: 'unheeded' }
  | { readonly kind: 'failed'; readonly error: ErrorBody; readonly log: string }
  | { readonly kind: 'unloaded'; readonly modelId: string; readonly residentBytes: number }
  | { readonly kind: 'devices'; readonly devices: readonly DeviceReport[] };
