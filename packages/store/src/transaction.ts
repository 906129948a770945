import type { Pool, PoolClient } from 'pg';

/**
 * Commits what `work` wrote, or nothing of it. A connection whose rollback fails is closed.
 * @param begin `BEGIN`, or with more for what need not outlive a power cut
 */
export async function inTransaction<T>(pool: Pool, work: (tx: PoolClient) => Promise<T>, begin = 'BEGIN'): Promise<T> {
  const tx = await pool.connect();
  let broken: Error | undefined;
  try {
    await tx.query(begin);
    const value = await work(tx);
    await tx.query('COMMIT');
    return value;
  } catch (error) {
    await tx.query('ROLLBACK').catch((failure: Error) => {
      broken = failure;
    });
    throw error;
  } finally {
    tx.release(broken);
  }
}

/** PostgreSQL's own words for a transaction that lost a race and may simply be tried again (appendix A). */
const racedCodes = new Set(['40001', '40P01']);
const mostTries = 5;

/** {@link inTransaction}, begun again from the start if the database asks for it: `work` may run several times. */
export async function inTransactionAgain<T>(pool: Pool, work: (tx: PoolClient) => Promise<T>, begin = 'BEGIN'): Promise<T> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await inTransaction(pool, work, begin);
    } catch (error) {
      if (tries >= mostTries || !racedCodes.has((error as { code?: string }).code ?? '')) throw error;
    }
  }
}
