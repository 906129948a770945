import { AtelierError, drawsSize, type ModelManifest, type Offer, type RejectedOffer, type ResolvedStep } from '@atelier/protocol';
import type { Begun, FleetEdge, FleetModel, FleetSnapshot, PlanOptions } from './fleet.ts';

/** An offer that a step can be bound to. */
export interface UsableOffer {
  readonly offer: Offer;
  readonly manifest: ModelManifest;
  readonly modelHash: string;
  readonly apart: boolean;
  readonly loaded: boolean;
  /** The edge's number in the fleet. */
  readonly edge: number;
}

interface Refusal {
  readonly reason: RejectedOffer['reason'];
  readonly detail: string;
}

/**
 * Sorts the fleet's models that serve a step's task into usable and refused ones, ordered by model's and edge's names.
 * @throws AtelierError `no-offer` if nothing is usable
 */
export function offersFor(step: ResolvedStep, fleet: FleetSnapshot, options: PlanOptions): { usable: UsableOffer[]; refused: RejectedOffer[] } {
  const usable: UsableOffer[] = [];
  const refused: RejectedOffer[] = [];
  for (const [number, edge] of fleet.edges.entries()) {
    for (const model of edge.models) {
      if (!model.manifest.tasks.includes(step.task)) continue;
      const offer = { edgeId: edge.id, edgeName: edge.name, modelId: model.manifest.id, modelName: model.manifest.shortName };
      const refusal = refusalOf(step, edge, model, options);
      if (refusal) refused.push({ stepId: step.id, offer, ...refusal, totalSeconds: null, prediction: null });
      else usable.push({ offer, manifest: model.manifest, modelHash: model.modelHash, apart: model.apart ?? false, loaded: model.loaded, edge: number });
    }
  }
  if (usable.length === 0) throw noOffer(step, refused, options);
  usable.sort((a, b) => byName(a.offer, b.offer));
  refused.sort((a, b) => byName(a.offer, b.offer));
  return { usable, refused };
}

function byName(a: Offer, b: Offer): number {
  return compare(a.modelName, b.modelName) || compare(a.edgeName, b.edgeName) || compare(a.modelId, b.modelId) || compare(a.edgeId, b.edgeId);
}

/** By code units: the same on every machine, whatever its language. */
const compare = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0);

function refusalOf(step: ResolvedStep, edge: FleetEdge, model: FleetModel, options: PlanOptions): Refusal | undefined {
  const { manifest, state } = model;
  if (step.model !== undefined && step.model !== manifest.id) return { reason: 'pinned-elsewhere', detail: `The chain asks for the model ${step.model}.` };
  if (step.edge !== undefined && step.edge !== edge.name && step.edge !== edge.id)
    return { reason: 'pinned-elsewhere', detail: `The chain asks for the edge ${step.edge}.` };
  const begun = options.begun?.get(step.id);
  if (begun && !isTheSame(begun, edge, model)) return { reason: 'pinned-elsewhere', detail: `Some of it was made with ${begun.modelId} already.` };
  if (edge.state === 'away') return { reason: 'edge-away', detail: `${edge.name} is not connected.` };
  const mask = options.masked?.find((one) => one.edgeId === edge.id && (one.stepId === undefined || one.stepId === step.id));
  if (mask) return { reason: 'edge-masked', detail: `${edge.name} is left out: ${mask.why}.` };
  if (edge.state === 'draining') return { reason: 'edge-draining', detail: `${edge.name} takes no new work.` };
  if (state !== 'ready') return { reason: 'model-not-ready', detail: `${manifest.title} ${notReady[state]} on ${edge.name}.` };
  if (manifest.memoryBytes > edge.modelMemoryBytes)
    return {
      reason: 'too-little-memory',
      detail: `${manifest.title} needs ${megabytes(manifest.memoryBytes)}; ${edge.name} has ${megabytes(edge.modelMemoryBytes)} for models.`,
    };
  if (!drawsSize(manifest, step.parameters)) {
    const { pictureSide: side } = manifest;
    return { reason: 'size-not-drawn', detail: `${manifest.title} draws ${side} × ${side} pixels and no other size.` };
  }
  return undefined;
}

/** Whether an edge's model is the one that a step was begun with. */
function isTheSame(begun: Begun, edge: FleetEdge, model: FleetModel): boolean {
  return begun.modelId === model.manifest.id && begun.modelHash === model.modelHash && (!model.apart || begun.edgeIds.includes(edge.id));
}

const notReady = { pulling: 'is being pulled', absent: 'is not there yet', failed: 'could not be pulled' } as const;
const megabytes = (bytes: number) => `${Math.round(bytes / 1e6)} MB`;

function noOffer(step: ResolvedStep, refused: readonly RejectedOffer[], { catalogue = [], begun }: PlanOptions): AtelierError {
  const message = step.id === step.task ? `No edge can run ${step.task}.` : `No edge can run ${step.id} (${step.task}).`;
  const model = begun?.get(step.id)?.modelId;
  if (model) return new AtelierError('no-offer', message, { hint: `Some of it was made with ${model}: start an edge that has this model again.` });
  const pinned = refused.length > 0 && refused.every((one) => one.reason === 'pinned-elsewhere');
  const first = refused.find((one) => one.reason !== 'pinned-elsewhere') ?? refused[0];
  if (first && pinned) return new AtelierError('no-offer', message, { hint: `${first.detail} Take that wish away, or choose one that is there.` });
  if (first)
    return new AtelierError('no-offer', message, { hint: `${first.detail}${refused.length > 1 ? ` ${refused.length - 1} more cannot be used.` : ''}` });
  const known = catalogue.filter((manifest) => manifest.tasks.includes(step.task)).map((manifest) => manifest.id);
  const hint = known.length > 0 ? `Pull a model for it: atelier models pull ${known[0]}.` : `No known model serves ${step.task}; add a manifest for one.`;
  return new AtelierError('no-offer', message, { hint: known.length > 1 ? `${hint} Also known: ${known.slice(1, 6).join(', ')}.` : hint });
}
