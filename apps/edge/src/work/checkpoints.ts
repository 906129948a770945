import { createReadStream } from 'node:fs';
import { rm } from 'node:fs/promises';
import { type ArtifactStore, fetchArtifact, type TransferOptions } from '@atelier/artifacts';
import { AtelierError, type FromEdge, type WorkOrder } from '@atelier/protocol';
import type { Logger } from 'pino';
import type { CheckpointReport } from '../slots/slot-messages.ts';

type Message = Extract<FromEdge, { kind: 'checkpoint' }>;

interface CheckpointTools {
  readonly store: ArtifactStore;
  readonly log: Logger;
  transferOptions(signal: AbortSignal): TransferOptions;
}

/** Puts a step's checkpoint into the store. @returns what the coordinator is told of it */
export async function keepCheckpoint(
  { attemptId, fence }: Pick<WorkOrder, 'attemptId' | 'fence'>,
  { path, at, applied }: CheckpointReport,
  store: ArtifactStore,
): Promise<Message> {
  try {
    const { hash, sizeBytes } = await store.put(createReadStream(path));
    return { kind: 'checkpoint', attemptId, fence, hash: hash as Message['hash'], sizeBytes, at, applied: [...applied] };
  } finally {
    await rm(path, { force: true });
  }
}

/** Brings the checkpoint that an order goes on from. One that cannot be had costs time and nothing else: the step begins at its beginning. */
export async function bringCheckpoint(
  { resume, ...order }: WorkOrder,
  tools: CheckpointTools,
  signal: AbortSignal,
): Promise<{ path: string; at: number } | null> {
  if (!resume) return null;
  try {
    await fetchArtifact(resume.tickets, resume, tools.store, tools.transferOptions(signal));
    return { path: await tools.store.path(resume.hash), at: resume.at };
  } catch (error) {
    signal.throwIfAborted();
    const { runId, stepId, attemptId } = order;
    tools.log.warn(
      { runId, stepId, attemptId, error: AtelierError.from(error).toJSON() },
      'a checkpoint could not be brought: the step begins at its beginning',
    );
    return null;
  }
}
