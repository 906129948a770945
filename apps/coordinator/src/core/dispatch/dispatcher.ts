import { inBackground } from '@atelier/background';
import { AtelierError, type EdgeId } from '@atelier/protocol';
import type { Fleet } from '../fleet/index.ts';
import { inTurn } from '../line/index.ts';
import type { EdgeLink, Logger } from '../ports/index.ts';
import type { RunWriter } from '../state/index.ts';
import { isHopeless } from './hopeless.ts';
import type { LiveAttempt, LiveAttempts } from './live-attempts.ts';
import type { WorkOrders } from './work-orders.ts';

interface DispatcherNeeds {
  readonly writer: RunWriter;
  readonly fleet: Fleet;
  readonly live: LiveAttempts;
  readonly link: EdgeLink;
  readonly log: Logger;
  readonly orders: WorkOrders;
  /** An edge is about to get work: what it does besides may have to end. */
  readonly onTaken: (edgeId: EdgeId) => void;
}

/**
 * Gives queued attempts to the edges that are connected here, in their turns, as many at a time as an edge has slots. What may be taken is
 * decided in SQL, where each taking gets its fencing number; memory only says when it is worth asking.
 */
export class Dispatcher {
  readonly #needs: DispatcherNeeds;
  /** Attempts that are being taken, by edge. */
  readonly #taking = new Map<EdgeId, Set<string>>();
  readonly #working = new Set<Promise<void>>();
  #isClosed = false;

  constructor(needs: DispatcherNeeds) {
    this.#needs = needs;
  }

  /** Waits for what is being taken. What edges run is not touched. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await Promise.all(this.#working);
  }

  /** Something about an edge or its attempts has changed: fills its free slots. */
  wake(edgeId: EdgeId): void {
    for (let next = this.#next(edgeId); next; next = this.#next(edgeId)) this.#begin(next);
  }

  /** Looks at every edge, for what a database that was away left undone. */
  wakeAll(): void {
    for (const edge of this.#needs.fleet.all()) this.wake(edge.id);
  }

  /** The attempt whose turn it is, where the edge has a free slot. */
  #next(edgeId: EdgeId): LiveAttempt | undefined {
    const { fleet, live } = this.#needs;
    const edge = fleet.find(edgeId);
    if (this.#isClosed || !edge || fleet.stateOf(edge) !== 'online') return undefined;
    const taking = this.#taking.get(edgeId);
    const waiting = live.ofEdge(edgeId).filter((attempt) => !taking?.has(attempt.id));
    const busy = waiting.filter((attempt) => attempt.state === 'leased').length + (taking?.size ?? 0);
    if (busy >= (edge.info?.slots ?? 1)) return undefined;
    const queued = waiting.filter((attempt) => attempt.state === 'queued' && !isHopeless(fleet, attempt));
    return inTurn(queued.map((attempt) => ({ ...attempt, turn: live.turnOf(attempt.runId) })))[0];
  }

  #begin(attempt: LiveAttempt): void {
    const { edgeId, id, runId, stepId } = attempt;
    const taking = this.#taking.get(edgeId) ?? new Set();
    this.#taking.set(edgeId, taking.add(id));
    const work = this.#take(attempt)
      .catch((error: unknown) => {
        this.#needs.log.warn({ runId, stepId, attemptId: id, edgeId, error: String(error) }, 'an attempt could not be given out; the next sweep tries again');
        return false;
      })
      .then((isTaken) => {
        taking.delete(id);
        // One that SQL did not give and that still counts as queued is left to the next sweep, or this would never end.
        if (isTaken || this.#needs.live.get(id)?.state !== 'queued') this.wake(edgeId);
      });
    this.#working.add(work);
    inBackground(
      this.#needs.log,
      'giving out attempts',
      work.finally(() => this.#working.delete(work)),
    );
  }

  /** Takes an attempt in SQL and sends it. @returns false where SQL did not give it */
  async #take(attempt: LiveAttempt): Promise<boolean> {
    const { runId, stepId, edgeId, id: attemptId } = attempt;
    const { writer, orders, log, link, onTaken } = this.#needs;
    const order = await orders.prepare(attempt).catch((thrown: unknown) => AtelierError.from(thrown));
    if (order instanceof AtelierError && order.code === 'unavailable') return (await writer.advance(runId, { kind: 'withdrawn', attempt })).accepted;
    const taken = await writer.advance(runId, { kind: 'taken', attempt });
    const fence = taken.attempts.find((changed) => changed.id === attemptId)?.fence;
    if (!taken.accepted || !fence) return false;
    onTaken(edgeId);
    if (order instanceof AtelierError) await this.#refuse(attempt, order);
    else if (!link.send(edgeId, { kind: 'work', order: { ...order, fence } }))
      log.warn({ runId, stepId, attemptId, edgeId }, 'an edge left before it got its work');
    return true;
  }

  async #refuse(attempt: LiveAttempt, error: AtelierError): Promise<void> {
    const { runId, stepId, id: attemptId } = attempt;
    this.#needs.log.error({ runId, stepId, attemptId, error: error.message }, 'a work order could not be made');
    await this.#needs.writer.advance(runId, { kind: 'failed', attempt, final: false }, { error: error.toJSON() });
  }
}
