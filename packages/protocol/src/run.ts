import { z } from 'zod';
import { Artifact } from './artifact.ts';
import { ResolvedChain } from './chain.ts';
import { ControlView, RecordedControl } from './control.ts';
import { type ErrorCode, errorCodes } from './errors.ts';
import { AttemptId, EdgeId, ModelId, OutputId, RunId } from './ids.ts';
import { limits } from './limits.ts';
import { Offer, Plan, Prediction } from './plan.ts';

/** `paused` keeps what runs and starts nothing new; `failed` keeps results and can be continued. */
export const RunState = z.enum(['planning', 'running', 'paused', 'succeeded', 'failed', 'cancelled']);
export type RunState = z.infer<typeof RunState>;
export const endedRunStates: readonly RunState[] = ['succeeded', 'failed', 'cancelled'];

/** `waiting` for other steps; `ready` to be bound; `queued` on an edge; `running` under a lease. */
export const StepState = z.enum(['waiting', 'ready', 'queued', 'running', 'succeeded', 'failed', 'cancelled']);
export type StepState = z.infer<typeof StepState>;

/** `lost`: its edge or slot vanished. `withdrawn`: taken back before it started. */
export const AttemptState = z.enum(['queued', 'leased', 'succeeded', 'failed', 'lost', 'withdrawn', 'cancelled']);
export type AttemptState = z.infer<typeof AttemptState>;

export const ErrorView = z.object({
  code: z.enum(Object.keys(errorCodes) as [ErrorCode, ...ErrorCode[]]),
  message: z.string(),
  hint: z.string().optional(),
});
export type ErrorView = z.infer<typeof ErrorView>;

/** Where an output came from: enough to make it again. */
export const Recipe = z.object({
  task: z.string(),
  modelId: ModelId,
  /** SHA-256 over the manifest's files, so that the same name with other weights is another model. */
  modelHash: z.string(),
  parameters: z.record(z.string(), z.unknown()),
  /** Artifact hashes by input port. */
  inputs: z.record(z.string(), z.array(z.string())),
  /** What the step was told while it ran, in the order of its effect. Absent if nothing. */
  controls: z.array(RecordedControl.omit({ shard: true })).optional(),
});
export type Recipe = z.infer<typeof Recipe>;

/** Seconds of one attempt, measured on the edge. */
export const Timings = z.object({
  transferSeconds: z.number().nonnegative(),
  transferBytes: z.number().nonnegative(),
  loadSeconds: z.number().nonnegative(),
  runSeconds: z.number().nonnegative(),
  /** True if the model had to be read into memory first. */
  cold: z.boolean(),
});
export type Timings = z.infer<typeof Timings>;

/** A result as its reader sees it. Bytes are at `GET /api/outputs/{id}/content`. */
export const OutputView = Artifact.extend({
  id: OutputId,
  runId: RunId,
  stepId: z.string(),
  port: z.string(),
  index: z.number().int().nonnegative(),
  recipe: Recipe,
  createdAt: z.iso.datetime(),
});
export type OutputView = z.infer<typeof OutputView>;

export const AttemptView = z.object({
  id: AttemptId,
  shard: z.number().int().nonnegative(),
  edgeId: EdgeId,
  edgeName: z.string(),
  modelId: ModelId,
  state: AttemptState,
  /** The fencing number of its lease; absent while queued. */
  fence: z.number().int().nullable(),
  queuedAt: z.iso.datetime(),
  startedAt: z.iso.datetime().nullable(),
  endedAt: z.iso.datetime().nullable(),
  timings: Timings.nullable(),
  error: ErrorView.nullable(),
  /** The last lines that its slot wrote, where it failed. */
  log: z.string().nullable(),
});
export type AttemptView = z.infer<typeof AttemptView>;

/** One shard of a step as its watchers see it; `outputId` is the first result of it. */
export const ShardView = z.object({
  index: z.number().int().nonnegative(),
  state: z.enum(['waiting', 'queued', 'running', 'succeeded', 'failed']),
  /** Where it runs, or ran; null before that, and where the cache had the answer. */
  edgeId: EdgeId.nullable(),
  outputId: OutputId.nullable(),
});
export type ShardView = z.infer<typeof ShardView>;

/** The shards of a step that has several, by their numbers. */
export const StepShards = z.object({ total: z.number().int().positive(), done: z.number().int().nonnegative(), each: z.array(ShardView) });
export type StepShards = z.infer<typeof StepShards>;

