import type { EdgeId, EdgeModel } from '@atelier/protocol';
import type { Fleet } from '../fleet/index.ts';
import type { LiveAttempt } from './live-attempts.ts';

type Waiting = Pick<LiveAttempt, 'edgeId' | 'modelId' | 'modelHash'>;

/** Whether a queued attempt waits in vain: its edge is gone, takes no more, or has no such model now, or another under its name. One that is away for a moment may come back. */
export function isHopeless(fleet: Fleet, attempt: Waiting): boolean {
  return hopelessAt(fleet, attempt.edgeId)(attempt);
}

/** {@link isHopeless} for many attempts of one edge, as it is now: each model is looked for once. */
export function hopelessAt(fleet: Fleet, edgeId: EdgeId): (attempt: Pick<Waiting, 'modelId' | 'modelHash'>) => boolean {
  const edge = fleet.find(edgeId);
  if (!edge || edge.draining || edge.leaving || fleet.isGone(edge)) return () => true;
  const known = new Map<string, boolean>();
  return ({ modelId, modelHash }) => {
    const name = `${modelId} ${modelHash ?? ''}`;
    const isKnown = known.get(name);
    if (isKnown !== undefined) return isKnown;
    const serves = ({ manifest, state, ...model }: EdgeModel) =>
      manifest.id === modelId && state === 'ready' && (modelHash === undefined || modelHash === model.modelHash);
    const isHopelessThere = !edge.models.some(serves);
    known.set(name, isHopelessThere);
    return isHopelessThere;
  };
}
