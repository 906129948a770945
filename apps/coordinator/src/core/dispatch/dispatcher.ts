import { inBackground } from '@atelier/background';
import { AtelierError, type EdgeId, newId, type RunId, type WorkOrder } from '@atelier/protocol';
import type { PoolClient } from 'pg';
import type { EdgeLink, Logger } from '../contracts/index.ts';
import type { Fleet } from '../fleet/index.ts';
import { compareTurns, type InLine } from '../line/index.ts';
import type { Advanced, QueuedAttempt, RunWriter, Taking } from '../state/index.ts';
import { hopelessAt, isHopeless } from './hopeless.ts';
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
  /** An edge was given its work: what was said since the order was made follows. */
  readonly onSent: (edgeId: EdgeId, order: WorkOrder) => void;
}

/** An attempt that is being taken within the transaction that queues it. */
interface TakenAtOnce {
  readonly attemptId: string;
  readonly edgeId: EdgeId;
  readonly order: Omit<WorkOrder, 'fence'>;
}

/**
 * Gives queued attempts to the edges that are connected here, in their turns, as many at a time as an edge has slots. What may be taken is
 * decided in SQL, where each taking gets its fencing number; memory only says when it is worth asking. An edge with a free slot takes what is
 * queued for it in the same transaction; everything else waits until the edge is woken.
 */
export class Dispatcher implements Taking {
  readonly #needs: DispatcherNeeds;
  /** Attempts that are being taken, by edge. */
  readonly #taking = new Map<EdgeId, Set<string>>();
  readonly #atOnce = new Map<RunId, TakenAtOnce[]>();
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

  async take(tx: PoolClient, attempt: QueuedAttempt, endingId: string | undefined): Promise<string | undefined> {
    const id = attempt.id ?? newId<string>();
    if (!this.#isNext({ ...attempt, id }, endingId)) return undefined;
    this.#takingOf(attempt.edgeId).add(id);
    const taken = this.#atOnce.get(attempt.runId) ?? [];
    this.#atOnce.set(attempt.runId, taken);
    try {
      const order = await this.#needs.orders.prepare({ ...attempt, id }, { tx, step: attempt.step });
      taken.push({ attemptId: id, edgeId: attempt.edgeId, order });
      return id;
    } catch (thrown) {
      this.#takingOf(attempt.edgeId).delete(id);
      // What is out of reach or missing is found again when the attempt is taken by itself, and decided there.
      if (thrown instanceof AtelierError) return undefined;
      throw thrown;
    }
  }

  /** Tells edges what was taken for them by a commit. */
  handOver({ runId, attempts }: Advanced): void {
    for (const { attemptId, edgeId, order } of this.#atOnce.get(runId) ?? []) {
      const fence = attempts.find(({ id, state }) => id === attemptId && state === 'leased')?.fence;
      if (fence) this.#send(edgeId, { ...order, fence });
    }
  }

  clear(runId: RunId): void {
    const taken = this.#atOnce.get(runId) ?? [];
    this.#atOnce.delete(runId);
    for (const { attemptId, edgeId } of taken) this.#takingOf(edgeId).delete(attemptId);
    // What was not committed after all has kept a slot from others.
    for (const { edgeId } of taken) this.wake(edgeId);
  }

  #takingOf(edgeId: EdgeId): Set<string> {
    const taking = this.#taking.get(edgeId) ?? new Set();
    this.#taking.set(edgeId, taking);
    return taking;
  }

