import type { FleetSnapshot } from '@atelier/planner';
import type { CoreContext } from './context.ts';
import type { KnownEdge } from './fleet.ts';

/** The fleet as the planner sees it now. */
export function fleetSnapshot(context: CoreContext): FleetSnapshot {
  const { fleet, history, standing } = context;
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
        queuedSeconds: queuedSeconds(context, edge),
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
export function queuedSeconds(context: CoreContext, edge: KnownEdge): number {
  const now = performance.now();
  return context.live.ofEdge(edge.id).reduce((sum, attempt) => {
    const passed = attempt.startedAt === null ? 0 : (now - attempt.startedAt) / 1000;
    return sum + Math.max(0, attempt.predictedSeconds - passed);
  }, 0);
}
