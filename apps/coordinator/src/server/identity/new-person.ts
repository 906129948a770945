import { AtelierError, newId, type Role } from '@atelier/protocol';
import { type Database, schema } from '@atelier/store';
import { and, eq } from 'drizzle-orm';
import type { Accounts } from './accounts.ts';
import type { Transaction } from './single-use.ts';

const { account, user } = schema;

export interface NewPerson {
  readonly id: string;
  readonly name: string;
  readonly email: string;
  readonly password: string;
  readonly role: Role;
}

/** Writes somebody who may sign in. @throws AtelierError `conflict` if somebody has the e-mail address already */
export async function addPerson(tx: Transaction, accounts: Accounts, { password, ...person }: NewPerson): Promise<void> {
  const email = person.email.toLowerCase();
  // Hashed only for whoever has a code that works: it takes a processor for a while.
  const hash = await (await accounts.$context).password.hash(password);
  const made = await tx
    .insert(user)
    .values({ ...person, email })
    .onConflictDoNothing({ target: user.email })
    .returning({ id: user.id });
  if (made.length === 0) {
    throw new AtelierError('conflict', `Somebody with the e-mail address ${email} is here already.`, {
      hint: 'Sign in if it is you, or use another address. The link is not used up.',
    });
  }
  await tx.insert(account).values({ id: newId(), accountId: person.id, providerId: 'credential', userId: person.id, password: hash });
}

/** Sets a person's password, also for one who has none. */
export async function setPassword(tx: Transaction, accounts: Accounts, userId: string, password: string): Promise<void> {
  const hash = await (await accounts.$context).password.hash(password);
  const changed = await tx
    .update(account)
    .set({ password: hash, updatedAt: new Date() })
    .where(and(eq(account.userId, userId), eq(account.providerId, 'credential')))
    .returning({ id: account.id });
  if (changed.length > 0) return;
  await tx.insert(account).values({ id: newId(), accountId: userId, providerId: 'credential', userId, password: hash });
}

/** @throws AtelierError `not-found` */
export async function personOfEmail({ db }: Database, email: string) {
  const [found] = await db.select({ id: user.id, name: user.name, role: user.role }).from(user).where(eq(user.email, email.toLowerCase()));
  if (found) return found;
  throw new AtelierError('not-found', 'This account was removed just now.', { hint: 'Ask an owner.' });
}

/** A person's own name, everywhere that it is shown. */
export async function renamePerson({ db }: Database, id: string, name: string): Promise<void> {
  await db.update(user).set({ name, updatedAt: new Date() }).where(eq(user.id, id));
}