  /** Whether an attempt that is being queued may be taken at once: its edge has a free slot, and nothing else there comes before it. */
  #isNext(attempt: QueuedAttempt & { readonly id: string }, endingId: string | undefined): boolean {
    const { fleet, live } = this.#needs;
    if (this.#takingOf(attempt.edgeId).has(attempt.id) || isHopeless(fleet, attempt)) return false;
    if (!this.#hasFreeSlot(attempt.edgeId, endingId)) return false;
    const first = this.#first(attempt.edgeId, [attempt.id, endingId]);
    if (first === undefined) return true;
    const placeOf = (one: Pick<LiveAttempt, 'id' | 'priority' | 'runId'>) => ({ ...one, turn: live.turnOf(one.runId) });
    return compareTurns(placeOf(attempt), placeOf(first)) < 0;
  }

  /** @param endingId an attempt that leaves its slot */
  #hasFreeSlot(edgeId: EdgeId, endingId?: string): boolean {
    const { fleet, live } = this.#needs;
    const edge = fleet.find(edgeId);
    // An edge whose socket another coordinator has is given its work by that one.
    if (this.#isClosed || !edge?.connected || fleet.stateOf(edge) !== 'online') return false;
    const taking = this.#takingOf(edgeId);
    const running = live.ofEdge(edgeId).filter(({ id, state }) => state === 'leased' && !taking.has(id) && id !== endingId);
    return running.length + taking.size < (edge.info?.slots ?? 1);
  }

  /** Whose turn it is of those that wait for an edge and are not being taken. @param apart ids that do not count */
  #first(edgeId: EdgeId, apart: ReadonlyArray<string | undefined> = []): LiveAttempt | undefined {
    const { fleet, live } = this.#needs;
    const taking = this.#takingOf(edgeId);
    const isHopelessHere = hopelessAt(fleet, edgeId);
    let first: { readonly attempt: LiveAttempt; readonly place: InLine } | undefined;
    for (const attempt of live.ofEdge(edgeId)) {
      const { id, priority, runId } = attempt;
      if (attempt.state !== 'queued' || taking.has(id) || apart.includes(id)) continue;
      const place = { id, priority, turn: live.turnOf(runId) };
      if (first && compareTurns(first.place, place) < 0) continue;
      if (!isHopelessHere(attempt)) first = { attempt, place };
    }
    return first?.attempt;
  }

  /** The attempt whose turn it is, if the edge has a free slot. */
  #next(edgeId: EdgeId): LiveAttempt | undefined {
    return this.#hasFreeSlot(edgeId) ? this.#first(edgeId) : undefined;
  }

  #begin(attempt: LiveAttempt): void {
    const { edgeId, id, runId, stepId } = attempt;
    const taking = this.#takingOf(edgeId).add(id);
    const work = this.#takeAlone(attempt)
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

  /** Takes an attempt in a transaction of its own, and sends it. @returns false if SQL did not give it */
  async #takeAlone(attempt: LiveAttempt): Promise<boolean> {
    const { runId, edgeId, id: attemptId } = attempt;
    const { writer, orders } = this.#needs;
    const order = await orders.prepare(attempt).catch((thrown: unknown) => AtelierError.from(thrown));
    if (order instanceof AtelierError && order.code === 'unavailable') return (await writer.advance(runId, { kind: 'withdrawn', attempt })).accepted;
    const taken = await writer.advance(runId, { kind: 'taken', attempt });
    const fence = taken.attempts.find((changed) => changed.id === attemptId)?.fence;
    if (!taken.accepted || !fence) return false;
    if (order instanceof AtelierError) await this.#refuse(attempt, order);
    else this.#send(edgeId, { ...order, fence });
    return true;
  }

  #send(edgeId: EdgeId, order: WorkOrder): void {
    const { link, log, onTaken, onSent } = this.#needs;
    const { runId, stepId, attemptId } = order;
    onTaken(edgeId);
    if (link.send(edgeId, { kind: 'work', order })) onSent(edgeId, order);
    else log.warn({ runId, stepId, attemptId, edgeId }, 'an edge left before it got its work');
  }

  async #refuse(attempt: LiveAttempt, error: AtelierError): Promise<void> {
    const { runId, stepId, id: attemptId } = attempt;
    this.#needs.log.error({ runId, stepId, attemptId, error: error.message }, 'a work order could not be made');
    await this.#needs.writer.advance(runId, { kind: 'failed', attempt, final: false }, { error: error.toJSON() });
  }
}
