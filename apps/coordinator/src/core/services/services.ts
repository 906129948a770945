import { OneAtATime } from '@atelier/background';
import {
  AtelierError,
  checkTexts,
  type EdgeId,
  findServiceKind,
  limits,
  listServiceKinds,
  type NewService,
  newId,
  parseServiceParameters,
  type ServiceId,
  type ServiceKind,
  type ServiceKindView,
  type ServiceLog,
  type ServiceQuery,
  type ServiceView,
  serviceKindView,
} from '@atelier/protocol';
import { schema } from '@atelier/store';
import { and, eq, isNull } from 'drizzle-orm';
import { maySee, notFound, type Viewer } from '../contracts/index.ts';
import type { Fleet, KnownEdge } from '../fleet/index.ts';
import type { Placing } from './placing.ts';
import type { ServiceLeases } from './service-leases.ts';
import type { NamedService, ServiceRows } from './service-rows.ts';

const { services } = schema;

/** What people do with services. A member sees their own, an owner all; what is not theirs is `not-found`. */
export interface Services {
  kinds(): ServiceKindView[];
  /** @throws AtelierError `not-found`, `invalid-input`, `no-offer` or `unavailable` for an edge that cannot run it now, `too-large` over limits.servicesPerPerson */
  start(viewer: Viewer, wanted: NewService): Promise<ServiceView>;
  list(viewer: Viewer, query: ServiceQuery): Promise<ServiceView[]>;
  get(viewer: Viewer, id: ServiceId): Promise<ServiceView>;
  /** For good. One that has ended stays as it is. */
  stop(viewer: Viewer, id: ServiceId): Promise<ServiceView>;
  log(viewer: Viewer, id: ServiceId): Promise<ServiceLog>;
}

export interface ServicesNeeds {
  readonly rows: ServiceRows;
  readonly placing: Placing;
  readonly serviceLeases: ServiceLeases;
  readonly fleet: Fleet;
}

export function createServices(needs: ServicesNeeds): Services {
  const { rows, placing, fleet, serviceLeases } = needs;
  /** Those of one person are started one after the other, so that their number is known. */
  const starting = new OneAtATime();
  const find = async (viewer: Viewer, id: ServiceId): Promise<NamedService> => {
    const [row] = await rows.named(eq(services.id, id), 1);
    if (row && maySee(viewer, row.userId)) return row;
    throw notFound('service');
  };
  const viewOf = (row: NamedService) => serviceView(row, fleet);
  return {
    kinds: () => listServiceKinds().map((kind) => ({ ...serviceKindView(kind), edges: edgesOf(kind, fleet) })),
    async start(viewer, wanted) {
      const id = await starting.run(viewer.id, () => add(needs, viewer, wanted));
      await placing.placeAll();
      return viewOf(await find(viewer, id));
    },
    async list(viewer, { state, limit }) {
      const own = viewer.role === 'owner' ? undefined : eq(services.userId, viewer.id);
      return (await rows.named(and(own, state === 'open' ? isNull(services.endedAt) : undefined), limit)).map(viewOf);
    },
    get: async (viewer, id) => viewOf(await find(viewer, id)),
    async stop(viewer, id) {
      await serviceLeases.stop(await find(viewer, id));
      return viewOf(await find(viewer, id));
    },
    async log(viewer, id) {
      return { id, text: (await find(viewer, id)).log };
    },
  };
}

