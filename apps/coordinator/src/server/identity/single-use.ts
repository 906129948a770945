import { createHash, randomBytes } from 'node:crypto';
import { AtelierError, newId } from '@atelier/protocol';
import { type Database, schema } from '@atelier/store';
import { and, eq, gt, isNull, lt, sql } from 'drizzle-orm';

const { singleUseToken } = schema;

export type Purpose = (typeof singleUseToken.$inferSelect)['purpose'];
type Row = typeof singleUseToken.$inferSelect;

export type Transaction = Pick<Database['db'], 'update' | 'select' | 'insert' | 'delete'>;

function hashToken(token: string): string {
  return createHash('sha256').update(token).digest('hex');
}

/** What is kept of a token besides what makes it one. */
type Detail = Partial<Pick<Row, 'role' | 'note' | 'forUser' | 'endsTokens'>>;

/** Makes a token that works once; only its hash is kept. */
export async function makeSingleUse(
  db: Transaction,
  purpose: Purpose,
  options: { minutes: number; createdBy?: string | undefined; detail?: Detail },
): Promise<{ id: string; token: string; expiresAt: Date }> {
  const token = randomBytes(24).toString('base64url');
  const id = newId<string>();
  const expiresAt = new Date(Date.now() + options.minutes * 60_000);
  await db.delete(singleUseToken).where(lt(singleUseToken.expiresAt, new Date(Date.now() - 30 * 86_400_000)));
  await db.insert(singleUseToken).values({ id, purpose, tokenHash: hashToken(token), createdBy: options.createdBy ?? null, expiresAt, ...options.detail });
  return { id, token, expiresAt };
}

/** Tokens that were neither used nor taken back, and are not past their time. */
export const isOpen = and(isNull(singleUseToken.usedAt), isNull(singleUseToken.revokedAt), gt(singleUseToken.expiresAt, sql`now()`));
const ours = (purpose: Purpose, token: string) => and(eq(singleUseToken.tokenHash, hashToken(token)), eq(singleUseToken.purpose, purpose));

/**
 * Marks a token as used. Two that try at once: one wins. Undone with its transaction, if what it was for fails.
 * @returns what was kept of it; `createdBy` is null if the coordinator had made it for itself
 * @throws AtelierError `token-used`, `token-expired`, or `unauthenticated` for one that was never made
 */
export async function useSingleUse(db: Transaction, purpose: Purpose, token: string, usedFor: string): Promise<Row> {
  const [used] = await db
    .update(singleUseToken)
    .set({ usedAt: sql`now()`, usedFor })
    .where(and(ours(purpose, token), isOpen))
    .returning();
  if (used) return used;
  throw await whyNot(db, purpose, token);
}

/** A token that could be used now. @throws AtelierError as {@link useSingleUse} */
export async function readSingleUse(db: Transaction, purpose: Purpose, token: string): Promise<Row> {
  const [found] = await db
    .select()
    .from(singleUseToken)
    .where(and(ours(purpose, token), isOpen));
  if (found) return found;
  throw await whyNot(db, purpose, token);
}

const words: Readonly<Record<Purpose, { readonly it: string; readonly again: string }>> = {
  welcome: { it: 'This code', again: 'Start Atelier again for a new link.' },
  'join-edge': { it: 'This code', again: 'Ask an owner for a new one.' },
  invitation: { it: 'This invitation', again: 'Ask whoever invited you for a new link.' },
  'reset-password': { it: 'This link for a new password', again: 'Ask an owner for a new link.' },
};

async function whyNot(db: Transaction, purpose: Purpose, token: string): Promise<AtelierError> {
  const { it, again: hint } = words[purpose];
  const [found] = await db.select({ usedAt: singleUseToken.usedAt, revokedAt: singleUseToken.revokedAt }).from(singleUseToken).where(ours(purpose, token));
  if (!found) return new AtelierError('unauthenticated', `${it} is not known here.`, { hint });
  if (found.usedAt) return new AtelierError('token-used', `${it} was used already; each works once.`, { hint });
  if (found.revokedAt) return new AtelierError('token-expired', `${it} was revoked.`, { hint });
  return new AtelierError('token-expired', `${it} is past its time.`, { hint });
}

/** How a token stands, and what it was used for. One that is not known counts as expired: old ones are forgotten. */
export async function singleUseState(
  db: Transaction,
  purpose: Purpose,
  token: string,
): Promise<{ state: 'open' | 'used' | 'expired'; usedFor: string | null }> {
  const { usedAt, usedFor, expiresAt, revokedAt } = singleUseToken;
  const [found] = await db.select({ usedAt, usedFor, expiresAt, revokedAt }).from(singleUseToken).where(ours(purpose, token));
  if (found?.usedAt) return { state: 'used', usedFor: found.usedFor };
  return { state: found && !found.revokedAt && found.expiresAt.getTime() > Date.now() ? 'open' : 'expired', usedFor: null };
}

/** Takes back every open token of a purpose. */
export async function withdrawSingleUse(db: Transaction, purpose: Purpose): Promise<void> {
  await db.delete(singleUseToken).where(and(eq(singleUseToken.purpose, purpose), isNull(singleUseToken.usedAt)));
}
