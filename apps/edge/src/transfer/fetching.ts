import type { TransferOptions } from '@atelier/artifacts';
import type { CoordinatorLink } from '../link/coordinator-link.ts';
import type { SimulatedLinks } from '../simulation/simulation.ts';
import { renewTickets, targetOf } from './credentials.ts';
import { edgeNameHeader } from './listener.ts';

/** How one attempt's inputs are fetched. @throws AtelierError `unavailable` before the first connection */
export function fetchingOptions({ link, links }: { link: CoordinatorLink | undefined; links: SimulatedLinks }, signal: AbortSignal): TransferOptions {
  const names = new Map<string, string>();
  const { coordinatorUrl } = targetOf(link);
  return {
    baseUrl: coordinatorUrl,
    isCoordinatorHere: isLoopback(coordinatorUrl),
    prove: (presented) => targetOf(link).prove(presented),
    renew: (ticket) => renewTickets(ticket, () => targetOf(link), signal),
    signal,
    onAnswer: async (from, headers) => {
      const name = headers.get(edgeNameHeader);
      names.set(from, name === null ? from : decodeURIComponent(name));
      await links.delay(names.get(from) as string, signal);
    },
    pace: (from, bytes) => links.pace(names.get(from) ?? from, bytes),
  };
}

/** Edges of the coordinator's own machine reach each other on loopback, and nobody else reaches them there. */
export function isLoopback(url: string): boolean {
  return ['127.0.0.1', 'localhost', '[::1]'].includes(new URL(url).hostname);
}
