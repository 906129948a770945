import { z } from 'zod';
import { Artifact } from './artifact.ts';
import { EdgeInfo, EdgeModel } from './edge-messages.ts';
import { ArtifactHash, EdgeId, ModelId, OutputId, RunId } from './ids.ts';
import { ModelManifest } from './manifest.ts';
import { Modality } from './modality.ts';

/** A task as API, CLI and studio see it: the declaration with its parameters as JSON Schema (draft 2020-12). */
export const TaskView = z.object({
  name: z.string(),
  title: z.string(),
  summary: z.string(),
  seedWords: z.array(z.string()),
  inputs: z.record(
    z.string(),
    z.object({ modality: Modality, required: z.boolean(), many: z.boolean(), listed: z.boolean(), title: z.string(), description: z.string() }),
  ),
  outputs: z.record(
    z.string(),
    z.object({ modality: Modality, required: z.boolean(), many: z.boolean(), listed: z.boolean(), title: z.string(), description: z.string() }),
  ),
  /** Whether edges may share a step of it, shard by shard. */
  shared: z.boolean(),
  /** JSON Schema of the parameters; `title`, `description`, `control`, `step`, `unit` and `advanced` are hints for forms. */
  parameters: z.record(z.string(), z.unknown()),
  /** JSON Schema of what a running step can be told, by kind of control; with hints as parameters have them. */
  controls: z.record(z.string(), z.record(z.string(), z.unknown())).default({}),
  /** Whether an attempt that follows a lost one goes on from a checkpoint. */
  checkpoints: z.boolean().default(false),
});
export type TaskView = z.infer<typeof TaskView>;

/** A model on an edge, and whether its hash is what it should be. */
export const EdgeModelView = EdgeModel.extend({
  /**
   * `catalogue`: the hash is that of the catalogue's manifest. `own`: the catalogue has no such model, so that nothing can be compared but edges with each
   * other. `differs`: the catalogue has one of this name with another hash; it is used by itself, out of the result cache, and shares no step.
   */
  standing: z.enum(['catalogue', 'own', 'differs']),
});
export type EdgeModelView = z.infer<typeof EdgeModelView>;

/** What is said of a model that `differs`, wherever it is shown. */
export const differingModel = {
  message: 'Its files are not those that the catalogue names: its results are not kept for later runs, and it shares no step with other machines.',
  hint: 'Pull it again. If that changes nothing, update Atelier on that machine, or give the model another id in its edge.yaml.',
} as const;

export const EdgeView = z.object({
  id: EdgeId,
  name: z.string(),
  /** `away` since its socket closed; `revoked` for good. */
  state: z.enum(['online', 'draining', 'away', 'revoked']),
  local: z.boolean(),
  info: EdgeInfo.nullable(),
  /** Where it says that other edges reach it, and whether they are sent there. `unconfirmed` waits for an owner. Null: everything goes through the coordinator. */
  transfer: z.object({ url: z.string(), state: z.enum(['open', 'unconfirmed', 'refused']), reason: z.string().nullable() }).nullable(),
  models: z.array(EdgeModelView),
  /** Kinds of services that it can run, and how many at a time. */
  services: z.object({ kinds: z.array(z.string()), most: z.number().int().nonnegative() }),
  running: z.number().int().nonnegative(),
  /** Results of other edges that it computes once more, for the owner. */
  checking: z.number().int().nonnegative(),
  queued: z.number().int().nonnegative(),
  queuedSeconds: z.number().nonnegative(),
  joinedAt: z.iso.datetime(),
  lastSeenAt: z.iso.datetime().nullable(),
});
export type EdgeView = z.infer<typeof EdgeView>;

/** What one of two edges says that a result is. */
const Side = z.object({
  edgeId: EdgeId,
  edgeName: z.string(),
  /** As it says itself. */
  processor: z.string().nullable(),
  device: z.string().nullable(),
  /** SHA-256 of each value, by output port. */
  values: z.record(z.string(), z.array(ArtifactHash)),
});

/** Two edges made different bytes of the same. Until an owner decides, the result cache answers with neither. */
export const DisagreementView = z.object({
  id: z.string(),
  createdAt: z.iso.datetime(),
  task: z.string(),
  modelId: ModelId,
  /** The run that has the first result, while it is there. */
  runId: RunId.nullable(),
  stepId: z.string(),
  shard: z.number().int().nonnegative(),
  /** Whose result the run has. */
  maker: Side,
  /** Who computed it again. */
  checker: Side,
});
export type DisagreementView = z.infer<typeof DisagreementView>;

