import { z } from 'zod';
import { Artifact, MediaType } from './artifact.ts';
import { Abilities, AppliedControl, Control, Position } from './control.ts';
import { ArtifactHash, AttemptId, EdgeId, ModelId, RunId } from './ids.ts';
import { limits } from './limits.ts';
import { ModelManifest } from './manifest.ts';
import { ErrorView, Timings } from './run.ts';
import { FindService, HeldServices, ServiceFound, ServiceHello, ServiceReport, StartService, StopService } from './services/index.ts';

/** Raised when a message changes so that older edges cannot follow; hello and welcome carry it. */
export const edgeProtocolVersion = 3;

/** A model on an edge as the edge reports it. */
export const EdgeModel = z.object({
  manifest: ModelManifest,
  /** SHA-256 over what decides a result: driver, options and files (`modelHash` of packages/models). Its edge's word, until the catalogue says the same. */
  modelHash: z.string().max(200),
  state: z.enum(['ready', 'pulling', 'absent', 'failed']),
  /** In the memory of some slot now. */
  loaded: z.boolean(),
  diskBytes: z.number().int().nonnegative(),
  pull: z.object({ doneBytes: z.number().nonnegative(), totalBytes: z.number().nonnegative() }).nullable(),
  error: ErrorView.nullable(),
});
export type EdgeModel = z.infer<typeof EdgeModel>;

/** An origin and nothing more (RFC 6454): no path, no name and password, no query. */
export const TransferUrl = z.string().max(300).refine(isOrigin, 'write it like http://192.168.1.4:4750, without a path');

function isOrigin(text: string): boolean {
  return /^https?:\/\//.test(text) && URL.canParse(text) && new URL(text).origin === text;
}

/** What an edge says of itself. */
export const EdgeInfo = z.object({
  name: z.string().min(1).max(60),
  version: z.string().max(100),
  platform: z.string().max(100),
  cpu: z.string().max(200),
  cores: z.number().int().positive(),
  slots: z.number().int().positive().max(64),
  memoryBytes: z.number().nonnegative(),
  modelMemoryBytes: z.number().nonnegative(),
  diskFreeBytes: z.number().nonnegative(),
  /** Where other edges can fetch artifacts, such as `http://192.168.1.4:4750`; null means by relay only. The coordinator sends nobody there before it has checked it. */
  transferUrl: TransferUrl.nullable(),
  /** Devices that models run on, each with the reason why not a faster one. */
  devices: z.array(z.object({ driver: z.string().max(100), device: z.string().max(100), reason: z.string().max(2000) })).max(100),
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
  mediaType: MediaType,
  port: z.string().max(200),
  index: z.number().int().nonnegative(),
  /** The bytes themselves, of a text of at most limits.inlineTextBytes. */
  text: z.string().max(limits.inlineTextBytes).nullable().default(null),
});
export type StepOutput = z.infer<typeof StepOutput>;

const models = z.array(EdgeModel).max(limits.modelsPerEdge);
const holding = z.array(z.object(attempt)).max(limits.attemptsPerEdge);

/** The key of a {@link possessionProof}: 32 random bytes in base64url, drawn for one question. */
const Nonce = z.string().regex(/^[A-Za-z0-9_-]{43}$/);

const Applied = z.array(AppliedControl).max(limits.controlsPerStep);

/** What an edge sends. */
export const FromEdge = z.discriminatedUnion('kind', [
  /** First after connecting: who it is, what it still runs, and results that were never acknowledged follow as `result`. */
  z.object({
    kind: z.literal('hello'),
    protocolVersion: z.number().int(),
    info: EdgeInfo,
    models,
    /** Attempts that it runs, or whose result it holds and will send again. An attempt leased to it that is missing here is lost. */
    holding,
    services: ServiceHello.optional(),
    /** What it can do beyond this version; empty from edges of an older release. */
    abilities: Abilities.default([]),
  }),
  z.object({ kind: z.literal('heartbeat'), holding, services: HeldServices.optional(), diskFreeBytes: z.number().nonnegative(), draining: z.boolean() }),
  ServiceReport,
  FindService,
  z.object({ kind: z.literal('models'), models }),
  z.object({ kind: z.literal('started'), ...attempt }),
  z.object({ kind: z.literal('progress'), ...attempt, fraction: z.number().min(0).max(1), message: z.string().max(200).nullable() }),
  z.object({ kind: z.literal('preview'), ...attempt, mediaType: MediaType, base64: z.string().max(Math.ceil(limits.previewBytes * 1.4)) }),
  z.object({ kind: z.literal('text'), ...attempt, delta: z.string().max(limits.textBytes) }),
  /** Where controls took effect: the coordinator writes it down. Said again after a new connection. */
  z.object({ kind: z.literal('control-applied'), ...attempt, applied: Applied }),
  /** The attempt's state before the work of position `at`; the bytes are brought when the coordinator asks for them. `applied` are all controls that it includes. */
  z.object({
    kind: z.literal('checkpoint'),
    ...attempt,
    hash: ArtifactHash,
    sizeBytes: z.number().int().positive().max(limits.checkpointBytes),
    at: Position,
    applied: Applied,
  }),
  /** Repeated until `ack`. */
  z.object({
    kind: z.literal('result'),
    ...attempt,
    outputs: z.array(StepOutput).max(limits.outputsPerResult),
    timings: Timings,
    /** Of the files that it was computed with: the edge may have others by the time this is heard. Empty from edges of an older release. */
    modelHash: z.string().max(200).default(''),
    /** All controls that had an effect on it. Left out if there were none. */
    applied: Applied.optional(),
  }),
  /** Repeated until `ack`. */
  z.object({ kind: z.literal('failure'), ...attempt, error: ErrorView, log: z.string().max(16_384) }),
  /** A measured transfer; `from` is an edge's id or `coordinator`. */
  z.object({
    kind: z.literal('link'),
    from: z.union([EdgeId, z.literal('coordinator')]),
    bytes: z.number().nonnegative().max(limits.linkBytes),
    seconds: z.number().nonnegative().max(limits.linkSeconds),
    latencySeconds: z.number().nonnegative().max(limits.linkSeconds).nullable(),
  }),
  /** The answer to `store`, when its bytes are in the coordinator's store or could not be brought there. */
  z.object({ kind: z.literal('stored'), hash: ArtifactHash, error: ErrorView.nullable() }),
  /** The answer to `prove`: for each hash the HMAC-SHA-256 over its bytes, in base64url, or null for bytes that this edge does not hold. */
  z.object({
    kind: z.literal('proof'),
    ...attempt,
    nonce: Nonce,
    proofs: z.array(z.object({ hash: ArtifactHash, hmac: z.string().max(64).nullable() })).max(limits.outputsPerResult),
  }),
]);
export type FromEdge = z.infer<typeof FromEdge>;