export const StepView = z.object({
  id: z.string(),
  task: z.string(),
  state: StepState,
  parameters: z.record(z.string(), z.unknown()),
  /** What the step is bound to now; null until it is planned. */
  offer: Offer.nullable(),
  prediction: Prediction.nullable(),
  /** Edges that share its shards, the first of them that of `offer`; empty for a step of one piece. */
  sharing: z.array(Offer),
  /** Null for a step of one piece. */
  shards: StepShards.nullable(),
  /** How many of its shards were answered by the result cache. */
  cached: z.number().int().nonnegative(),
  /** Of a step with several shards: those that run, wait or ended badly. */
  attempts: z.array(AttemptView),
  /** In the order of shards, then of values. */
  outputs: z.array(OutputView),
  /** Taken over from the run that this one continues or repeats; nothing was computed. */
  reused: z.boolean(),
  startedAt: z.iso.datetime().nullable(),
  endedAt: z.iso.datetime().nullable(),
  error: ErrorView.nullable(),
  /** What should be said about its results although it succeeded, such as that no speech was heard. */
  notice: z.string().nullable().default(null),
  /** What it was told while it ran: how often, and the newest of it in the order of its numbers. Absent if nothing. */
  controls: z.object({ total: z.number().int().positive(), newest: z.array(ControlView).max(limits.controlsShown) }).optional(),
});
export type StepView = z.infer<typeof StepView>;

export const RunInputView = Artifact.extend({ name: z.string(), outputId: OutputId, text: z.string().nullable() });
export type RunInputView = z.infer<typeof RunInputView>;

export const RunView = z.object({
  id: RunId,
  name: z.string(),
  state: RunState,
  chain: ResolvedChain,
  plan: Plan.nullable(),
  planVersion: z.number().int().nonnegative(),
  inputs: z.array(RunInputView),
  steps: z.array(StepView),
  parentRunId: RunId.nullable(),
  priority: z.number().int(),
  createdAt: z.iso.datetime(),
  startedAt: z.iso.datetime().nullable(),
  endedAt: z.iso.datetime().nullable(),
  error: ErrorView.nullable(),
});
export type RunView = z.infer<typeof RunView>;

/** A line of a list of runs. */
export const RunSummary = RunView.pick({
  id: true,
  name: true,
  state: true,
  createdAt: true,
  startedAt: true,
  endedAt: true,
  error: true,
  parentRunId: true,
}).extend({
  steps: z.array(StepView.pick({ id: true, task: true, state: true, reused: true })),
  /** The last picture, film or text that it made, for a thumbnail. */
  lastOutput: OutputView.nullable(),
});
export type RunSummary = z.infer<typeof RunSummary>;

/**
 * What the event stream of a run tells. It opens with `snapshot`, so a reader that reconnects needs no history;
 * `run` and `step` replace what was known; progress, preview and text are passing and never stored.
 */
export const RunEvent = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('snapshot'), run: RunView }),
  z.object({ kind: z.literal('run'), run: RunView.omit({ steps: true, inputs: true, chain: true }) }),
  z.object({ kind: z.literal('step'), step: StepView }),
  z.object({
    kind: z.literal('progress'),
    stepId: z.string(),
    attemptId: AttemptId,
    /** The shard that the attempt makes. */
    shard: z.number().int().nonnegative().optional(),
    fraction: z.number().min(0).max(1),
    message: z.string().nullable(),
    remainingSeconds: z.number().nonnegative().nullable(),
  }),
  z.object({
    kind: z.literal('preview'),
    stepId: z.string(),
    attemptId: AttemptId,
    shard: z.number().int().nonnegative().optional(),
    mediaType: z.string(),
    base64: z.string(),
  }),
  z.object({
    kind: z.literal('text'),
    stepId: z.string(),
    attemptId: AttemptId,
    delta: z.string(),
    /** `delta` is all that was written so far, for whoever begins to watch in the middle; it replaces what was heard of the attempt. */
    soFar: z.boolean().optional(),
  }),
  /** A running step was told something, or has followed it; replaces what was known of that control. `step` follows a moment later. */
  z.object({ kind: z.literal('control'), stepId: z.string(), control: ControlView }),
  /** A shard of a step with several has moved on; `step` follows at its end, and now and then before. */
  z.object({ kind: z.literal('shard'), stepId: z.string(), shard: ShardView, done: z.number().int().nonnegative(), total: z.number().int().positive() }),
  z.object({ kind: z.literal('ended'), state: RunState }),
]);
export type RunEvent = z.infer<typeof RunEvent>;
