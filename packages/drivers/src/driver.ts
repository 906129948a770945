import type { ModelManifest, TaskDeclaration } from '@atelier/protocol';

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

/** A model in memory. `run` is called for one step at a time. A cancelled step's process is killed: no abort signal is passed. */
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
  /** Reads the model into memory. @throws AtelierError `invalid-input` where the manifest's options or files do not fit */
  load(source: ModelSource, options: LoadOptions): Promise<LoadedModel>;
  /** Which device models of this driver run on here, and why not a faster one; for `atelier doctor`. */
  describeDevice(): Promise<{ device: string; reason: string }>;
}
