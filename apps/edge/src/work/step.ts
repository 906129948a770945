import { createReadStream } from 'node:fs';
import { mkdir, rm, rmdir, unlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Readable } from 'node:stream';
import { type ArtifactStore, type Fetched, fetchArtifact, type TransferMeasurement, type TransferOptions } from '@atelier/artifacts';
import {
  type AppliedControl,
  AtelierError,
  limits,
  type ModelManifest,
  type StepOutput,
  type Timings,
  type WorkInput,
  type WorkOrder,
} from '@atelier/protocol';
import type { Logger } from 'pino';
import type { SlotFile, SlotReport, SlotResult } from '../slots/slot-messages.ts';
import type { SlotPool } from '../slots/slot-pool.ts';
import type { Steering } from '../slots/steering.ts';
import { bringCheckpoint } from './checkpoints.ts';
import { outputMediaType, readHead } from './sniff.ts';

/** Inputs that are fetched at once. */
const mostAtOnce = 16;

/** What a step needs of its edge. */
export interface StepTools {
  readonly store: ArtifactStore;
  readonly pool: Pick<SlotPool, 'run'>;
  /** @throws AtelierError `unknown-model`, `unavailable` */
  findModel(modelId: string): { manifest: ModelManifest; modelHash: string; folder: string };
  transferOptions(signal: AbortSignal): TransferOptions;
  /** Makes room on a full disk. */
  makeRoom(): Promise<void>;
  readonly workFolder: string;
  readonly threads: number;
  readonly log: Logger;
}

export interface StepEvents {
  onReport(report: SlotReport): void;
  onTransfer(transfer: TransferMeasurement): void;
}

export interface StepDone {
  readonly outputs: StepOutput[];
  /** Of the files that the model was read from. */
  readonly modelHash: string;
  readonly timings: Timings;
  /** All controls that had an effect. Absent if there were none. */
  readonly applied?: AppliedControl[];
}

/**
 * One attempt on this edge: brings the inputs, runs the model in a slot, puts the outputs into the store.
 * @param steering what it is told
 * @throws StepFailure or AtelierError; the signal's reason
 */
export async function runStep(order: WorkOrder, steering: Steering, tools: StepTools, events: StepEvents, signal: AbortSignal): Promise<StepDone> {
  const { manifest, modelHash, folder } = tools.findModel(order.modelId);
  if (order.modelHash !== undefined && order.modelHash !== modelHash) {
    throw new AtelierError('unavailable', `This edge has other files of ${order.modelId} than the step was planned with.`, {
      hint: 'The edges that have the same go on with it. Pull the model again here, or update Atelier on this machine.',
    });
  }
  // An attempt that is given again has another fence, and does not meet what is still being cleared away.
  const outFolder = join(tools.workFolder, `${order.attemptId}-${order.fence}`);
  const checkpointFolder = `${outFolder}-checkpoints`;
  let written: readonly string[] = [];
  await mkdir(outFolder, { recursive: true });
  try {
    const begun = performance.now();
    const fetched = await bringInputs(order.inputs, tools, events, signal);
    const inputs = await inputFiles(order.inputs, tools.store);
    const transferSeconds = fetched.some(({ transferred }) => transferred) ? (performance.now() - begun) / 1000 : 0;
    const transferBytes = fetched.flatMap(({ transfers }) => transfers).reduce((sum, { bytes }) => sum + bytes, 0);
    const job = {
      manifest,
      modelFolder: folder,
      task: order.task,
      shard: order.shard,
      parameters: order.parameters,
      inputs,
      outFolder,
      threads: tools.threads,
      resume: await bringCheckpoint(order, tools, signal),
      checkpointFolder,
    };
    const result = await tools.pool.run(job, steering, (report) => events.onReport(report), signal);
    signal.throwIfAborted();
    written = result.outputs.map(({ path }) => path);
    const outputs = await keepOutputs(result, tools);
    const { loadSeconds, runSeconds, cold, applied } = result;
    const timings = { transferSeconds, transferBytes, loadSeconds, runSeconds, cold };
    return { outputs, modelHash, timings, ...(applied.length > 0 && { applied: [...applied] }) };
  } finally {
    // Nobody waits for it; the next start clears what is left.
    clearAway(outFolder, written).catch(() => undefined);
    rm(checkpointFolder, { recursive: true, force: true }).catch(() => undefined);
  }
}

