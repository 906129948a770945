import type { EdgeView, ModelManifest, ModelView } from '@atelier/protocol';
import type { LiveAttempts } from '../dispatch/index.ts';
import type { DoubleChecks } from '../double-checks/index.ts';
import type { Fleet, KnownEdge, ModelStanding } from '../fleet/index.ts';
import { queuedSeconds } from '../planning/index.ts';

export interface EdgeViewNeeds {
  readonly fleet: Fleet;
  readonly live: LiveAttempts;
  readonly standing: ModelStanding;
  readonly doubleChecks: DoubleChecks;
}

export function edgeView({ fleet, live, standing, doubleChecks }: EdgeViewNeeds, edge: KnownEdge): EdgeView {
  const { id, name, local, info, models } = edge;
  const attempts = live.ofEdge(id);
  const running = attempts.filter((attempt) => attempt.state === 'leased').length;
  return {
    id,
    name,
    state: fleet.stateOf(edge),
    local,
    info,
    transfer: edge.reach && { url: edge.reach.url, state: edge.reach.state, reason: edge.reach.state === 'open' ? null : edge.reach.reason },
    models: models.map((model) => ({ ...model, standing: standing.of(model.manifest.id, model.modelHash) })),
    services: { kinds: [...(edge.services?.kinds ?? [])], most: edge.services?.slots ?? 0 },
    running,
    checking: doubleChecks.countOn(id),
    queued: attempts.length - running,
    queuedSeconds: queuedSeconds(live, id),
    joinedAt: edge.joinedAt.toISOString(),
    lastSeenAt: edge.lastSeenAt?.toISOString() ?? null,
  };
}

/** The catalogue, and what edges have besides. */
export function modelViews(catalogue: readonly ModelManifest[], fleet: Fleet): ModelView[] {
  const manifests = new Map(catalogue.map((manifest) => [manifest.id, manifest]));
  const edges = fleet.all();
  for (const edge of edges) for (const model of edge.models) if (!manifests.has(model.manifest.id)) manifests.set(model.manifest.id, model.manifest);
  return [...manifests.values()].map((manifest) => ({
    manifest,
    downloadBytes: manifest.files.reduce((sum, file) => sum + file.sizeBytes, 0),
    edges: edges.flatMap((edge) =>
      edge.models
        .filter((model) => model.manifest.id === manifest.id)
        .map(({ state, loaded, diskBytes, pull, error }) => ({ edgeId: edge.id, edgeName: edge.name, state, loaded, diskBytes, pull, error })),
    ),
  }));
}
