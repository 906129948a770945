import { AtelierError, type EdgeView, findTask, type ModelView } from '@atelier/protocol';
import type { CoreContext } from './context.ts';
import type { Core } from './core.ts';
import { loseAttempt } from './edge-room.ts';
import type { KnownEdge } from './fleet.ts';
import { queuedSeconds } from './fleet-snapshot.ts';
import type { CoreParts } from './start-core.ts';
import { renewTickets } from './work-order.ts';

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
  | 'revokedEdges'
  | 'renewTickets'
  | 'revokeEdge'
  | 'drainEdge'
  | 'confirmAddress'
  | 'pullModel'
  | 'removeModel'
  | 'models'
  | 'readiness'
>;

/** The part of the core's face that is about edges and models. */
export function facePart(context: CoreContext, parts: CoreParts): FleetPart {
  const { fleet, link, history } = context;
  const { room } = parts;
  const viewOf = (edge: KnownEdge) => edgeView(context, edge, (edgeId) => parts.doubleChecks.countOn(edgeId));
  return {
    listEdges: async () => fleet.all().map((edge) => viewOf(edge)),
    links: async () => history.links(),
    addEdge: (edge) => fleet.add(edge),
    edgeIdentity: async (edgeId) => fleet.identity(edgeId),
    edgeConnected: (edgeId, hello, from) => room.connected(edgeId, hello, from),
    edgeMessage: (edgeId, message) => room.message(edgeId, message),
    edgeDisconnected: (edgeId) => room.disconnected(edgeId),
    revokedEdges: () => fleet.toldRevoked(),
    renewTickets: (edgeId, token) => renewTickets(context, edgeId, token, (attemptId) => parts.doubleChecks.isRunning(edgeId, attemptId)),
    async revokeEdge(edgeId) {
      const edge = fleet.get(edgeId);
      await fleet.revoke(edge);
      link.revoke(edgeId);
      await room.disconnected(edgeId);
      await room.withdrawHopeless(edgeId);
      const leased = context.live.ofEdge(edgeId).filter((attempt) => attempt.state === 'leased');
      for (const attempt of leased) await loseAttempt(context, attempt, `${edge.name} was revoked.`);
      await parts.doubleChecks.revoked(edgeId);
      return viewOf(edge);
    },
    async drainEdge(edgeId, on) {
      const edge = fleet.get(edgeId);
      await fleet.setDraining(edge, on);
      link.send(edgeId, { kind: 'drain', on });
      if (on) await room.withdrawHopeless(edgeId);
      else await parts.planning.fleetChanged();
      return viewOf(edge);
    },
    async confirmAddress(edgeId, url) {
      const edge = fleet.get(edgeId);
      checkConfirmable(edge, url);
      await fleet.confirmAddress(edge, url);
      await parts.planning.fleetChanged();
      return viewOf(edge);
    },
    async pullModel(edgeId, modelId) {
      const edge = fleet.get(edgeId);
      const manifest = context.catalogue.find((candidate) => candidate.id === modelId);
      if (!manifest) throw unknownModel(context, modelId);
      if (!link.send(edgeId, { kind: 'pull-model', manifest })) throw away(edge);
      return viewOf(edge);
    },
    async removeModel(edgeId, modelId) {
      const edge = fleet.get(edgeId);
      if (!edge.models.some((model) => model.manifest.id === modelId)) throw unknownModel(context, modelId);
      if (!link.send(edgeId, { kind: 'remove-model', modelId })) throw away(edge);
      return viewOf(edge);
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

/** An owner confirms what they have seen, and nothing that is never used. */
function checkConfirmable(edge: KnownEdge, url: string | null): void {
  if (url === null) return;
  const said = edge.info?.transferUrl ?? null;
  if (said !== url) {
    throw new AtelierError('conflict', `${edge.name} ${said === null ? 'gives nothing to other edges' : `says that others reach it at ${said}`}.`, {
      hint: 'Look at the edge again, and confirm the address that it says.',
    });
  }
  if (edge.reach?.state === 'refused') {
    throw new AtelierError('conflict', edge.reach.reason, { hint: 'Give the edge a transferUrl in its edge.yaml that leads to it from other machines.' });
  }
}

function offeredTasks(edge: KnownEdge): string[] {
  return edge.models.filter((model) => model.state === 'ready').flatMap((model) => model.manifest.tasks);
}

function edgeView(context: CoreContext, edge: KnownEdge, checking: (edgeId: EdgeView['id']) => number): EdgeView {
  const { id, name, local, info, models } = edge;
  const attempts = context.live.ofEdge(id);
  const running = attempts.filter((attempt) => attempt.state === 'leased').length;
  return {
    id,
    name,
    state: context.fleet.stateOf(edge),
    local,
    info,
    transfer: edge.reach && { url: edge.reach.url, state: edge.reach.state, reason: edge.reach.state === 'open' ? null : edge.reach.reason },
    models: models.map((model) => ({ ...model, standing: context.standing.of(model.manifest.id, model.modelHash) })),
    running,
    checking: checking(id),
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
