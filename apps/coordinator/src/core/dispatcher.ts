import type { Answering } from '@atelier/dispatch';
import { AtelierError, type EdgeId } from '@atelier/protocol';
import { advanceRun, type CoreContext } from './context.ts';
import type { DoubleChecks } from './double-checks/index.ts';
import type { KnownEdge } from './fleet.ts';
import { inTurn } from './line/index.ts';
import type { LiveAttempt } from './live-attempts.ts';
import { prepareOrder } from './work-order.ts';

/** Bells rung ahead for each free slot, so that the next step starts at once and order can still change. */
const rungPerFreeSlot = 2;

/** Rings bells for queued attempts, and answers them for the edges that are connected here. */
export class Dispatcher {
  readonly #context: CoreContext;
  readonly #doubleChecks: DoubleChecks;
  readonly #answering = new Map<EdgeId, Answering>();
  /** Attempts whose bell was rung, and when, by `performance.now()`. */
  readonly #rung = new Map<string, number>();

  /** How many bells are being answered for an edge. */
  readonly #answers = new Map<EdgeId, number>();
  /** Attempts that an answer is about to take. */
  readonly #claimed = new Set<string>();
  readonly #ringing = new Map<EdgeId, Promise<void>>();

  constructor(context: CoreContext, doubleChecks: DoubleChecks) {
    this.#context = context;
    this.#doubleChecks = doubleChecks;
  }

