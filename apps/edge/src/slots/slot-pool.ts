import { setTimeout as pause } from 'node:timers/promises';
import { inBackground } from '@atelier/background';
import { AtelierError, type ModelManifest } from '@atelier/protocol';
import type { Logger } from 'pino';
import { leastRecent, placeStep } from './placement.ts';
import { Slot, type SlotOptions, StepFailure } from './slot.ts';
import type { SlotJob, SlotReport, SlotResult } from './slot-messages.ts';
import type { Steering } from './steering.ts';

export interface SlotPoolOptions {
  readonly slots: number;
  /** What all loaded models together may take. */
  readonly modelMemoryBytes: number;
  readonly taskModules: readonly string[];
  readonly environment: SlotOptions['environment'];
  readonly log: Logger;
  /** A simulated edge takes `1 / speed` times as long; 1 and above change nothing. */
  readonly speed?: number | undefined;
  /** A process that holds no weights ends after so long without work. Default 3 minutes. */
  readonly idleMs?: number | undefined;
  /** Called when a model came into some slot's memory or left it. */
  readonly onLoadedChange?: (() => void) | undefined;
}

interface Held {
  bytes: number;
  usedAt: number;
}

interface Place {
  readonly slotId: number;
  slot: Slot | undefined;
  busy: boolean;
  /** The running step is being cancelled. */
  cancelling: Promise<void> | undefined;
  readonly models: Map<string, Held>;
  idle: NodeJS.Timeout | undefined;
}

interface Waiting {
  readonly manifest: ModelManifest;
  readonly resolve: (place: Place) => void;
  readonly reject: (error: Error) => void;
}

/** A process that keeps more than this after its last model left is replaced: native allocators do not give everything back. */
const keptBytes = 256 * 1024 ** 2;

/** The slots of an edge and the models in their memory. Processes start with the first step that needs them. */
export class SlotPool {
  readonly #options: SlotPoolOptions;
  readonly #places: Place[];
  #queue: Waiting[] = [];
  /** Sizes seen after loading, where larger than the manifest says. */
  readonly #measured = new Map<string, number>();
  #uses = 0;
  #closed = false;

