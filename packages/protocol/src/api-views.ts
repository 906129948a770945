import { z } from 'zod';
import { Artifact } from './artifact.ts';
import { EdgeInfo, EdgeModel } from './edge-messages.ts';
import { EdgeId, OutputId } from './ids.ts';
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
});
export type TaskView = z.infer<typeof TaskView>;

export const EdgeView = z.object({
  id: EdgeId,
  name: z.string(),
  /** `away` since its socket closed; `revoked` for good. */
  state: z.enum(['online', 'draining', 'away', 'revoked']),
  local: z.boolean(),
  info: EdgeInfo.nullable(),
  models: z.array(EdgeModel),
  running: z.number().int().nonnegative(),
  queued: z.number().int().nonnegative(),
  queuedSeconds: z.number().nonnegative(),
  joinedAt: z.iso.datetime(),
  lastSeenAt: z.iso.datetime().nullable(),
});
export type EdgeView = z.infer<typeof EdgeView>;

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

/** The pill of the studio's top bar. */
export const QueueView = z.object({
  running: z.number().int().nonnegative(),
  waiting: z.number().int().nonnegative(),
  /** Predicted seconds until all of it is done. */
  seconds: z.number().nonnegative(),
});
export type QueueView = z.infer<typeof QueueView>;

export const PersonView = z.object({ id: z.string(), name: z.string(), email: z.string(), role: z.enum(['owner', 'member']) });
export type PersonView = z.infer<typeof PersonView>;

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
