import { AtelierError, type EdgeView, findTask, type ModelView } from '@atelier/protocol';
import type { CoreContext } from './context.ts';
import type { Core } from './core.ts';
import { loseAttempt } from './edge-room.ts';
import type { KnownEdge } from './fleet.ts';
import { queuedSeconds } from './fleet-snapshot.ts';
import type { CoreParts } from './start-core.ts';

/** Chains can run once each of these has an offer. */
const starterTasks = ['automatic-speech-recognition', 'text-generation', 'text-to-image', 'image-to-video'];

type FleetPart = Pick<
  Core,
  | 'listEdges'
  | 'links'
  | 'addEdge'
  | 'edgeIdentity'
  | 'edgeConnected'
  | 'edgeMessage'
  | 'edgeDisconnected'
  | 'revokeEdge'
  | 'drainEdge'
  | 'pullModel'
  | 'removeModel'
  | 'models'
  | 'readiness'
>;

/** The part of the core's face that is about edges and models. */
export function facePart(context: CoreContext, parts: CoreParts): FleetPart {
  const { fleet, link, history } = context;
  const { room } = parts;
  return {
    listEdges: async () => fleet.all().map((edge) => edgeView(context, edge)),
    links: async () => history.links(),
    addEdge: (edge) => fleet.add(edge),
    edgeIdentity: async (edgeId) => fleet.identity(edgeId),
    edgeConnected: (edgeId, hello) => room.connected(edgeId, hello),
    edgeMessage: (edgeId, message) => room.message(edgeId, message),
    edgeDisconnected: (edgeId) => room.disconnected(edgeId),
    async revokeEdge(edgeId) {
      const edge = fleet.get(edgeId);
      await fleet.revoke(edge);
      await room.disconnected(edgeId);
      await room.withdrawHopeless(edgeId);
      const leased = context.live.ofEdge(edgeId).filter((attempt) => attempt.state === 'leased');
      for (const attempt of leased) await loseAttempt(context, attempt, `${edge.name} was revoked.`);
      return edgeView(context, edge);
    },
    async drainEdge(edgeId, on) {
      const edge = fleet.get(edgeId);
      await fleet.setDraining(edge, on);
      link.send(edgeId, { kind: 'drain', on });
      if (on) await room.withdrawHopeless(edgeId);
      else await parts.planning.fleetChanged();
      return edgeView(context, edge);
    },
    async pullModel(edgeId, modelId) {
      const edge = fleet.get(edgeId);
      const manifest = context.catalogue.find((candidate) => candidate.id === modelId);
      if (!manifest) throw unknownModel(context, modelId);
      if (!link.send(edgeId, { kind: 'pull-model', manifest })) throw away(edge);
      return edgeView(context, edge);
    },
    async removeModel(edgeId, modelId) {
      const edge = fleet.get(edgeId);
      if (!edge.models.some((model) => model.manifest.id === modelId)) throw unknownModel(context, modelId);
      if (!link.send(edgeId, { kind: 'remove-model', modelId })) throw away(edge);
      return edgeView(context, edge);
    },
    models: async () => modelViews(context),
    readiness() {
      const offered = new Set(
        fleet
          .all()
          .filter((edge) => fleet.stateOf(edge) === 'online')
          .flatMap(offeredTasks),
      );
      const missing = starterTasks.filter((task) => !offered.has(findTask(task).name));
      return { ready: missing.length === 0, missing };
    },
  };
}

function offeredTasks(edge: KnownEdge): string[] {
  return edge.models.filter((model) => model.state === 'ready').flatMap((model) => model.manifest.tasks);
}

function edgeView(context: CoreContext, edge: KnownEdge): EdgeView {
  const { id, name, local, info, models } = edge;
  const attempts = context.live.ofEdge(id);
  const running = attempts.filter((attempt) => attempt.state === 'leased').length;
  return {
    id,
    name,
    state: context.fleet.stateOf(edge),
    local,
    info,
    models,
    running,
    queued: attempts.length - running,
    queuedSeconds: queuedSeconds(context, edge),
    joinedAt: edge.joinedAt.toISOString(),
    lastSeenAt: edge.lastSeenAt?.toISOString() ?? null,
  };
}

/** The catalogue, and what edges have besides. */
function modelViews(context: CoreContext): ModelView[] {
  const manifests = new Map(context.catalogue.map((manifest) => [manifest.id, manifest]));
  const edges = context.fleet.all();
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

function unknownModel(context: CoreContext, modelId: string): AtelierError {
  const known = context.catalogue.map((manifest) => manifest.id).join(', ');
  return new AtelierError('unknown-model', `There is no model "${modelId}" here.`, { hint: `The catalogue has: ${known || 'nothing'}.` });
}

const away = (edge: KnownEdge) => new AtelierError('unavailable', `${edge.name} is away.`, { hint: 'Start its agent; then try again.' });
