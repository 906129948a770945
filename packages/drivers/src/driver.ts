import type { ModelManifest, TaskDeclaration } from '@atelier/protocol';
import type { StepControls } from './controls.ts';

/** A file on this machine that a step reads or has written. */
export interface MediaFile {
  readonly path: string;
  readonly mediaType: string;
}

/** One step, as a driver sees it: validated parameters, files in, a folder for files out. */
export interface StepRequest {
  readonly task: TaskDeclaration;
  /** Which part of the step this is: 0 for a task that is done in one piece; its outputs are this shard's alone. */
  readonly shard: number;
  readonly parameters: Readonly<Record<string, unknown>>;
  /** Every value of every bound input port; a port without `many` has one. */
  readonly inputs: Readonly<Record<string, readonly MediaFile[]>>;
  /** An empty folder of this attempt alone; what is left in it is deleted afterwards. */
  readonly outFolder: string;
  readonly report: StepReport;
  /** What the step is told while it runs, of the kinds that its task declares; read it by {@link controlsOf}. */
  readonly control: StepControls;
  /** Aborted if nobody wants the result any more. Whoever listens should end soon: the process is killed a moment later. */
  readonly signal: AbortSignal;
  /** Where to go on: the last checkpoint of an attempt before this one. Null to begin. */
  readonly resume: Checkpoint | null;
  /**
   * Keeps the state before the work of position `at`, in which all controls before it had their effect and none after it. An attempt that follows
   * a lost one begins there. For tasks that declare checkpoints.
   * @returns false if it was left out, as the last one is not long ago: limits.checkpointsPerMinute
   * @throws AtelierError `too-large` over limits.checkpointBytes; `step-failed` if a control had an effect at `at` or later
   */
  checkpoint(bytes: Uint8Array, at: number): Promise<boolean>;
}

/** The state of a step before the work of a position. */
export interface Checkpoint {
  readonly path: string;
  readonly at: number;
}

/** What a driver tells while it works. Calls are cheap and may be frequent: the receiver thins them out. */
export interface StepReport {
  /** @param fraction done so far, 0 to 1 @param message a short word such as "step 3 of 20" */
  progress(fraction: number, message?: string): void;
  /** A small encoded picture of what is coming. */
  preview(mediaType: string, bytes: Uint8Array): void;
  /** Text that has just been generated, to be appended to what came before. */
  text(delta: string): void;
}

/** Files by output port. */
export type StepResult = Readonly<Record<string, readonly MediaFile[]>>;

/** A model in memory. `run` is called for one step at a time. The process of a cancelled step is killed unless the step heeds its signal. */
export interface LoadedModel {
  run(request: StepRequest): Promise<StepResult>;
  /** Frees the memory. */
  close(): Promise<void>;
}

export interface ModelSource {
  readonly manifest: ModelManifest;
  /** The folder in which the manifest's files lie, verified. */
  readonly folder: string;
}

export interface LoadOptions {
  /** Threads that the driver may use for computing. */
  readonly threads: number;
}

/** What runs models of one kind. One folder of this package a driver; `conformance.ts` holds what all of them promise. */
export interface Driver {
  readonly name: string;
  /** Reads the model into memory. @throws AtelierError `invalid-input` if the manifest's options or files do not fit */
  load(source: ModelSource, options: LoadOptions): Promise<LoadedModel>;
  /** Which device models of this driver run on here, and why not a faster one; for `atelier doctor`. */
  describeDevice(): Promise<{ device: string; reason: string }>;
}
