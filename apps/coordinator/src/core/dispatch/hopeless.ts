import type { EdgeModel } from '@atelier/protocol';
import type { Fleet } from '../fleet/index.ts';
import type { LiveAttempt } from './live-attempts.ts';

/** Whether a queued attempt waits in vain: its edge is gone, takes no more, or has no such model now, or another under its name. One that is away for a moment may come back. */
export function isHopeless(fleet: Fleet, { edgeId, modelId, modelHash }: Pick<LiveAttempt, 'edgeId' | 'modelId' | 'modelHash'>): boolean {
  const edge = fleet.find(edgeId);
  if (!edge || edge.draining || edge.leaving || fleet.isGone(edge)) return true;
  const serves = ({ manifest, state, ...model }: EdgeModel) =>
    manifest.id === modelId && state === 'ready' && (modelHash === undefined || modelHash === model.modelHash);
  return !edge.models.some(serves);
}
