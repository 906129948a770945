import { OneAtATime } from '@atelier/background';
import { AtelierError, type EdgeId, limits } from '@atelier/protocol';
import type { EdgeLink, Logger } from '../contracts/index.ts';
import type { Fleet, KnownEdge } from '../fleet/index.ts';
import type { ServiceRow, ServiceRows } from './service-rows.ts';

interface PlacingNeeds {
  readonly rows: ServiceRows;
  readonly fleet: Fleet;
  readonly link: EdgeLink;
  readonly log: Logger;
}

/** Which edge runs which service, and the orders that say so. */
export class Placing {
  readonly #needs: PlacingNeeds;
  /** One after the other, so that an edge is not given more than it takes. */
  readonly #turns = new OneAtATime();

  constructor(needs: PlacingNeeds) {
    this.#needs = needs;
  }

  /** Gives out whatever waits for an edge and can be given now. */
  placeAll(): Promise<void> {
    return this.#turns.run('all', async () => {
      const { rows } = this.#needs;
      const waiting = await rows.unplaced();
      if (waiting.length === 0) return;
      const counts = await rows.countByEdge();
      for (const row of waiting) await this.#place(row, counts);
    });
  }

  /** Says an edge what it has to run, or by which number it goes on. */
  order(row: ServiceRow): void {
    const { id, edgeId, fence, kind, parameters, runId, restarts } = row;
    if (edgeId === null || fence === null) return;
    this.#needs.link.send(edgeId, { kind: 'service-start', order: { serviceId: id, fence, service: kind, parameters, runId, restarts } });
  }

  /** Why an edge cannot be given a service of a kind now; undefined if it can. */
  obstacle(edge: KnownEdge, kind: string, running: number): AtelierError | undefined {
    const state = this.#needs.fleet.stateOf(edge);
    if (state === 'away' || edge.services === null)
      return new AtelierError('unavailable', `${edge.name} is away.`, { hint: 'Start its agent; then try again.' });
    if (!edge.services.kinds.includes(kind)) {
      const kinds = edge.services.kinds.join(', ');
      return new AtelierError('no-offer', `${edge.name} runs no services of the kind "${kind}".`, {
        hint: kinds ? `It runs: ${kinds}.` : 'Start its agent with --tasks and the module that brings the kind. An older release of Atelier runs no services.',
      });
    }
    if (state === 'draining')
      return new AtelierError('unavailable', `${edge.name} takes nothing new now.`, { hint: 'Let it take work again, or choose another.' });
    if (running < edge.services.slots) return undefined;
    return new AtelierError('unavailable', `${edge.name} has ${running} services, and runs at most ${edge.services.slots}.`, {
      hint: 'Stop one of them, or give the edge more with "services" in its edge.yaml.',
    });
  }

  /** The edge with the fewest services of those that can run it. @throws AtelierError `no-offer` */
  async choose(kind: string): Promise<KnownEdge> {
    return this.#best(kind, await this.#needs.rows.countByEdge());
  }

  #best(kind: string, counts: ReadonlyMap<EdgeId, number>): KnownEdge {
    const countOf = (edge: KnownEdge) => counts.get(edge.id) ?? 0;
    const able = this.#needs.fleet.all().filter((edge) => !this.obstacle(edge, kind, countOf(edge)));
    const best = able.sort((one, other) => countOf(one) - countOf(other) || one.name.localeCompare(other.name))[0];
    if (best) return best;
    throw new AtelierError('no-offer', `No edge that is here now can run a service of the kind "${kind}".`, {
      hint: 'See which can: atelier services kinds. Others may be away, or run as many as they take.',
    });
  }

  async #place(row: ServiceRow, counts: Map<EdgeId, number>): Promise<void> {
    const { rows, fleet, log } = this.#needs;
    if (row.losses >= limits.serviceLosses) {
      await rows.end(row.id, 'failed', { error: lostTooOften(row.losses) });
      log.warn({ serviceId: row.id, kind: row.kind }, 'a service was lost with its edge too often');
      return;
    }
    try {
      const edge = row.edgeId === null ? this.#best(row.kind, counts) : fleet.get(row.edgeId);
      // A lost one still counts on its own edge.
      const others = (counts.get(edge.id) ?? 0) - (row.state === 'lost' ? 1 : 0);
      const obstacle = this.obstacle(edge, row.kind, others);
      if (obstacle) throw obstacle;
      const given = await rows.give(row.id, edge.id);
      if (!given) return;
      if (row.state !== 'lost') counts.set(edge.id, others + 1);
      log.info({ serviceId: row.id, kind: row.kind, edgeId: edge.id, restarts: given.restarts }, 'a service was given to an edge');
      this.order(given);
    } catch (thrown) {
      if (!(thrown instanceof AtelierError)) throw thrown;
      if (row.error?.message !== thrown.message) await rows.waits(row.id, thrown.toJSON());
    }
  }
}

function lostTooOften(losses: number) {
  return new AtelierError('edge-lost', `It was lost with its edge ${losses} times in a row, each time before it was well for a while.`, {
    hint: 'It may be what ends the edge: look at the log of the edge. Then start it again.',
  }).toJSON();
}