/** A share of the results of edges that is computed twice, and what came of it. */
export const DoubleChecksView = z.object({
  /** Of results that are the same each time; 0 is off. */
  percent: z.number().min(0).max(100),
  /** Results that wait for an edge that has nothing else to do. */
  waiting: z.number().int().nonnegative(),
  /** Disagreements that wait for an owner, in all; the newest are listed. */
  open: z.number().int().nonnegative(),
  disagreements: z.array(DisagreementView),
  /** How many results of each edge another made the same. */
  edges: z.array(z.object({ edgeId: EdgeId, edgeName: z.string(), compared: z.number().int().nonnegative() })),
});
export type DoubleChecksView = z.infer<typeof DoubleChecksView>;

/** A measured link, in the direction in which bytes flow. */
export const LinkView = z.object({
  from: z.string(),
  to: z.string(),
  bytesPerSecond: z.number().positive(),
  latencySeconds: z.number().nonnegative(),
  samples: z.number().int().positive(),
});
export type LinkView = z.infer<typeof LinkView>;

/** A model of the catalogue and where it is. */
export const ModelView = z.object({
  manifest: ModelManifest,
  downloadBytes: z.number().int().nonnegative(),
  edges: z.array(
    z.object({
      edgeId: EdgeId,
      edgeName: z.string(),
      state: EdgeModel.shape.state,
      loaded: z.boolean(),
      diskBytes: z.number(),
      pull: EdgeModel.shape.pull,
      error: EdgeModel.shape.error,
    }),
  ),
});
export type ModelView = z.infer<typeof ModelView>;

/** A run that has not ended, as the queue sees it. */
export const QueuedRun = z.object({
  id: RunId,
  name: z.string(),
  /** `running`: a step of it is computed now. `waiting`: its steps wait for a machine, or for one that can run them. */
  state: z.enum(['running', 'waiting', 'paused']),
  /** Which it is in the line of its machine, those that run counted; null if it does not wait in one. */
  place: z.number().int().positive().nullable(),
  priority: z.number().int(),
  /** Who started it. Runs of one person and priority can be put in another order. */
  personId: z.string(),
  personName: z.string(),
  /** Where its steps run or wait. */
  edges: z.array(z.string()),
  /** Seconds until it is done, by what was predicted and what is seen of it by now; null if nobody can say. */
  seconds: z.number().nonnegative().nullable(),
});
export type QueuedRun = z.infer<typeof QueuedRun>;

/** What runs and waits: of the top bar's pill, the queue and the pages of runs. */
export const QueueView = z.object({
  /** Runs of which a step is computed now. */
  running: z.number().int().nonnegative(),
  /** Runs that wait, paused ones among them. */
  waiting: z.number().int().nonnegative(),
  /** Seconds until the last of them is done. */
  seconds: z.number().nonnegative(),
  /** In the order in which they come: running ones first, then by their places. At most limits.queueRuns. */
  runs: z.array(QueuedRun),
});
export type QueueView = z.infer<typeof QueueView>;

/** What a person has on the disks of the studio and in its line, and may have. Bytes that are there twice count once. */
export const UsageView = z.object({
  uploads: z.object({ bytes: z.number(), mostBytes: z.number(), open: z.number().int(), mostOpen: z.number().int() }),
  results: z.object({ bytes: z.number() }),
  /** Runs that have not ended. */
  runs: z.object({ open: z.int(), mostOpen: z.int() }),
});
export type UsageView = z.infer<typeof UsageView>;

export const ApiTokenView = z.object({
  id: z.string(),
  name: z.string(),
  /** The first characters, to tell tokens apart. */
  start: z.string().nullable(),
  createdAt: z.iso.datetime(),
  lastUsedAt: z.iso.datetime().nullable(),
  expiresAt: z.iso.datetime().nullable(),
});
export type ApiTokenView = z.infer<typeof ApiTokenView>;

/** A finished upload; `outputId` is what grants its uploader the use of the bytes. */
export const UploadView = Artifact.extend({ outputId: OutputId, name: z.string().nullable() });
export type UploadView = z.infer<typeof UploadView>;

/** A name that programs written for OpenAI's API use, such as `gpt-4o`, and the model that it means here; `auto` leaves the choice to the planner. */
export const ModelAlias = z.object({
  name: z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._:-]{0,99}$/, 'letters, digits, points, colons, hyphens and underscores'),
  modelId: z.string().min(1).max(200),
});
export type ModelAlias = z.infer<typeof ModelAlias>;

/** A line of `atelier doctor`. */
export const Finding = z.object({
  subject: z.string(),
  level: z.enum(['good', 'note', 'problem']),
  message: z.string(),
  hint: z.string().nullable(),
});
export type Finding = z.infer<typeof Finding>;

/** A chain that runs at once on the starter models. */
export const ExampleView = z.object({
  id: z.string(),
  title: z.string(),
  summary: z.string(),
  chain: z.record(z.string(), z.unknown()),
  /** Ready inputs by name: a text, or a file of the examples folder. */
  inputs: z.record(z.string(), z.union([z.object({ text: z.string() }), z.object({ file: z.string(), mediaType: z.string() })])),
});
export type ExampleView = z.infer<typeof ExampleView>;
