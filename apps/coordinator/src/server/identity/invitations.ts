import { AtelierError, type InvitationOffer, type InvitationView, type Joining, limits, type NewInvitation, newId } from '@atelier/protocol';
import { type Database, schema } from '@atelier/store';
import { and, desc, eq, sql } from 'drizzle-orm';
import type { z } from 'zod';
import type { Accounts } from './accounts.ts';
import { takeOver } from './local-owner.ts';
import { addPerson } from './new-person.ts';
import { isOpen, makeSingleUse, readSingleUse, useSingleUse, withdrawSingleUse } from './single-use.ts';

const { singleUseToken, user } = schema;

/** Invitations that may still be accepted, the newest first. */
export async function listInvitations({ db }: Database): Promise<InvitationView[]> {
  const rows = await db
    .select({ invitation: singleUseToken, madeBy: user.name })
    .from(singleUseToken)
    .leftJoin(user, eq(user.id, singleUseToken.createdBy))
    .where(and(eq(singleUseToken.purpose, 'invitation'), isOpen))
    .orderBy(desc(singleUseToken.createdAt), desc(singleUseToken.id))
    .limit(limits.openInvitations);
  return rows.map(({ invitation: { id, role, note, createdAt, expiresAt }, madeBy }) => ({
    ...{ id, note, madeBy, role: role ?? 'guest' },
    createdAt: createdAt.toISOString(),
    expiresAt: expiresAt.toISOString(),
  }));
}

/** @throws AtelierError `conflict` if too many wait to be accepted */
export async function invite({ db }: Database, by: { id: string; name: string }, wanted: z.infer<typeof NewInvitation>) {
  return db.transaction(async (tx) => {
    await tx.execute(sql`SELECT pg_advisory_xact_lock(hashtext('atelier-invitations'))`);
    const open = await tx.$count(singleUseToken, and(eq(singleUseToken.purpose, 'invitation'), isOpen));
    if (open >= limits.openInvitations) {
      throw new AtelierError('conflict', `${open} invitations wait to be accepted, which is the most.`, { hint: 'Revoke some of them.' });
    }
    const { role, hours } = wanted;
    const note = wanted.note || null;
    const { id, token, expiresAt } = await makeSingleUse(tx, 'invitation', { minutes: hours * 60, createdBy: by.id, detail: { role, note } });
    const view: InvitationView = { id, role, note, madeBy: by.name, createdAt: new Date().toISOString(), expiresAt: expiresAt.toISOString() };
    return { token, view };
  });
}

/** @throws AtelierError `not-found` for one that was used, revoked or is past its time */
export async function revokeInvitation({ db }: Database, id: string): Promise<void> {
  const revoked = await db
    .update(singleUseToken)
    .set({ revokedAt: sql`now()` })
    .where(and(eq(singleUseToken.id, id), eq(singleUseToken.purpose, 'invitation'), isOpen))
    .returning({ id: singleUseToken.id });
  if (revoked.length > 0) return;
  throw new AtelierError('not-found', 'This invitation cannot be accepted any more.', { hint: 'It was used or revoked, or is past its time.' });
}

/** What an invitation offers. @throws AtelierError `token-used`, `token-expired`, `unauthenticated` */
export async function invitationOffer({ db }: Database, code: string): Promise<InvitationOffer> {
  const { role, note, createdBy, expiresAt } = await readSingleUse(db, 'invitation', code);
  const [by] = createdBy === null ? [] : await db.select({ name: user.name }).from(user).where(eq(user.id, createdBy));
  return { role: role ?? 'guest', note, invitedBy: by?.name ?? null, expiresAt: expiresAt.toISOString() };
}

/**
 * Makes a person of whoever has the code. Nothing is used up if it fails.
 * @throws AtelierError `token-used`, `token-expired`, `unauthenticated`; `conflict` if the address is taken or the studio has as many people as it may
 */
export async function acceptInvitation({ accounts, database }: { accounts: Accounts; database: Database }, joining: Joining): Promise<void> {
  const id = newId<string>();
  await database.db.transaction(async (tx) => {
    const invitation = await useSingleUse(tx, 'invitation', joining.code, id);
    const role = invitation.role ?? 'guest';
    // One after the other, so that a demotion of its maker is seen, and the bound holds.
    await tx.execute(sql`SELECT pg_advisory_xact_lock(hashtext('atelier-owners'))`);
    const people = await tx.$count(user, eq(user.service, false));
    if (people >= limits.people)
      throw new AtelierError('conflict', `This studio has ${people} people, which is the most.`, { hint: 'Ask an owner to remove some.' });
    await addPerson(tx, accounts, { id, role, name: joining.name, email: joining.email, password: joining.password });
    const owners = await tx.$count(user, and(eq(user.role, 'owner'), eq(user.service, false)));
    if (role === 'owner' && owners === 1) {
      // The very first owner, invited by the command line of this machine: as with the welcome link.
      await withdrawSingleUse(tx, 'welcome');
      await takeOver(tx, id);
    }
  });
}
