import { AtelierError, type Removal, type Removed, type RunId } from '@atelier/protocol';
import { inTransactionAgain } from '@atelier/store';
import type { PoolClient } from 'pg';
import type { RunWriter } from '../state/index.ts';
import type { ChangeNeeds } from './change.ts';
import { endOwnership, findPerson, type KnownPerson, lockOwners, revokeGiven } from './last-owner.ts';
import { deleteThings, handOver } from './things.ts';

export interface RemovalNeeds extends ChangeNeeds {
  readonly writer: Pick<RunWriter, 'advance'>;
}

/** @throws AtelierError as `People.remove` */
export async function removePerson(needs: RemovalNeeds, by: string, { id, things }: Removal, shutOut: () => Promise<void>): Promise<Removed> {
  if (id === by) {
    throw new AtelierError('conflict', 'You cannot remove yourself.', { hint: 'Another owner can. If there is none, make somebody an owner first.' });
  }
  if (things.kind === 'delete') return removeWithThings(needs, by, id, shutOut);
  const to = things.to ?? by;
  const removed = await inTransactionAgain(needs.database.pool, async (tx) => {
    const person = await leaving(tx, needs, id);
    const receiver = await receiverOf(tx, person, to);
    const handed = await handOver(tx, person, receiver);
    await tx.query('DELETE FROM "user" WHERE id = $1', [id]);
    return { name: person.name, ...handed, handedOverTo: receiver.name };
  });
  await shutOut();
  await needs.quota.countAgain(to);
  return removed;
}

/** Somebody who goes, and whose links and tokens are worth nothing any more. @throws AtelierError `not-found`, `conflict` */
async function leaving(tx: PoolClient, { succeed }: RemovalNeeds, id: string): Promise<KnownPerson> {
  await lockOwners(tx);
  const person = await findPerson(tx, id);
  if (person.role === 'owner') await endOwnership(tx, person, succeed);
  // Who made a join token tells whether its edge is the coordinator's own, so none may outlive its maker.
  await revokeGiven(tx, id);
  await tx.query("DELETE FROM single_use_token WHERE created_by = $1 AND purpose = 'join-edge'", [id]);
  return person;
}

async function receiverOf(tx: PoolClient, person: KnownPerson, to: string): Promise<KnownPerson> {
  if (to === person.id) throw new AtelierError('invalid-input', 'Their things cannot go to the person who is removed.', { hint: 'Name somebody else.' });
  const { rows } = await tx.query<KnownPerson>('SELECT id, name, role FROM "user" WHERE id = $1 FOR KEY SHARE', [to]);
  if (!rows[0]) throw new AtelierError('invalid-input', 'There is nobody to hand their things over to.', { hint: 'Name a person of this studio.' });
  if (rows[0].role !== 'guest') return rows[0];
  throw new AtelierError('invalid-input', `${rows[0].name} is a guest, who has no runs and items.`, { hint: 'Name a member or an owner.' });
}

/** First nobody can act in their name, then their runs are stopped, then everything goes. Each part may be done again after a crash in between. */
async function removeWithThings(needs: RemovalNeeds, by: string, id: string, shutOut: () => Promise<void>): Promise<Removed> {
  const { pool } = needs.database;
  await inTransactionAgain(pool, async (tx) => {
    await leaving(tx, needs, id);
    // A guest starts nothing; and without a password nobody signs in.
    await tx.query(`UPDATE "user" SET role = 'guest' WHERE id = $1`, [id]);
    for (const [table, column] of [
      ['session', 'user_id'],
      ['apikey', 'reference_id'],
      ['account', 'user_id'],
    ]) {
      await tx.query(`DELETE FROM ${table} WHERE ${column} = $1`, [id]);
    }
  });
  await shutOut();
  for (;;) {
    const { rows } = await pool.query<{ id: RunId }>("SELECT id FROM runs WHERE user_id = $1 AND state IN ('planning', 'running', 'paused')", [id]);
    for (const run of rows) await needs.writer.advance(run.id, { kind: 'cancel' });
    const removed = await inTransactionAgain(pool, (tx) => deletePerson(tx, { id, by }));
    if (!removed) continue;
    await needs.quota.countAgain(by);
    return removed;
  }
}

/** @returns nothing if a run was begun after all, which has to be stopped before */
async function deletePerson(tx: PoolClient, { id, by }: { id: string; by: string }): Promise<Removed | undefined> {
  const person = await findPerson(tx, id);
  const deleted = await deleteThings(tx, person, by);
  if (!deleted) return undefined;
  await tx.query('DELETE FROM "user" WHERE id = $1', [id]);
  return { name: person.name, ...deleted, handedOverTo: null };
}
