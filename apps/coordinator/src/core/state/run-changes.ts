import type { RunId } from '@atelier/protocol';
import { inTransactionAgain } from '@atelier/store';
import type { Pool, PoolClient } from 'pg';
import type { Advanced } from './advance.ts';
import type { Taking } from './taking.ts';

/** What a transaction made of a run, and something for its caller. */
export interface Changed<T> {
  readonly advanced: Advanced;
  readonly value: T;
}

/**
 * Transactions on runs: one at a time for each run in this process, so that waiting for a row lock takes no connection,
 * and so that `afterCommit` hears of the changes of a run in the order in which they were committed.
 */
export class RunChanges {
  readonly #pool: Pool;
  readonly #taking: Pick<Taking, 'clear'>;
  readonly #afterCommit: (advanced: Advanced) => void;
  readonly #last = new Map<RunId, Promise<unknown>>();

  constructor(pool: Pool, taking: Pick<Taking, 'clear'>, afterCommit: (advanced: Advanced) => void) {
    this.#pool = pool;
    this.#taking = taking;
    this.#afterCommit = afterCommit;
  }

  /**
   * @param begin `BEGIN`, or with more for what need not outlive a power cut
   * @param work runs again from the start if the database asks for it
   */
  async change<T>(runId: RunId, work: (tx: PoolClient) => Promise<Changed<T>>, begin = 'BEGIN'): Promise<Changed<T>> {
    const before = this.#last.get(runId);
    const mine = (async () => {
      await before?.catch(() => undefined);
      try {
        const changed = await inTransactionAgain(this.#pool, work, begin);
        if (changed.advanced.accepted) this.#afterCommit(changed.advanced);
        return changed;
      } finally {
        this.#taking.clear(runId);
      }
    })();
    this.#last.set(runId, mine);
    try {
      return await mine;
    } finally {
      if (this.#last.get(runId) === mine) this.#last.delete(runId);
    }
  }
}
