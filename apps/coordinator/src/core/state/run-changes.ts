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
  readonly #tell: (tx: PoolClient, advanced: Advanced) => Promise<void>;
  readonly #afterCommit: (advanced: Advanced) => void;
  readonly #last = new Map<RunId, Promise<unknown>>();

  /** @param tell tells other coordinators, in the transaction itself */
  constructor(
    pool: Pool,
    taking: Pick<Taking, 'clear'>,
    tell: (tx: PoolClient, advanced: Advanced) => Promise<void>,
    afterCommit: (advanced: Advanced) => void,
  ) {
    this.#pool = pool;
    this.#taking = taking;
    this.#tell = tell;
    this.#afterCommit = afterCommit;
  }

  /**
   * @param begin `BEGIN`, or with more for what need not outlive a power cut
   * @param work runs again from the start if the database asks for it
   */
  change<T>(runId: RunId, work: (tx: PoolClient) => Promise<Changed<T>>, begin = 'BEGIN'): Promise<Changed<T>> {
    return this.inOrder(runId, async () => {
      try {
        const changed = await inTransactionAgain(this.#pool, (tx) => this.#work(tx, work), begin);
        if (changed.advanced.accepted) this.#afterCommit(changed.advanced);
        return changed;
      } finally {
        this.#taking.clear(runId);
      }
    });
  }

  /** Does something about a run while nothing here changes it. */
  async inOrder<T>(runId: RunId, work: () => Promise<T>): Promise<T> {
    const before = this.#last.get(runId);
    const mine = (async () => {
      await before?.catch(() => undefined);
      return work();
    })();
    this.#last.set(runId, mine);
    try {
      return await mine;
    } finally {
      if (this.#last.get(runId) === mine) this.#last.delete(runId);
    }
  }

  async #work<T>(tx: PoolClient, work: (tx: PoolClient) => Promise<Changed<T>>): Promise<Changed<T>> {
    const changed = await work(tx);
    if (changed.advanced.accepted) await this.#tell(tx, changed.advanced);
    return changed;
  }
}
