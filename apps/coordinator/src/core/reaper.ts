import type { CoreContext } from './context.ts';
import { isHopeless, loseAttempt } from './edge-room.ts';
import type { CoreParts } from './start-core.ts';

/**
 * Looks for what nobody will report: ended leases (by the database's clock), attempts that wait for an edge which is
 * gone or that could not be given out, and runs that still wait for a plan. Not part of the fast path.
 */
export class Reaper {
  readonly #context: CoreContext;
  readonly #parts: CoreParts;
  readonly #timers: NodeJS.Timeout[];
  #working: Promise<void> = Promise.resolve();
  #busy = 0;

  constructor(context: CoreContext, parts: CoreParts) {
    this.#context = context;
    this.#parts = parts;
    const { reapMs, sweepMs } = context.times;
    this.#timers = [setInterval(() => this.#run('reap', () => this.#reap()), reapMs), setInterval(() => this.#run('sweep', () => this.#sweep()), sweepMs)];
    for (const timer of this.#timers) timer.unref();
  }

  async close(): Promise<void> {
    for (const timer of this.#timers) clearInterval(timer);
    await this.#working;
  }

  /** One at a time; a round that is due while another still works is left out. */
  #run(what: string, work: () => Promise<void>): void {
    if (this.#busy >= 2) return;
    this.#busy += 1;
    this.#working = this.#working
      .then(work)
      .catch((error: unknown) => this.#context.log.error({ what, error: String(error) }, 'a round of looking after runs failed; the next one tries again'))
      .finally(() => {
        this.#busy -= 1;
      });
  }

  async #reap(): Promise<void> {
    const { database, live, fleet } = this.#context;
    const { rows } = await database.pool.query({
      name: 'ended-leases',
      text: "SELECT id FROM attempts WHERE state = 'leased' AND lease_expires_at < now()",
    });
    for (const { id } of rows) {
      const attempt = live.get(id);
      if (attempt) await loseAttempt(this.#context, attempt, `${fleet.nameOf(attempt.edgeId)} stopped answering.`);
    }
    const edges = new Set(
      [...live.all()].filter((attempt) => attempt.state === 'queued' && isHopeless(this.#context, attempt)).map((attempt) => attempt.edgeId),
    );
    for (const edgeId of edges) await this.#parts.room.withdrawHopeless(edgeId);
  }

  async #sweep(): Promise<void> {
    this.#parts.dispatcher.wakeAll();
    await this.#parts.planning.requestAll();
    await this.#parts.replication.retry();
    await this.#parts.room.sweep();
    await this.#parts.doubleChecks.look();
  }
}