/**
 * Where some bytes can be had. Tried in order. `from` is an edge's id or `coordinator`; `address` is the one that was checked, to which the
 * receiver connects whatever the URL's name leads to. Null for the coordinator, which the receiver dials by itself.
 */
export const Ticket = z.object({ from: z.string(), url: z.string(), address: z.string().nullable(), token: z.string() });
export type Ticket = z.infer<typeof Ticket>;

/** `POST /api/edge/tickets`: a ticket that may be past its time, for other ones to the same bytes as long as its attempt is the asking edge's. */
export const RenewTickets = z.object({ token: z.string().min(1).max(4_000) });
export type RenewTickets = z.infer<typeof RenewTickets>;

export const RenewedTickets = z.object({ tickets: z.array(Ticket).max(1000) });
export type RenewedTickets = z.infer<typeof RenewedTickets>;

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
  /** Of a step that edges share: the hash that the model must have, since it was planned with it. Left out by coordinators of an older release. */
  modelHash: z.string().max(200).optional(),
  parameters: z.record(z.string(), z.unknown()),
  inputs: z.array(WorkInput),
  /** What the step was told before, in its order. Left out if there was nothing. */
  controls: z.array(Control).max(limits.controlsPerStep).optional(),
  /** The last checkpoint of an attempt before this one. Left out if there is none. */
  resume: z.object({ hash: ArtifactHash, sizeBytes: z.number().int().positive(), at: Position, tickets: z.array(Ticket) }).optional(),
});
export type WorkOrder = z.infer<typeof WorkOrder>;

const revoked = z.array(EdgeId).max(limits.revokedEdges);

/** What the coordinator sends. */
export const ToEdge = z.discriminatedUnion('kind', [
  /**
   * `sessionToken` is for this connection's HTTP transfers with the coordinator. `ticketKey` verifies transfer tickets (JWK, Ed25519).
   * `time` is the coordinator's, in milliseconds since 1970; `revoked` are edges that are given nothing.
   */
  z.object({
    kind: z.literal('welcome'),
    protocolVersion: z.number().int(),
    edgeId: EdgeId,
    sessionToken: z.string(),
    ticketKey: z.record(z.string(), z.unknown()),
    time: z.number().int().nonnegative(),
    revoked,
    heartbeatMs: z.number().int().positive(),
    leaseMs: z.number().int().positive(),
    abilities: Abilities.default([]),
  }),
  /** These edges are given nothing from now on, and what they receive is cut. */
  z.object({ kind: z.literal('revoked'), edgeIds: revoked }),
  z.object({ kind: z.literal('work'), order: WorkOrder }),
  /** Tell this to the running step at once. The same number again is the same control. */
  z.object({ kind: z.literal('control'), ...attempt, control: Control }),
  /** Stop this attempt within a second, without a result. */
  z.object({ kind: z.literal('cancel'), attemptId: AttemptId }),
  /** The result or failure of this attempt is decided (committed or refused): forget it. */
  z.object({ kind: z.literal('ack'), attemptId: AttemptId }),
  /** Put these bytes into the coordinator's store now; answered by `stored`. */
  z.object({ kind: z.literal('store'), hash: ArtifactHash }),
  /** Show that you hold the bytes which this attempt's result names: the studio has them already, and their name alone grants nothing. Answered by `proof`. */
  z.object({ kind: z.literal('prove'), ...attempt, nonce: Nonce, hashes: z.array(ArtifactHash).max(limits.outputsPerResult) }),
  StartService,
  StopService,
  ServiceFound,
  z.object({ kind: z.literal('pull-model'), manifest: ModelManifest }),
  z.object({ kind: z.literal('remove-model'), modelId: ModelId }),
  /** Finish what runs and take no more; `on: false` takes it back. */
  z.object({ kind: z.literal('drain'), on: z.boolean() }),
  z.object({ kind: z.literal('error'), error: ErrorView }),
]);
export type ToEdge = z.infer<typeof ToEdge>;
