import type { TicketSigner } from '@atelier/artifacts';
import { AtelierError, findServiceKind, limits, type ServicePlace } from '@atelier/protocol';
import type { Fleet, KnownEdge } from '../fleet/index.ts';
import type { ServiceRow } from './service-rows.ts';

interface Question {
  readonly caller: ServiceRow;
  /** The caller's. */
  readonly edge: KnownEdge;
  readonly wanted: ServiceRow | undefined;
}

/**
 * Where one service reaches another, with a ticket for this life of it.
 * @throws AtelierError `not-found` also for a service that is none of the caller's business; `unavailable` while it does not run, or is out of reach; `conflict` for one that takes no streams
 */
export async function placeOf(needs: { fleet: Fleet; tickets: TicketSigner }, { caller, edge, wanted }: Question): Promise<ServicePlace> {
  if (!wanted || !mayMeet(caller, wanted)) {
    throw new AtelierError('not-found', 'There is no such service of this run or person.', { hint: 'List them with: atelier services.' });
  }
  if (wanted.endedAt !== null) throw new AtelierError('not-found', 'This service has ended.', { hint: 'Start another.' });
  if (!findServiceKind(wanted.kind).listens) throw new AtelierError('conflict', `Services of the kind ${wanted.kind} take no streams.`);
  const { id, edgeId, fence } = wanted;
  if (wanted.state !== 'running' || edgeId === null || fence === null) {
    throw new AtelierError('unavailable', `The service is ${wanted.state} now.`, { hint: 'Ask again in a moment.' });
  }
  if (edgeId === edge.id) return { at: 'here', serviceId: id };
  const { url, address } = reachOf(needs.fleet.get(edgeId), edge);
  const ticket = { service: id, fence, caller: caller.id, from: edgeId, to: edge.id, key: edge.publicKey, seconds: limits.ticketSeconds };
  return { at: 'edge', serviceId: id, url: `${url}/services/${id}`, address, token: await needs.tickets.signService(ticket) };
}

/** A run's services meet those of the same run, and those of its person that belong to no run. */
function mayMeet(one: ServiceRow, other: ServiceRow): boolean {
  return one.userId === other.userId && (one.runId === null || other.runId === null || one.runId === other.runId);
}

/** @throws AtelierError `unavailable` with what to do about it */
function reachOf(giver: KnownEdge, taker: KnownEdge): { readonly url: string; readonly address: string } {
  const { reach, name } = giver;
  if (reach === null) {
    throw outOfReach(`${name} listens to no other edge.`, `Start its agent with --listen, such as --listen 0.0.0.0:4750.`);
  }
  if (reach.state !== 'open')
    throw outOfReach(`${name} cannot be reached by other edges: ${reach.reason}`, `An owner confirms it: atelier edges confirm ${name}.`);
  if (reach.toThisMachine && !taker.from.isThisMachine) {
    throw outOfReach(
      `${name} is reached on its own machine only, and ${taker.name} is another.`,
      'Start its agent with --listen 0.0.0.0:4750, or another address of its network.',
    );
  }
  return reach;
}

const outOfReach = (message: string, hint: string) => new AtelierError('unavailable', message, { hint });
