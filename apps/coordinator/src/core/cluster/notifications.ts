import { ArtifactHash, EdgeId, limits, RunId } from '@atelier/protocol';
import { z } from 'zod';

const StepName = z.string().max(200);

/**
 * What coordinators tell each other. A notification says where to look again and never what is so: that stands in the rows. So one that is lost, late
 * or comes twice does no harm. Ids only; `progress` is the exception, which stands in no row and is shown to people alone.
 */
export const Notification = z.discriminatedUnion('kind', [
  /** A coordinator has come, or goes. */
  z.object({ kind: z.literal('coordinators') }),
  /** A run has changed. `steps` look different now, null for any of them; of `resting` only some shards do: step and number of shards. */
  z.object({
    kind: z.literal('run'),
    runId: RunId,
    /** Of its state after the change; null if that is as it was. */
    version: z.int().nonnegative().nullable(),
    steps: z.array(StepName).nullable(),
    resting: z.array(z.tuple([StepName, z.int().nonnegative()])),
  }),
  /** An edge has come, gone, or changed: its socket, its models, what owners said of it. */
  z.object({ kind: z.literal('edge'), edgeId: EdgeId }),
  /** For the coordinator that has an edge's socket: the edge should bring these bytes. */
  z.object({ kind: z.literal('store'), edgeId: EdgeId, hash: ArtifactHash }),
  /** The answer to `store`: the bytes are in the storage, or did not come. */
  z.object({ kind: z.literal('stored'), hash: ArtifactHash, ok: z.boolean() }),
  /** For the coordinator that has an edge's socket: what an owner asked of its models. */
  z.object({ kind: z.literal('model'), edgeId: EdgeId, modelId: z.string().max(200), wanted: z.enum(['pull', 'remove']) }),
  /** People watch these runs here: what passes of them is worth telling. */
  z.object({ kind: z.literal('watched'), runIds: z.array(RunId).max(limits.runsPerNotification) }),
  /** How far an attempt is. */
  z.object({
    kind: z.literal('progress'),
    runId: RunId,
    stepId: StepName,
    shard: z.int().nonnegative(),
    attemptId: z.uuid(),
    fraction: z.number().min(0).max(1),
    remainingSeconds: z.number().nullable(),
  }),
  /** A running step was told something, or followed it: whoever has an edge that runs it sends what is new, and whoever is watched looks again. */
  z.object({ kind: z.literal('control'), runId: RunId, stepId: StepName }),
  /** Runs were put elsewhere in line, or an owner changed a setting. */
  z.object({ kind: z.literal('turns') }),
  z.object({ kind: z.literal('settings') }),
]);
export type Notification = z.infer<typeof Notification>;

const Envelope = z.object({ from: z.uuid(), notification: Notification });

/** A notification as the database carries it. One that is too long for it says less: look at the whole run. */
export function writeNotification(from: string, notification: Notification): string {
  const text = JSON.stringify({ from, notification });
  if (Buffer.byteLength(text) <= limits.notificationBytes || notification.kind !== 'run') return text;
  return JSON.stringify({ from, notification: { ...notification, steps: null, resting: [] } });
}

/** @returns undefined for what is none: another release may tell more */
export function readNotification(text: string): { readonly from: string; readonly notification: Notification } | undefined {
  try {
    return Envelope.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}
