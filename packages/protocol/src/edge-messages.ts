import { z } from 'zod';
import { Artifact } from './artifact.ts';
import { ArtifactHash, AttemptId, EdgeId, ModelId, RunId } from './ids.ts';
import { limits } from './limits.ts';
import { ModelManifest } from './manifest.ts';
import { ErrorView, Timings } from './run.ts';

/** Raised when a message changes so that older edges cannot follow; hello and welcome carry it. */
export const edgeProtocolVersion = 1;

/** A model on an edge as the edge reports it. */
export const EdgeModel = z.object({
  manifest: ModelManifest,
  /** SHA-256 over the manifest's files. */
  modelHash: z.string(),
  state: z.enum(['ready', 'pulling', 'absent', 'failed']),
  /** In the memory of some slot now. */
  loaded: z.boolean(),
  diskBytes: z.number().int().nonnegative(),
  pull: z.object({ doneBytes: z.number().nonnegative(), totalBytes: z.number().nonnegative() }).nullable(),
  error: ErrorView.nullable(),
});
export type EdgeModel = z.infer<typeof EdgeModel>;

/** What an edge says of itself. */
export const EdgeInfo = z.object({
  name: z.string().min(1).max(60),
  version: z.string(),
  platform: z.string(),
  cpu: z.string(),
  cores: z.number().int().positive(),
  slots: z.number().int().positive().max(64),
  memoryBytes: z.number().nonnegative(),
  modelMemoryBytes: z.number().nonnegative(),
  diskFreeBytes: z.number().nonnegative(),
  /** Where other edges can fetch artifacts, such as `http://192.168.1.4:4750`; null means by relay only. */
  transferUrl: z.string().nullable(),
  /** Devices that models run on, each with the reason why not a faster one. */
  devices: z.array(z.object({ driver: z.string(), device: z.string(), reason: z.string() })),
  /** A place on the map, real or simulated. */
  position: z.object({ latitude: z.number(), longitude: z.number() }).nullable(),
  simulated: z.boolean(),
});
export type EdgeInfo = z.infer<typeof EdgeInfo>;

/** First from the coordinator on a new socket: prove which edge you are. */
export const Challenge = z.object({ kind: z.literal('challenge'), nonce: z.string().min(16).max(200) });
export type Challenge = z.infer<typeof Challenge>;

/** The edge's answer: an Ed25519 signature, in base64url, over {@link challengeText}. */
export const Identify = z.object({ kind: z.literal('identify'), edgeId: EdgeId, signature: z.string().max(200) });
export type Identify = z.infer<typeof Identify>;

/** What an edge signs to prove that it holds the key made at joining; as UTF-8. */
export function challengeText(nonce: string): string {
  return `atelier-edge:${nonce}`;
}

/** `POST /api/edge/join`: a single-use token, and the public half of the key that the edge made (JWK, Ed25519, RFC 8037). */
export const JoinRequest = z.object({
  token: z.string().min(10).max(200),
  publicKey: z.object({ kty: z.literal('OKP'), crv: z.literal('Ed25519'), x: z.string().max(100) }),
  name: z.string().min(1).max(60),
});
export type JoinRequest = z.infer<typeof JoinRequest>;

export const JoinReply = z.object({ edgeId: EdgeId });
export type JoinReply = z.infer<typeof JoinReply>;

const attempt = { attemptId: AttemptId, fence: z.number().int().positive() };

export const StepOutput = Artifact.extend({
  port: z.string(),
  index: z.number().int().nonnegative(),
  /** The bytes themselves, of a text of at most limits.inlineTextBytes. */
  text: z.string().max(limits.inlineTextBytes).nullable().default(null),
});
export type StepOutput = z.infer<typeof StepOutput>;

