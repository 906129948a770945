import { AtelierError, type Role } from '@atelier/protocol';
import type { PoolClient } from 'pg';

/** Gives to another owner what works in an owner's name by itself, such as the token of this machine's command line. In the transaction that ends their being one. */
export type Succession = (tx: PoolClient, from: string, to: string) => Promise<void>;

export interface KnownPerson {
  readonly id: string;
  readonly name: string;
  readonly role: Role;
}

/** Owners are made and ended one after the other, so that two of them who remove each other at the same moment leave one. */
export async function lockOwners(tx: PoolClient): Promise<void> {
  await tx.query("SELECT pg_advisory_xact_lock(hashtext('atelier-owners'))");
}

/** A person, not the account of this machine's command line. @throws AtelierError `not-found` */
export async function findPerson(tx: PoolClient, id: string): Promise<KnownPerson> {
  const { rows } = await tx.query<KnownPerson>('SELECT id, name, role FROM "user" WHERE id = $1 AND NOT service', [id]);
  if (rows[0]) return rows[0];
  throw new AtelierError('not-found', 'There is no such person.', { hint: 'They may have been removed already. List all with: atelier people.' });
}

/**
 * Ends somebody's being an owner, as far as it goes beyond the role itself: what acts in their name goes to the owner who has been one for longest, and
 * links and tokens that they gave out are worth nothing any more. Call with {@link lockOwners}.
 * @throws AtelierError `conflict` if there is no other owner
 */
export async function endOwnership(tx: PoolClient, person: KnownPerson, succeed: Succession): Promise<void> {
  const { rows } = await tx.query<{ id: string }>(`SELECT id FROM "user" WHERE role = 'owner' AND NOT service AND id <> $1 ORDER BY created_at, id LIMIT 1`, [
    person.id,
  ]);
  if (!rows[0]) {
    throw new AtelierError('conflict', `${person.name} is the only owner of this studio.`, { hint: 'Make somebody else an owner first; then try again.' });
  }
  await succeed(tx, person.id, rows[0].id);
  await revokeGiven(tx, person.id);
}

/** What nobody has used yet of the invitations, links and join tokens that somebody gave out. */
export async function revokeGiven(tx: PoolClient, id: string): Promise<void> {
  await tx.query('UPDATE single_use_token SET revoked_at = now() WHERE created_by = $1 AND used_at IS NULL AND revoked_at IS NULL', [id]);
}
