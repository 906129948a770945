import type { TicketSigner } from '@atelier/artifacts';
import { AtelierError, type EdgeId, type FindService, type HeldServices, type RunId, type ServiceHello, type ServiceReport } from '@atelier/protocol';
import { sql } from 'drizzle-orm';
import type { EdgeLink, Logger } from '../contracts/index.ts';
import type { Fleet, KnownEdge } from '../fleet/index.ts';
import type { Placing } from './placing.ts';
import { placeOf } from './service-place.ts';
import type { ServiceRow, ServiceRows } from './service-rows.ts';

export interface ServiceLeasesNeeds {
  readonly rows: ServiceRows;
  readonly placing: Placing;
  readonly tickets: TicketSigner;
  readonly fleet: Fleet;
  readonly link: EdgeLink;
  readonly log: Logger;
}

/** For how long services belong to their edges, and what edges say of them. Messages of one edge come one after the other. */
export class ServiceLeases {
  readonly #needs: ServiceLeasesNeeds;

  constructor(needs: ServiceLeasesNeeds) {
    this.#needs = needs;
  }

  /** Reads what another life of this coordinator left. */
  takeUp(): Promise<void> {
    return this.#needs.rows.extendAll();
  }

  /** What an edge was given before it connected again: from then on it may be given more, which its hello cannot name. */
  before(edgeId: EdgeId): Promise<ServiceRow[]> {
    return this.#needs.rows.onEdge(edgeId);
  }

  /** After a hello: what the edge still runs goes on, what it lost is started again, and what should not run is stopped. */
  async connected(edge: KnownEdge, before: readonly ServiceRow[], said: ServiceHello = { kinds: [], slots: 0, held: [] }): Promise<void> {
    const { rows, placing } = this.#needs;
    const { kinds, slots, held } = said;
    await this.heartbeat(edge, held);
    const ids = new Set<string>(held.map(({ serviceId }) => serviceId));
    for (const row of before.filter(({ id }) => !ids.has(id))) {
      if (row.wanted === 'stopped') await rows.end(row.id, 'stopped');
      else if (row.state !== 'lost' && row.state !== 'waiting') await this.#lose(row, `${edge.name} came back without it.`);
    }
    // From here on it is given more: what it has already was settled.
    edge.services = { kinds, slots };
    await placing.placeAll();
  }

  /** Extends what the edge may go on with, and stops what it may not. */
  async heartbeat(edge: KnownEdge, held: HeldServices): Promise<void> {
    const { rows, placing } = this.#needs;
    const extended = await rows.extend(edge.id, held);
    for (const { serviceId } of held.filter((one) => !extended.has(one.serviceId))) {
      // Nobody else can have been given a service that is still this edge's: it goes on by another number.
      const row = await rows.fenceAgain(serviceId, edge.id);
      if (row) placing.order(row);
      else this.#needs.link.send(edge.id, { kind: 'service-stop', serviceId });
    }
  }

  async report(edge: KnownEdge, report: ServiceReport): Promise<void> {
    const { rows, link } = this.#needs;
    const { serviceId, fence } = report;
    const row = await rows.find(serviceId);
    if (!row || row.edgeId !== edge.id || row.endedAt !== null) {
      if (report.state !== 'stopped') link.send(edge.id, { kind: 'service-stop', serviceId });
      return;
    }
    // It was said before the edge had heard of its new number, by which it says it again.
    if (row.fence !== fence) return;
    if (report.state === 'failed' || report.state === 'stopped') return this.#over(row, report);
    await this.#goesOn(row, report);
  }

