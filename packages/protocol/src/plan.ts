import { z } from 'zod';
import { ResolvedChain } from './chain.ts';
import { EdgeId, ModelId } from './ids.ts';

/** A model on an edge: what a step can be bound to. */
export const Offer = z.object({
  edgeId: EdgeId,
  edgeName: z.string(),
  modelId: ModelId,
  /** The manifest's short name, for people. */
  modelName: z.string(),
});
export type Offer = z.infer<typeof Offer>;

/** What is expected of one step, in seconds; `start` and `end` count from the beginning of the run. */
export const Prediction = z.object({
  /** Work that is queued on the edge ahead of this step. */
  queueSeconds: z.number().nonnegative(),
  /** Bringing inputs to the edge over measured links. */
  transferSeconds: z.number().nonnegative(),
  transferBytes: z.number().nonnegative(),
  /** Reading the model into memory; 0 if it is warm. */
  loadSeconds: z.number().nonnegative(),
  runSeconds: z.number().nonnegative(),
  startSeconds: z.number().nonnegative(),
  endSeconds: z.number().nonnegative(),
  /** The middle 80 % of what was measured, for an honest range; equal to runSeconds where it is a guess. */
  runSecondsLow: z.number().nonnegative(),
  runSecondsHigh: z.number().nonnegative(),
  /** `measured` on this edge, `borrowed` from the same model on other edges, or the manifest's `prior`. */
  basis: z.enum(['measured', 'borrowed', 'prior']),
  samples: z.number().int().nonnegative(),
});
export type Prediction = z.infer<typeof Prediction>;

/** One of the edges that share a step's shards. */
export const PlannedShare = z.object({
  offer: Offer,
  secondsPerShard: z.number().nonnegative(),
  slots: z.number().int().positive(),
  /** The hash of the model that it was planned with; all that share a step have the same. Left out in plans of an older release. */
  modelHash: z.string().optional(),
});
export type PlannedShare = z.infer<typeof PlannedShare>;

export const PlannedStep = z.object({
  stepId: z.string(),
  task: z.string(),
  offer: Offer,
  /** Of the whole step: where edges share it, all of them together. */
  prediction: Prediction,
  /** For a step with several shards: every edge that has this very model and helps, the offer's own first. */
  sharing: z.array(PlannedShare).default([]),
});
export type PlannedStep = z.infer<typeof PlannedStep>;

/** A chain with every step bound to an offer. Plain data; what it means at run time lives in packages/runs. */
export const Plan = z.object({ totalSeconds: z.number().nonnegative(), steps: z.array(PlannedStep) });
export type Plan = z.infer<typeof Plan>;

/** Why an offer is not in the best plan. */
export const RejectedOffer = z.object({
  stepId: z.string(),
  offer: Offer,
  /** `slower`: the best plan through it takes longer. The others cannot be used at all. */
  reason: z.enum(['slower', 'edge-away', 'edge-masked', 'edge-draining', 'model-not-ready', 'too-little-memory', 'size-not-drawn', 'pinned-elsewhere']),
  /** The best total through this offer, where it could be used. */
  totalSeconds: z.number().nonnegative().nullable(),
  prediction: Prediction.nullable(),
  /** One sentence for people: "0.8 s slower: the picture would cross a link of 2 MB/s". */
  detail: z.string(),
});
export type RejectedOffer = z.infer<typeof RejectedOffer>;

/** The planner's answer: the k best plans, best first, and every offer that lost, with the reason. */
export const PlanSet = z.object({
  chain: ResolvedChain,
  plans: z.array(Plan),
  rejected: z.array(RejectedOffer),
  /** No plan can be quicker than the first by more than this; 0 if the search was exact. */
  gapSeconds: z.number().nonnegative().default(0),
});
export type PlanSet = z.infer<typeof PlanSet>;

/** The seed's form of a plan: `whisper (Server2) -> llama (Server1)`. */
export function formatPlan(plan: Plan): string {
  return plan.steps.map((step) => `${step.offer.modelName} (${step.offer.edgeName})`).join(' -> ');
}
