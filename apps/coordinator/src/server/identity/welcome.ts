import { AtelierError, newId, type Welcome } from '@atelier/protocol';
import { type Database, schema } from '@atelier/store';
import { and, eq, sql } from 'drizzle-orm';
import type { Accounts } from './accounts.ts';
import { takeOver } from './local-owner.ts';
import { addPerson } from './new-person.ts';
import { makeSingleUse, useSingleUse, withdrawSingleUse } from './single-use.ts';

const { user } = schema;

const welcomeMinutes = 24 * 60;

/** A one-time link for the first owner; undefined if there is an owner already. Earlier links stop working. */
export async function welcomeLink(database: Database, url: string): Promise<string | undefined> {
  if (await hasOwner(database.db)) return undefined;
  await withdrawSingleUse(database.db, 'welcome');
  const { token } = await makeSingleUse(database.db, 'welcome', { minutes: welcomeMinutes });
  return `${url}/welcome?code=${token}`;
}

/**
 * Makes the first owner of whoever has the code; what the command line made before is theirs from then on.
 * @throws AtelierError `token-used`, `token-expired`, `unauthenticated`; `conflict` if there is an owner or the address is taken
 */
export async function welcomeOwner(accounts: Accounts, database: Database, welcome: Welcome): Promise<void> {
  const id = newId<string>();
  await database.db.transaction(async (tx) => {
    // Two codes, or one code twice, at the same moment: the second waits here and sees the first's owner.
    await tx.execute(sql`select pg_advisory_xact_lock(hashtext('atelier-first-owner'))`);
    await useSingleUse(tx, 'welcome', welcome.code, id);
    if (await hasOwner(tx)) throw new AtelierError('conflict', 'There is an owner already.', { hint: 'Sign in, or ask the owner.' });
    const { name, email, password } = welcome;
    await addPerson(tx, accounts, { id, name, email, password, role: 'owner' });
    await takeOver(tx, id);
  });
}

async function hasOwner(db: Pick<Database['db'], 'select'>): Promise<boolean> {
  const owners = await db
    .select({ id: user.id })
    .from(user)
    .where(and(eq(user.role, 'owner'), eq(user.service, false)))
    .limit(1);
  return owners.length > 0;
}