/** What an edge sends. */
export const FromEdge = z.discriminatedUnion('kind', [
  /** First after connecting: who it is, what it still runs, and results that were never acknowledged follow as `result`. */
  z.object({
    kind: z.literal('hello'),
    protocolVersion: z.number().int(),
    info: EdgeInfo,
    models: z.array(EdgeModel),
    /** Attempts that it runs, or whose result it holds and will send again. An attempt leased to it that is missing here is lost. */
    holding: z.array(z.object(attempt)),
  }),
  z.object({ kind: z.literal('heartbeat'), holding: z.array(z.object(attempt)), diskFreeBytes: z.number().nonnegative(), draining: z.boolean() }),
  z.object({ kind: z.literal('models'), models: z.array(EdgeModel) }),
  z.object({ kind: z.literal('started'), ...attempt }),
  z.object({ kind: z.literal('progress'), ...attempt, fraction: z.number().min(0).max(1), message: z.string().max(200).nullable() }),
  z.object({ kind: z.literal('preview'), ...attempt, mediaType: z.string(), base64: z.string().max(Math.ceil(limits.previewBytes * 1.4)) }),
  z.object({ kind: z.literal('text'), ...attempt, delta: z.string().max(limits.textBytes) }),
  /** Repeated until `ack`. */
  z.object({
    kind: z.literal('result'),
    ...attempt,
    outputs: z.array(StepOutput),
    timings: Timings,
    /** Of the files that it was computed with: the edge may have others by the time this is heard. Empty from edges of an older release. */
    modelHash: z.string().max(200).default(''),
  }),
  /** Repeated until `ack`. */
  z.object({ kind: z.literal('failure'), ...attempt, error: ErrorView, log: z.string().max(16_384) }),
  /** A measured transfer; `from` is an edge's id or `coordinator`. */
  z.object({
    kind: z.literal('link'),
    from: z.string(),
    bytes: z.number().nonnegative(),
    seconds: z.number().nonnegative(),
    latencySeconds: z.number().nonnegative().nullable(),
  }),
  /** The answer to `store`, when its bytes are in the coordinator's store or could not be brought there. */
  z.object({ kind: z.literal('stored'), hash: ArtifactHash, error: ErrorView.nullable() }),
]);
export type FromEdge = z.infer<typeof FromEdge>;

/** Where some bytes can be had. Tried in order. `from` is an edge's id or `coordinator`. */
export const Ticket = z.object({ from: z.string(), url: z.string(), token: z.string() });
export type Ticket = z.infer<typeof Ticket>;

export const WorkInput = Artifact.extend({ port: z.string(), index: z.number().int().nonnegative(), tickets: z.array(Ticket) });
export type WorkInput = z.infer<typeof WorkInput>;

/** One attempt's work. */
export const WorkOrder = z.object({
  ...attempt,
  runId: RunId,
  stepId: z.string(),
  shard: z.number().int().nonnegative(),
  task: z.string(),
  modelId: ModelId,
  parameters: z.record(z.string(), z.unknown()),
  inputs: z.array(WorkInput),
});
export type WorkOrder = z.infer<typeof WorkOrder>;

/** What the coordinator sends. */
export const ToEdge = z.discriminatedUnion('kind', [
  /** `sessionToken` is for this connection's HTTP transfers with the coordinator. `ticketKey` verifies transfer tickets (JWK, Ed25519). */
  z.object({
    kind: z.literal('welcome'),
    protocolVersion: z.number().int(),
    edgeId: EdgeId,
    sessionToken: z.string(),
    ticketKey: z.record(z.string(), z.unknown()),
    heartbeatMs: z.number().int().positive(),
    leaseMs: z.number().int().positive(),
  }),
  z.object({ kind: z.literal('work'), order: WorkOrder }),
  /** Stop this attempt within a second, without a result. */
  z.object({ kind: z.literal('cancel'), attemptId: AttemptId }),
  /** The result or failure of this attempt is decided (committed or refused): forget it. */
  z.object({ kind: z.literal('ack'), attemptId: AttemptId }),
  /** Put these bytes into the coordinator's store now; answered by `stored`. */
  z.object({ kind: z.literal('store'), hash: ArtifactHash }),
  z.object({ kind: z.literal('pull-model'), manifest: ModelManifest }),
  z.object({ kind: z.literal('remove-model'), modelId: ModelId }),
  /** Finish what runs and take no more; `on: false` takes it back. */
  z.object({ kind: z.literal('drain'), on: z.boolean() }),
  z.object({ kind: z.literal('error'), error: ErrorView }),
]);
export type ToEdge = z.infer<typeof ToEdge>;
