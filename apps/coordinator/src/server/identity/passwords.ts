import { AtelierError, limits, type PasswordReset, type ResetOffer } from '@atelier/protocol';
import { type Database, schema } from '@atelier/store';
import { and, eq, ne, sql } from 'drizzle-orm';
import type { Accounts } from './accounts.ts';
import type { Person } from './caller.ts';
import { setPassword } from './new-person.ts';
import { endSessions } from './sessions.ts';
import { isOpen, makeSingleUse, readSingleUse, useSingleUse } from './single-use.ts';

const { account, apikey, singleUseToken, user } = schema;

interface Needs {
  readonly accounts: Accounts;
  readonly database: Database;
}

/**
 * Changes one's own password; all sessions end but the one that asks, and so do links for a new password. API tokens go on.
 * @returns how many sessions ended
 * @throws AtelierError `forbidden` if the current password is wrong
 */
export async function changePassword({ accounts, database }: Needs, person: Person, change: { current: string; password: string }): Promise<number> {
  const own = and(eq(account.userId, person.id), eq(account.providerId, 'credential'));
  const [known] = await database.db.select({ hash: account.password }).from(account).where(own);
  const { password } = await accounts.$context;
  if (!known?.hash || !(await password.verify({ hash: known.hash, password: change.current }))) {
    throw new AtelierError('forbidden', 'The current password is not right.', { hint: 'If you forgot it, ask an owner for a link for a new one.' });
  }
  return database.db.transaction(async (tx) => {
    await setPassword(tx, accounts, person.id, change.password);
    await withdrawResets(tx, person.id);
    return endSessions(tx, person.id, person.session?.id);
  });
}

/** A code with which a person takes a new password, once. Earlier ones stop working. @throws AtelierError `not-found` */
export async function makeReset({ db }: Database, by: Person, { id, endTokens }: { id: string; endTokens: boolean }) {
  return db.transaction(async (tx) => {
    const [found] = await tx
      .select({ id: user.id })
      .from(user)
      .where(and(eq(user.id, id), eq(user.service, false)))
      .for('update');
    if (!found) throw new AtelierError('not-found', 'There is no such person.', { hint: 'They may have been removed already.' });
    await withdrawResets(tx, id);
    const detail = { forUser: id, endsTokens: endTokens };
    return makeSingleUse(tx, 'reset-password', { minutes: limits.passwordResetHours * 60, createdBy: by.id, detail });
  });
}

async function withdrawResets(tx: Pick<Database['db'], 'update'>, userId: string): Promise<void> {
  await tx
    .update(singleUseToken)
    .set({ revokedAt: sql`now()` })
    .where(and(eq(singleUseToken.purpose, 'reset-password'), eq(singleUseToken.forUser, userId), isOpen));
}

/** Whose password a code is for. @throws AtelierError `token-used`, `token-expired`, `unauthenticated` */
export async function resetOffer({ db }: Database, code: string): Promise<ResetOffer> {
  const { forUser, endsTokens, expiresAt } = await readSingleUse(db, 'reset-password', code);
  const [person] = await db
    .select({ name: user.name, email: user.email })
    .from(user)
    .where(eq(user.id, forUser ?? ''));
  if (!person) throw new AtelierError('not-found', 'The person whose password this is for is not here any more.');
  return { ...person, endsTokens, expiresAt: expiresAt.toISOString() };
}

/**
 * Sets a new password by a code. All sessions of its person end, and their API tokens if the owner wanted it so.
 * @param house the hash of the token of this machine's command line, which is no token of a person's
 * @throws AtelierError `token-used`, `token-expired`, `unauthenticated`
 */
export async function resetPassword({ accounts, database }: Needs, reset: PasswordReset, house: string | undefined): Promise<{ id: string; email: string }> {
  return database.db.transaction(async (tx) => {
    const { forUser, endsTokens } = await useSingleUse(tx, 'reset-password', reset.code, '');
    const [person] = await tx
      .select({ id: user.id, email: user.email })
      .from(user)
      .where(eq(user.id, forUser ?? ''));
    if (!person) throw new AtelierError('not-found', 'The person whose password this is for is not here any more.');
    await setPassword(tx, accounts, person.id, reset.password);
    await endSessions(tx, person.id);
    if (endsTokens) await tx.delete(apikey).where(and(eq(apikey.referenceId, person.id), house === undefined ? undefined : ne(apikey.key, house)));
    return person;
  });
}
