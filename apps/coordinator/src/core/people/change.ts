import type { PersonChange, PersonDetail, Role } from '@atelier/protocol';
import { inTransactionAgain } from '@atelier/store';
import type { PoolClient } from 'pg';
import { endOwnership, findPerson, lockOwners, type Succession } from './last-owner.ts';
import { type ListNeeds, readPerson } from './list.ts';

export interface ChangeNeeds extends ListNeeds {
  readonly succeed: Succession;
}

/** @throws AtelierError `not-found`; `conflict` if nobody would be an owner any more */
export async function changePerson(needs: ChangeNeeds, { id, role, limits }: PersonChange): Promise<PersonDetail> {
  await inTransactionAgain(needs.database.pool, async (tx) => {
    if (role) await changeRole(tx, { id, role }, needs.succeed);
    else await findPerson(tx, id);
    if (limits?.openRuns !== undefined) await tx.query('UPDATE "user" SET most_open_runs = $2 WHERE id = $1', [id, limits.openRuns]);
    if (limits?.uploadedBytes !== undefined) await tx.query('UPDATE "user" SET most_uploaded_bytes = $2 WHERE id = $1', [id, limits.uploadedBytes]);
  });
  if (limits?.uploadedBytes !== undefined) await needs.quota.countAgain(id);
  return readPerson(needs, id);
}

async function changeRole(tx: PoolClient, { id, role }: { id: string; role: Role }, succeed: Succession): Promise<void> {
  await lockOwners(tx);
  const person = await findPerson(tx, id);
  if (person.role === 'owner' && role !== 'owner') await endOwnership(tx, person, succeed);
  await tx.query('UPDATE "user" SET role = $2, updated_at = now() WHERE id = $1', [id, role]);
}
