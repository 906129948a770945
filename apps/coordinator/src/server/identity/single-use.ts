import { createHash, randomBytes } from 'node:crypto';
import { AtelierError, newId } from '@atelier/protocol';
import { type Database, schema } from '@atelier/store';
import { and, eq, gt, isNull, lt, sql } from 'drizzle-orm';

const { singleUseToken } = schema;

export type Purpose = 'welcome' | 'join-edge';

type Transaction = Pick<Database['db'], 'update' | 'select' | 'insert' | 'delete'>;

function hashToken(token: string): string {
  return createHash('sha256').update(token).digest('hex');
}

/** Makes a token that works once; only its hash is kept. */
export async function makeSingleUse(
  db: Transaction,
  purpose: Purpose,
  options: { minutes: number; createdBy?: string | undefined },
): Promise<{ token: string; expiresAt: Date }> {
  const token = randomBytes(24).toString('base64url');
  const expiresAt = new Date(Date.now() + options.minutes * 60_000);
  await db.delete(singleUseToken).where(lt(singleUseToken.expiresAt, new Date(Date.now() - 30 * 86_400_000)));
  await db.insert(singleUseToken).values({ id: newId(), purpose, tokenHash: hashToken(token), createdBy: options.createdBy ?? null, expiresAt });
  return { token, expiresAt };
}

/**
 * Marks a token as used. Two that try at once: one wins. Undone with its transaction, if what it was for fails.
 * @returns whether the coordinator had made it for itself
 * @throws AtelierError `token-used`, `token-expired`, or `unauthenticated` for one that was never made
 */
export async function useSingleUse(db: Transaction, purpose: Purpose, token: string, usedFor: string): Promise<{ byCoordinator: boolean }> {
  const ours = and(eq(singleUseToken.tokenHash, hashToken(token)), eq(singleUseToken.purpose, purpose));
  const [used] = await db
    .update(singleUseToken)
    .set({ usedAt: sql`now()`, usedFor })
    .where(and(ours, isNull(singleUseToken.usedAt), gt(singleUseToken.expiresAt, sql`now()`)))
    .returning({ createdBy: singleUseToken.createdBy });
  if (used) return { byCoordinator: used.createdBy === null };
  const [found] = await db.select({ usedAt: singleUseToken.usedAt }).from(singleUseToken).where(ours);
  const again = purpose === 'welcome' ? 'Start Atelier again for a new link.' : 'Ask an owner for a new one.';
  if (!found) throw new AtelierError('unauthenticated', 'This code is not known here.', { hint: again });
  if (found.usedAt) throw new AtelierError('token-used', 'This code was used already; each works once.', { hint: again });
  throw new AtelierError('token-expired', 'This code is past its time.', { hint: again });
}

/** How a token stands, and what it was used for. One that is not known counts as expired: old ones are forgotten. */
export async function singleUseState(
  db: Transaction,
  purpose: Purpose,
  token: string,
): Promise<{ state: 'open' | 'used' | 'expired'; usedFor: string | null }> {
  const ours = and(eq(singleUseToken.tokenHash, hashToken(token)), eq(singleUseToken.purpose, purpose));
  const { usedAt, usedFor, expiresAt } = singleUseToken;
  const [found] = await db.select({ usedAt, usedFor, expiresAt }).from(singleUseToken).where(ours);
  if (found?.usedAt) return { state: 'used', usedFor: found.usedFor };
  return { state: found && found.expiresAt.getTime() > Date.now() ? 'open' : 'expired', usedFor: null };
}

/** Takes back every open token of a purpose. */
export async function withdrawSingleUse(db: Transaction, purpose: Purpose): Promise<void> {
  await db.delete(singleUseToken).where(and(eq(singleUseToken.purpose, purpose), isNull(singleUseToken.usedAt)));
}