/** Deletes a step's folder. Most hold the files that the step told of and nothing else, and are gone without being searched. */
async function clearAway(folder: string, files: readonly string[]): Promise<void> {
  try {
    await Promise.all(files.filter((file) => dirname(file) === folder).map((file) => unlink(file)));
    await rmdir(folder);
  } catch {
    await rm(folder, { recursive: true, force: true });
  }
}

async function bringInputs(inputs: readonly WorkInput[], tools: StepTools, events: StepEvents, signal: AbortSignal): Promise<Fetched[]> {
  const unique = [...new Map(inputs.map((input) => [input.hash, input])).values()];
  const bring = async (input: WorkInput) => {
    const fetched = await fetchArtifact(input.tickets, input, tools.store, tools.transferOptions(signal));
    for (const transfer of fetched.transfers) events.onTransfer(transfer);
    return fetched;
  };
  const bringWithRoom = async (input: WorkInput) => {
    try {
      return await bring(input);
    } catch (error) {
      if (!(error instanceof AtelierError) || error.code !== 'disk-full') throw error;
      await tools.makeRoom();
      return bring(input);
    }
  };
  const settled = await settleAll(unique, bringWithRoom);
  signal.throwIfAborted();
  return settled.map((one) => {
    if (one.status === 'rejected') throw one.reason;
    return one.value;
  });
}

/** As `Promise.allSettled`, a few at a time: a film reads thousands of frames. After a failure nothing new is begun. */
async function settleAll<T, R>(items: readonly T[], work: (item: T) => Promise<R>): Promise<Array<PromiseSettledResult<R>>> {
  const settled: Array<PromiseSettledResult<R>> = [];
  const waiting = items.values();
  let failed = false;
  const worker = async () => {
    for (const item of waiting) {
      const [one] = (await Promise.allSettled([work(item)])) as [PromiseSettledResult<R>];
      settled.push(one);
      failed ||= one.status === 'rejected';
      if (failed) return;
    }
  };
  await Promise.all(Array.from({ length: mostAtOnce }, worker));
  return settled;
}

/** Values of a port stand in the order of their index. */
async function inputFiles(inputs: readonly WorkInput[], store: ArtifactStore): Promise<Record<string, SlotFile[]>> {
  const files: Record<string, SlotFile[]> = {};
  for (const input of [...inputs].sort((a, b) => a.index - b.index)) {
    const file = { path: await store.path(input.hash), mediaType: input.mediaType };
    files[input.port] = [...(files[input.port] ?? []), file];
  }
  return files;
}

/** The text that these bytes are, and none where reading changes them, as with a character that is cut: the studio compares it with their hash. */
function asText(bytes: Buffer): string | null {
  const text = bytes.toString('utf8');
  return Buffer.from(text).equals(bytes) ? text : null;
}

async function keepOutputs(result: SlotResult, tools: StepTools): Promise<StepOutput[]> {
  const outputs: StepOutput[] = [];
  for (const { port, index, modality, path, mediaType: declared } of result.outputs) {
    const { head, isWhole } = await readHead(path);
    const mediaType = outputMediaType(head, declared, modality);
    const put = () => tools.store.put(isWhole ? Readable.from([head]) : createReadStream(path), { mediaType });
    const stored = await put().catch(async (error: unknown) => {
      if (!(error instanceof AtelierError) || error.code !== 'disk-full') throw error;
      await tools.makeRoom();
      return put();
    });
    const text = isWhole && modality === 'text' && head.byteLength <= limits.inlineTextBytes ? asText(head) : null;
    outputs.push({ port, index, hash: stored.hash, sizeBytes: stored.sizeBytes, mediaType, text });
  }
  return outputs;
}