  /** Begins to take attempts for an edge. */
  async begin(edge: KnownEdge): Promise<void> {
    await this.stop(edge.id);
    const slots = edge.info?.slots ?? 1;
    this.#answering.set(edge.id, await this.#context.bells.answer(edge.id, slots, (_attemptId, signal) => this.#answer(edge.id, signal)));
    // A bell that the last answering heard while it was stopped was heard by nobody.
    for (const attempt of this.#queued(edge.id)) this.#rung.delete(attempt.id);
    this.wake(edge.id);
  }

  /** Takes no more for an edge. What it runs is not touched. */
  async stop(edgeId: EdgeId): Promise<void> {
    const answering = this.#answering.get(edgeId);
    this.#answering.delete(edgeId);
    await answering?.close();
  }

  async close(): Promise<void> {
    await Promise.all([...this.#answering.keys()].map((edgeId) => this.stop(edgeId)));
    await Promise.all(this.#ringing.values());
  }

  /** Rings for the next attempts of an edge, in their turns: at most two for each slot at which nobody is. */
  wake(edgeId: EdgeId): void {
    const edge = this.#context.fleet.find(edgeId);
    if (!edge || this.#context.fleet.stateOf(edge) !== 'online') return;
    const free = Math.max(0, (edge.info?.slots ?? 1) - (this.#answers.get(edgeId) ?? 0));
    if (free === 0) return;
    const queued = this.#queued(edgeId);
    const unrung = queued.filter((attempt) => !this.#rung.has(attempt.id));
    const room = rungPerFreeSlot * free - (queued.length - unrung.length);
    for (const attempt of unrung.slice(0, Math.max(0, room))) this.#ring(attempt);
  }

  /** Forgets bells that went unheard for too long, so that they are rung again. */
  sweep(): void {
    const now = performance.now();
    for (const [attemptId, rungAt] of this.#rung) {
      const waits = this.#context.live.get(attemptId)?.state === 'queued';
      if (!waits || now - rungAt > this.#context.times.unheardMs) this.#rung.delete(attemptId);
    }
    for (const edge of this.#context.fleet.all()) this.wake(edge.id);
  }

  /** Bells of an edge are rung one after the other, so that the first of them is heard first. */
  #ring(attempt: LiveAttempt): void {
    this.#rung.set(attempt.id, performance.now());
    const { id, edgeId, priority } = attempt;
    const ringing = (this.#ringing.get(edgeId) ?? Promise.resolve())
      .then(() => this.#context.bells.ring(edgeId, id, priority))
      .catch((error: unknown) => {
        this.#rung.delete(id);
        this.#context.log.warn({ attemptId: id, edgeId, error: String(error) }, 'a bell could not be rung; the next sweep tries again');
      });
    this.#ringing.set(edgeId, ringing);
  }

  /**
   * A bell has rung: something waits for this edge, and one of its slots is ours as long as this runs. Takes the attempt
   * whose turn it is, and so on until none waits: a step that follows on the same edge starts without another bell.
   */
  async #answer(edgeId: EdgeId, signal: AbortSignal): Promise<void> {
    this.#answers.set(edgeId, (this.#answers.get(edgeId) ?? 0) + 1);
    try {
      await this.#freeSlot(edgeId, signal);
      for (let next = this.#claim(edgeId, signal); next; next = this.#claim(edgeId, signal)) {
        // One that was taken back meanwhile leaves the slot to the next.
        if (!(await this.#take(next, signal)) && this.#context.live.get(next.id)?.state === 'queued') return;
      }
    } finally {
      this.#answers.set(edgeId, (this.#answers.get(edgeId) ?? 1) - 1);
    }
  }

  #queued(edgeId: EdgeId): LiveAttempt[] {
    const queued = this.#context.live.ofEdge(edgeId).filter((attempt) => attempt.state === 'queued' && !this.#claimed.has(attempt.id));
    return inTurn(queued.map((attempt) => ({ ...attempt, turn: this.#context.live.turnOf(attempt.runId) })));
  }

  #claim(edgeId: EdgeId, signal: AbortSignal): LiveAttempt | undefined {
    const edge = this.#context.fleet.find(edgeId);
    if (signal.aborted || !edge || this.#context.fleet.stateOf(edge) !== 'online') return undefined;
    const next = this.#queued(edgeId)[0];
    if (next) this.#claimed.add(next.id);
    return next;
  }

  /** Takes an attempt in SQL, sends it, and waits until it has ended. @returns false where SQL did not give it */
  async #take(attempt: LiveAttempt, signal: AbortSignal): Promise<boolean> {
    const { runId, stepId, edgeId, id: attemptId } = attempt;
    const { live, log, link } = this.#context;
    this.#rung.delete(attemptId);
    try {
      const order = await prepareOrder(this.#context, attempt).catch((thrown: unknown) => AtelierError.from(thrown));
      if (order instanceof AtelierError && order.code === 'unavailable')
        return (await advanceRun(this.#context, runId, { kind: 'withdrawn', attempt })).accepted;
      const taken = await advanceRun(this.#context, runId, { kind: 'taken', attempt });
      const fence = taken.attempts.find((changed) => changed.id === attemptId)?.fence;
      if (!taken.accepted || !fence) return false;
      this.#doubleChecks.giveWay(edgeId);
      if (order instanceof AtelierError) await this.#refuse(attempt, order);
      else if (!link.send(edgeId, { kind: 'work', order: { ...order, fence } }))
        log.warn({ runId, stepId, attemptId, edgeId }, 'an edge left before it got its work');
    } finally {
      this.#claimed.delete(attemptId);
    }
    await live.ended(attemptId, signal);
    return true;
  }

  async #refuse(attempt: LiveAttempt, error: AtelierError): Promise<void> {
    const { runId, stepId, id: attemptId } = attempt;
    this.#context.log.error({ runId, stepId, attemptId, error: error.message }, 'a work order could not be made');
    await advanceRun(this.#context, runId, { kind: 'failed', attempt, final: false }, { error: error.toJSON() });
  }

  /** After a restart an edge may still be busy with attempts that no bell holds. */
  async #freeSlot(edgeId: EdgeId, signal: AbortSignal): Promise<void> {
    const { fleet, live } = this.#context;
    for (;;) {
      const leased = live.ofEdge(edgeId).filter((attempt) => attempt.state === 'leased');
      if (signal.aborted || leased.length < (fleet.find(edgeId)?.info?.slots ?? 1)) return;
      await Promise.race(leased.map((attempt) => live.ended(attempt.id, signal)));
    }
  }
}
