import {
  AtelierError,
  type EdgeId,
  type EdgeView,
  type FromEdge,
  findTask,
  type LinkView,
  type ModelManifest,
  type ModelView,
  type Ticket,
} from '@atelier/protocol';
import type { SocketOrigin } from '../addresses/index.ts';
import type { Cluster } from '../cluster/index.ts';
import type { WorkOrders } from '../dispatch/index.ts';
import type { EdgeIdentity, KnownEdge, ModelStanding, NewEdge } from '../fleet/index.ts';
import type { EdgeMessages, EdgeMessagesNeeds } from './edge-messages.ts';
import { edgeView, modelViews } from './edge-views.ts';

/** Chains can run once each of these has an offer. */
const starterTasks = ['automatic-speech-recognition', 'text-generation', 'text-to-image', 'image-to-video'];

/** Whether chains can run. */
export interface Readiness {
  readonly ready: boolean;
  /** Names of starter tasks that no edge offers yet. */
  readonly missing: string[];
}

/** Edges and models: what they say, and what owners do with them. Methods throw AtelierError `not-found` for an edge that is not there. */
export interface Edges {
  list(): Promise<EdgeView[]>;
  links(): Promise<LinkView[]>;
  /** Names are unique: a taken one gets a number. */
  add(edge: NewEdge): Promise<EdgeId>;
  /** The key with which an edge must sign; undefined if it is unknown or revoked. */
  identity(edgeId: EdgeId): Promise<EdgeIdentity | undefined>;
  /** After the edge's hello. What one edge says is handled in the order in which these three are called; news of steps is passed on at once. */
  connected(edgeId: EdgeId, hello: Extract<FromEdge, { kind: 'hello' }>, from?: SocketOrigin): Promise<void>;
  message(edgeId: EdgeId, message: FromEdge): Promise<void>;
  disconnected(edgeId: EdgeId): Promise<void>;
  /** Revoked edges, for the others: they give them nothing. */
  revokedIds(): EdgeId[];
  /** New tickets for those of a running attempt. @throws AtelierError `unauthenticated`, `forbidden` */
  renewTickets(edgeId: EdgeId, token: string): Promise<Ticket[]>;
  /** For good: ends its socket and what it receives, and tells the other edges. */
  revoke(edgeId: EdgeId): Promise<EdgeView>;
  drain(edgeId: EdgeId, on: boolean): Promise<EdgeView>;
  /** An owner says that other edges may fetch from this address of an edge; null takes it back. @throws AtelierError `conflict` if the edge says another, or it is never used */
  confirmAddress(edgeId: EdgeId, url: string | null): Promise<EdgeView>;
  /** @throws AtelierError `unknown-model`, `unavailable` if the edge is away */
  pullModel(edgeId: EdgeId, modelId: string): Promise<EdgeView>;
  removeModel(edgeId: EdgeId, modelId: string): Promise<EdgeView>;
  models(): Promise<ModelView[]>;
  readiness(): Readiness;
}

export interface EdgesNeeds extends EdgeMessagesNeeds {
  readonly catalogue: readonly ModelManifest[];
  readonly standing: ModelStanding;
  readonly orders: WorkOrders;
  readonly messages: EdgeMessages;
  readonly cluster: Pick<Cluster, 'tell'>;
}

export function createEdges(needs: EdgesNeeds): Edges {
  const { fleet, link, history, leases, planning, doubleChecks, catalogue, messages } = needs;
  /** The coordinator that has the edge's socket tells it. @throws AtelierError `unavailable` if none has */
  const askElsewhere = async (edge: KnownEdge, modelId: string, wanted: 'pull' | 'remove') => {
    if (edge.holder === null) throw away(edge);
    await needs.cluster.tell({ kind: 'model', edgeId: edge.id, modelId, wanted }, undefined, edge.holder);
  };
  const viewOf = (edge: KnownEdge) => edgeView(needs, edge);
  return {
    list: async () => fleet.all().map(viewOf),
    links: async () => history.links(),
    add: (edge) => fleet.add(edge),
    async identity(edgeId) {
      await fleet.seek(edgeId);
      return fleet.identity(edgeId);
    },
    connected: (edgeId, hello, from) => messages.connected(edgeId, hello, from),
    message: (edgeId, message) => messages.message(edgeId, message),
    disconnected: (edgeId) => messages.disconnected(edgeId),
    revokedIds: () => fleet.toldRevoked(),
    renewTickets: (edgeId, token) => needs.orders.renewTickets(edgeId, token, (attemptId) => doubleChecks.isRunning(edgeId, attemptId)),
    async revoke(edgeId) {
      const edge = fleet.get(edgeId);
      await fleet.revoke(edge);
      link.revoke(edgeId);
      await messages.disconnected(edgeId);
      await leases.withdrawHopeless(edgeId);
      await leases.loseAll(edgeId, `${edge.name} was revoked.`);
      await doubleChecks.revoked(edgeId);
      await needs.serviceLeases.revoked(edge);
      return viewOf(edge);
    },
    async drain(edgeId, on) {
      const edge = fleet.get(edgeId);
      await fleet.setDraining(edge, on);
      link.send(edgeId, { kind: 'drain', on });
      if (on) await leases.withdrawHopeless(edgeId);
      else await Promise.all([planning.fleetChanged(), needs.serviceLeases.sweep()]);
      return viewOf(edge);
    },
    async confirmAddress(edgeId, url) {
      const edge = fleet.get(edgeId);
      checkConfirmable(edge, url);
      await fleet.confirmAddress(edge, url);
      await planning.fleetChanged();
      return viewOf(edge);
    },
    async pullModel(edgeId, modelId) {
      const edge = fleet.get(edgeId);
      const manifest = catalogue.find((candidate) => candidate.id === modelId);
      if (!manifest) throw unknownModel(catalogue, modelId);
      if (!link.send(edgeId, { kind: 'pull-model', manifest })) await askElsewhere(edge, modelId, 'pull');
      return viewOf(edge);
    },
    async removeModel(edgeId, modelId) {
      const edge = fleet.get(edgeId);
      if (!edge.models.some((model) => model.manifest.id === modelId)) throw unknownModel(catalogue, modelId);
      if (!link.send(edgeId, { kind: 'remove-model', modelId })) await askElsewhere(edge, modelId, 'remove');
      return viewOf(edge);
    },
    models: async () => modelViews(catalogue, fleet),
    readiness() {
      const online = fleet.all().filter((edge) => fleet.stateOf(edge) === 'online');
      const offered = new Set(online.flatMap(offeredTasks));
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

function unknownModel(catalogue: readonly ModelManifest[], modelId: string): AtelierError {
  const known = catalogue.map((manifest) => manifest.id).join(', ');
  return new AtelierError('unknown-model', `There is no model "${modelId}" here.`, { hint: `The catalogue has: ${known || 'nothing'}.` });
}

const away = (edge: KnownEdge) => new AtelierError('unavailable', `${edge.name} is away.`, { hint: 'Start its agent; then try again.' });