  async find(edge: KnownEdge, { serviceId, fence, request, target }: FindService): Promise<void> {
    const { rows, link } = this.#needs;
    const caller = await rows.find(serviceId);
    if (!caller || caller.edgeId !== edge.id || caller.fence !== fence || caller.wanted !== 'running') {
      // Said with an older number: the edge hears of the new one, and its service asks again.
      const error = new AtelierError('unavailable', 'The service that asks is not known by this number now.', { hint: 'Ask again in a moment.' });
      link.send(edge.id, { kind: 'service-place', serviceId, request, place: null, error: error.toJSON() });
      return;
    }
    try {
      const place = await placeOf(this.#needs, { caller, edge, wanted: await rows.find(target) });
      link.send(edge.id, { kind: 'service-place', serviceId, request, place, error: null });
    } catch (thrown) {
      const error = AtelierError.from(thrown);
      if (error.code === 'internal') throw thrown;
      link.send(edge.id, { kind: 'service-place', serviceId, request, place: null, error: error.toJSON() });
    }
  }

  /** What nobody will report: leases that have ended, and services of runs that have. */
  async reap(): Promise<void> {
    const { rows, fleet, placing } = this.#needs;
    const overdue = await rows.overdue();
    for (const row of overdue) {
      if (row.wanted === 'stopped') await rows.end(row.id, 'stopped');
      else await this.#lose(row, `${row.edgeId ? fleet.nameOf(row.edgeId) : 'Its edge'} stopped answering.`);
    }
    if (overdue.length > 0) await placing.placeAll();
  }

  async sweep(): Promise<void> {
    for (const row of await this.#needs.rows.ofEndedRuns()) await this.stop(row);
    await this.#needs.placing.placeAll();
  }

  async runEnded(runId: RunId): Promise<void> {
    for (const row of await this.#needs.rows.ofEndedRuns(runId)) await this.stop(row);
  }

  /** Those that were bound to it have failed; others move. */
  async revoked(edge: KnownEdge): Promise<void> {
    const { rows, placing } = this.#needs;
    const error = new AtelierError('edge-lost', `${edge.name} was revoked.`, { hint: 'Start the service on another edge.' }).toJSON();
    for (const row of await rows.onEdge(edge.id)) {
      if (row.wanted === 'stopped') await rows.end(row.id, 'stopped');
      else if (row.anyEdge) await rows.lose(row.id, null, error);
      else await rows.end(row.id, 'failed', { error });
    }
    await placing.placeAll();
  }

  /** @returns the row as it is then; undefined if it had ended */
  async stop({ id }: Pick<ServiceRow, 'id'>): Promise<ServiceRow | undefined> {
    const row = await this.#needs.rows.unwant(id);
    if (row?.edgeId) this.#needs.link.send(row.edgeId, { kind: 'service-stop', serviceId: id });
    return row;
  }

  async #over(row: ServiceRow, { state, restarts, error, log }: ServiceReport): Promise<void> {
    const { rows, link, log: logger } = this.#needs;
    const end = state === 'failed' && row.wanted === 'running' ? 'failed' : 'stopped';
    await rows.end(row.id, end, { restarts, error, log });
    logger.info({ serviceId: row.id, kind: row.kind, edgeId: row.edgeId, end }, 'a service ended');
    if (row.edgeId && state === 'failed') link.send(row.edgeId, { kind: 'service-stop', serviceId: row.id });
  }

  async #goesOn(row: ServiceRow, { state, restarts, error, log, fence }: ServiceReport): Promise<void> {
    const { rows, placing } = this.#needs;
    if (row.edgeId === null) return;
    const ready = state === 'running' ? (row.readyAt !== null && row.restarts === restarts ? {} : { readyAt: sql`now()` }) : { readyAt: null };
    const values = { ...(row.wanted === 'running' ? { state } : {}), restarts: Math.max(restarts, row.restarts), error, log, ...ready };
    // Each life of a service has a number of its own, so that a ticket for the one before opens nothing.
    if (restarts > row.restarts && row.wanted === 'running') {
      const renewed = await rows.fenceAgain(row.id, row.edgeId, values);
      if (renewed) placing.order(renewed);
      return;
    }
    await rows.report(row.id, row.edgeId, fence, values);
  }

  async #lose(row: ServiceRow, message: string): Promise<void> {
    this.#needs.log.warn({ serviceId: row.id, kind: row.kind, edgeId: row.edgeId }, 'a service was lost');
    const hint = row.anyEdge ? 'It goes on on another edge that can run it.' : 'It is started again when its edge is back.';
    await this.#needs.rows.lose(row.id, row.fence, new AtelierError('edge-lost', message, { hint }).toJSON());
  }
}