  constructor(options: SlotPoolOptions) {
    this.#options = options;
    this.#places = Array.from({ length: options.slots }, (_, slotId) => ({
      slotId,
      slot: undefined,
      busy: false,
      cancelling: undefined,
      models: new Map(),
      idle: undefined,
    }));
  }

  /** Ids of models that are in some slot's memory. */
  get loaded(): ReadonlySet<string> {
    return new Set(this.#places.flatMap((place) => [...place.models.keys()]));
  }

  /** Process ids of the slots that run, for diagnosis. */
  get pids(): number[] {
    return this.#places.flatMap((place) => (place.slot?.pid === undefined || !place.slot.alive ? [] : [place.slot.pid]));
  }

  /**
   * Waits for a slot, then runs the step in it. Aborting ends the step within a second, and with it the slot's process unless the step listens for it.
   * @throws StepFailure for what the step or its process did; the signal's reason
   */
  async run(job: Omit<SlotJob, 'controls'>, steering: Steering, onReport: (report: SlotReport) => void, signal: AbortSignal): Promise<SlotResult> {
    const place = await this.#acquire(job.manifest, signal);
    const kill = () => this.#cancel(place);
    signal.addEventListener('abort', kill, { once: true });
    try {
      signal.throwIfAborted();
      place.slot ??= this.#start(place);
      place.models.set(job.manifest.id, place.models.get(job.manifest.id) ?? { bytes: this.#bytes(job.manifest), usedAt: ++this.#uses });
      const result = await place.slot.run(job, steering, { onReport, onLoaded: (modelId, bytes) => this.#loadedNow(place, modelId, bytes) });
      // A short step may be through before its slot, which took too much, is ended.
      this.#checkSize(job.manifest.id);
      return await this.#slowDown(result, signal);
    } catch (error) {
      signal.throwIfAborted();
      this.#checkSize(job.manifest.id);
      throw error;
    } finally {
      signal.removeEventListener('abort', kill);
      await this.#release(place, job.manifest.id);
    }
  }

  /** @throws StepFailure for a model that took more than all models may */
  #checkSize(modelId: string): void {
    const size = this.#measured.get(modelId) ?? 0;
    if (size > this.#options.modelMemoryBytes) throw tooLarge(modelId, size, this.#options.modelMemoryBytes);
  }

  /** Takes a model out of all idle slots' memory. */
  async forget(modelId: string): Promise<void> {
    for (const place of this.#places) if (!place.busy && place.models.has(modelId)) await this.#unload(place, modelId);
    this.#pump();
  }

  async close(): Promise<void> {
    this.#closed = true;
    for (const waiting of this.#queue.splice(0)) waiting.reject(new AtelierError('cancelled', 'The edge is stopping.'));
    await Promise.all(this.#places.map((place) => this.#stop(place)));
  }

  #bytes(manifest: ModelManifest): number {
    return Math.max(manifest.memoryBytes, this.#measured.get(manifest.id) ?? 0);
  }

  #start(place: Place): Slot {
    const slot = new Slot(this.#options);
    this.#options.log.info({ slot: place.slotId, pid: slot.pid }, 'slot started');
    const forget = () => {
      if (place.slot !== slot) return;
      place.slot = undefined;
      place.models.clear();
      this.#options.onLoadedChange?.();
    };
    inBackground(this.#options.log, 'the end of a slot could not be noted', slot.exited.then(forget));
    return slot;
  }

  #acquire(manifest: ModelManifest, signal: AbortSignal): Promise<Place> {
    return new Promise((resolve, reject) => {
      if (this.#closed) return reject(new AtelierError('cancelled', 'The edge is stopping.'));
      if (signal.aborted) return reject(signal.reason as Error);
      const leave = () => {
        this.#queue = this.#queue.filter((other) => other !== waiting);
        reject(signal.reason as Error);
        this.#pump();
      };
      const waiting: Waiting = {
        manifest,
        resolve: (place) => {
          signal.removeEventListener('abort', leave);
          resolve(place);
        },
        reject: (error) => {
          signal.removeEventListener('abort', leave);
          reject(error);
        },
      };
      signal.addEventListener('abort', leave, { once: true });
      this.#queue.push(waiting);
      this.#pump();
    });
  }

  /** Strictly in order: a step that waits for memory is not overtaken for ever by smaller ones. */
  #pump(): void {
    for (let next = this.#queue[0]; next; next = this.#queue[0]) {
      const wanted = { modelId: next.manifest.id, bytes: this.#bytes(next.manifest) };
      const placement = placeStep(this.#loads(), wanted, this.#options.modelMemoryBytes);
      if (placement.kind === 'wait') return;
      this.#queue.shift();
      if (placement.kind === 'never') {
        next.reject(tooLarge(next.manifest.id, wanted.bytes, this.#options.modelMemoryBytes));
        continue;
      }
      this.#take(next, this.#places[placement.slotId] as Place, placement.evict, wanted);
    }
  }

  #take(waiting: Waiting, place: Place, evict: readonly { slotId: number; modelId: string }[], wanted: { modelId: string; bytes: number }): void {
    place.busy = true;
    clearTimeout(place.idle);
    // Slots that give something up are busy meanwhile, so that no other step meets a half-emptied one.
    const givers = [...new Set(evict.map(({ slotId }) => this.#places[slotId] as Place))].filter((giver) => giver !== place);
    for (const giver of givers) giver.busy = true;
    const leaving = evict.map(({ slotId, modelId }) => this.#unload(this.#places[slotId] as Place, modelId));
    place.models.set(wanted.modelId, { bytes: wanted.bytes, usedAt: ++this.#uses });
    const begin = () => {
      for (const giver of givers) this.#free(giver);
      waiting.resolve(place);
    };
    inBackground(this.#options.log, 'a step could not begin', Promise.allSettled(leaving).then(begin));
  }

  async #release(place: Place, modelId: string): Promise<void> {
    await place.cancelling;
    place.cancelling = undefined;
    const held = place.models.get(modelId);
    if (held) held.usedAt = ++this.#uses;
    if (!place.slot?.alive) {
      place.slot = undefined;
      place.models.clear();
    }
    this.#free(place);
    this.#options.onLoadedChange?.();
  }

  #free(place: Place): void {
    place.busy = false;
    place.idle = setTimeout(() => this.#stopIdle(place), this.#options.idleMs ?? 180_000);
    place.idle.unref();
    this.#pump();
  }

  #stopIdle(place: Place): void {
    const bytes = [...place.models.values()].reduce((sum, model) => sum + model.bytes, 0);
    if (!place.busy && bytes === 0) inBackground(this.#options.log, 'an idle slot could not be ended', this.#stop(place));
  }

  #cancel(place: Place): void {
    if (!place.slot) return;
    place.cancelling = place.slot.cancel();
    inBackground(this.#options.log, 'a step could not be cancelled', place.cancelling);
  }

  /** Ends a slot's process and does not wait: whoever runs a step in it hears of its end. */
  #end({ slot }: Place): void {
    if (slot) inBackground(this.#options.log, 'a slot could not be ended', slot.kill());
  }

  async #stop(place: Place): Promise<void> {
    clearTimeout(place.idle);
    const slot = place.slot;
    place.slot = undefined;
    place.models.clear();
    await slot?.kill();
  }

  async #unload(place: Place, modelId: string): Promise<void> {
    place.models.delete(modelId);
    const slot = place.slot;
    if (!slot) return;
    this.#options.log.info({ slot: place.slotId, modelId }, 'model leaves memory');
    const resident = await slot.unload(modelId).catch(() => 0);
    if (place.models.size === 0 && resident > keptBytes && place.slot === slot && !this.#closed) await this.#stop(place);
    this.#options.onLoadedChange?.();
  }

  /** The bound counts what a model really took, as soon as that is known. */
  #loadedNow(place: Place, modelId: string, bytes: number): void {
    const held = place.models.get(modelId);
    if (!held) return;
    if (bytes > held.bytes) {
      this.#measured.set(modelId, bytes);
      held.bytes = bytes;
    }
    this.#options.onLoadedChange?.();
    if (held.bytes > this.#options.modelMemoryBytes) {
      this.#end(place);
      return;
    }
    const total = this.#loads().reduce((sum, load) => sum + load.models.reduce((inner, model) => inner + model.bytes, 0), 0);
    const free = this.#loads().filter((load) => !load.busy);
    for (const { slotId, modelId: old } of leastRecent(free, total - this.#options.modelMemoryBytes) ?? []) {
      inBackground(this.#options.log, 'a model could not leave memory', this.#unload(this.#places[slotId] as Place, old));
    }
  }

  #loads() {
    return this.#places.map(({ slotId, busy, models }) => ({ slotId, busy, models: [...models].map(([modelId, held]) => ({ modelId, ...held })) }));
  }

  /** Simulation: the slot stays taken until the step has lasted as long as on the slower machine that is pretended. */
  async #slowDown(result: SlotResult, signal: AbortSignal): Promise<SlotResult> {
    const factor = 1 / Math.min(1, this.#options.speed ?? 1);
    if (factor === 1) return result;
    const extra = (result.loadSeconds + result.runSeconds) * (factor - 1);
    await pause(extra * 1000, undefined, { signal }).catch(() => signal.throwIfAborted());
    return { ...result, loadSeconds: result.loadSeconds * factor, runSeconds: result.runSeconds * factor };
  }
}

function tooLarge(modelId: string, needed: number, bound: number): StepFailure {
  const megabytes = (bytes: number) => `${Math.ceil(bytes / 1e6)} MB`;
  const error = new AtelierError('out-of-memory', `${modelId} needs ${megabytes(needed)} of memory, and this edge allows ${megabytes(bound)} for models.`, {
    hint: 'Give the edge more with --memory, or use a smaller model.',
  });
  return new StepFailure(error, '');
}
