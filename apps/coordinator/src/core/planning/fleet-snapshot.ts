import type { FleetSnapshot } from '@atelier/planner';
import type { EdgeId } from '@atelier/protocol';
import type { LiveAttempts } from '../dispatch/index.ts';
import type { Fleet, ModelStanding } from '../fleet/index.ts';
import type { History } from './history.ts';

export interface SnapshotNeeds {
  readonly fleet: Fleet;
  readonly history: History;
  readonly standing: ModelStanding;
  readonly live: LiveAttempts;
}

/** The fleet as the planner sees it now. */
export function fleetSnapshot({ fleet, history, standing, live }: SnapshotNeeds): FleetSnapshot {
  const edges = fleet.all().flatMap((edge) => {
    const state = fleet.stateOf(edge);
    if (state === 'revoked') return [];
    return [
      {
        id: edge.id,
        name: edge.name,
        state,
        slots: edge.info?.slots ?? 1,
        modelMemoryBytes: edge.info?.modelMemoryBytes ?? 0,
        relayOnly: edge.reach?.state !== 'open',
        queuedSeconds: queuedSeconds(live, edge.id),
        models: edge.models.map(({ manifest, modelHash, state: modelState, loaded }) => ({
          manifest,
          modelHash,
          apart: standing.of(manifest.id, modelHash) === 'differs',
          state: modelState,
          loaded,
        })),
      },
    ];
  });
  return { edges, links: history.links(), ...history.summary() };
}

/** Predicted seconds of what runs and waits on an edge, over all its slots. */
export function queuedSeconds(live: LiveAttempts, edgeId: EdgeId): number {
  const now = performance.now();
  return live.ofEdge(edgeId).reduce((sum, attempt) => {
    const passed = attempt.startedAt === null ? 0 : (now - attempt.startedAt) / 1000;
    return sum + Math.max(0, attempt.predictedSeconds - passed);
  }, 0);
}