async function add({ rows, placing, fleet }: ServicesNeeds, viewer: Viewer, wanted: NewService): Promise<ServiceId> {
  const kind = findServiceKind(wanted.kind);
  const parameters = checkedParameters(kind, wanted.parameters);
  await checkOwner(rows, kind, viewer, wanted);
  if ((await rows.countOf(viewer.id)) >= limits.servicesPerPerson) {
    throw new AtelierError('too-large', `You have ${limits.servicesPerPerson} services, which is the most.`, { hint: 'Stop some first: atelier services.' });
  }
  const edge = wanted.edge === 'any' ? await placing.choose(kind.name) : await able(placing, rows, fleet.get(wanted.edge), kind);
  await rows.forgetOld(viewer.id);
  const id = newId<ServiceId>();
  const anyEdge = wanted.edge === 'any';
  const row = { id, userId: viewer.id, runId: wanted.runId ?? null, kind: kind.name, parameters, anyEdge, edgeId: anyEdge ? null : edge.id };
  await rows.add({ ...row, wanted: 'running', state: 'waiting' });
  return id;
}

function checkedParameters(kind: ServiceKind, given: Record<string, unknown>): Record<string, unknown> {
  const parameters = parseServiceParameters(kind, given);
  checkTexts(parameters);
  const bytes = Buffer.byteLength(JSON.stringify(parameters));
  if (bytes <= limits.serviceParametersBytes) return parameters;
  throw new AtelierError('too-large', `The parameters have ${bytes} bytes; ${limits.serviceParametersBytes} are taken.`, {
    hint: 'Give large things as files.',
  });
}

/** @throws AtelierError `not-found`, `conflict` if it cannot belong to whom it is given */
async function checkOwner(rows: ServiceRows, kind: ServiceKind, viewer: Viewer, { runId }: NewService): Promise<void> {
  if (runId === undefined) {
    if (kind.belongsTo !== 'run') return;
    throw new AtelierError('conflict', `A service of the kind ${kind.name} belongs to a run.`, { hint: 'Name the run that it ends with.' });
  }
  if (kind.belongsTo === 'person') throw new AtelierError('conflict', `A service of the kind ${kind.name} belongs to no run.`, { hint: 'Leave the run out.' });
  const isOpen = await rows.isRunOpen(runId, viewer.id);
  if (isOpen === undefined) throw notFound();
  if (!isOpen) throw new AtelierError('conflict', 'The run has ended.', { hint: 'Start the service for a run that goes on.' });
}

/** @throws AtelierError why it cannot run there now */
async function able(placing: Placing, rows: ServiceRows, edge: KnownEdge, kind: ServiceKind): Promise<KnownEdge> {
  if (edge.revoked) throw new AtelierError('not-found', 'There is no such edge.', { hint: 'List them with: atelier edges.' });
  const obstacle = placing.obstacle(edge, kind.name, (await rows.countByEdge()).get(edge.id) ?? 0);
  if (obstacle) throw obstacle;
  return edge;
}

function edgesOf(kind: ServiceKind, fleet: Fleet): ServiceKindView['edges'] {
  const able = fleet.all().filter((edge) => fleet.stateOf(edge) === 'online' && edge.services?.kinds.includes(kind.name));
  return able.map(({ id, name }) => ({ edgeId: id, edgeName: name }));
}

function serviceView(row: NamedService, fleet: Fleet): ServiceView {
  const { id, kind, state, edgeId, anyEdge, runId, userId, personName, parameters, restarts, error } = row;
  return {
    id,
    kind,
    state,
    edgeId,
    edgeName: edgeId && fleet.nameOf(edgeId),
    anyEdge,
    runId,
    personId: userId,
    personName,
    parameters,
    restarts,
    address: addressOf(row, fleet),
    error,
    createdAt: row.createdAt.toISOString(),
    readyAt: row.readyAt?.toISOString() ?? null,
    endedAt: row.endedAt?.toISOString() ?? null,
  };
}

/** Nobody is sent to what does not listen, or to an edge that is not reached. */
function addressOf({ id, kind, state, edgeId }: NamedService, fleet: Fleet): string | null {
  const listens = listServiceKinds().some(({ name, listens }) => name === kind && listens);
  const reach = edgeId && fleet.find(edgeId as EdgeId)?.reach;
  return state === 'running' && listens && reach && reach.state === 'open' ? `${reach.url}/services/${id}` : null;
}
