import { OneAtATime } from '@atelier/background';
import { AtelierError, limits } from '@atelier/protocol';
import { type Database, schema } from '@atelier/store';
import { sql } from 'drizzle-orm';
import type { Quota } from '../../core/index.ts';

export interface NewUpload {
  readonly id: string;
  readonly userId: string;
  readonly name: string | null;
  /** Null if its length comes later; it counts as the longest one then. */
  readonly sizeBytes: number | null;
}

/** Those that one person begins at the same moment are counted one after the other. */
const beginning = new OneAtATime();

/** Notes an upload that is begun, if there is room for it. @throws AtelierError `too-large` or `rate-limited` over a person's bounds */
export async function beginUpload({ db }: Database, quota: Quota, begun: NewUpload): Promise<void> {
  // Where its length comes later, there has to be room for one byte now, and it may bring as much as the longest.
  await quota.bring(begun.userId, begun.sizeBytes ?? 1, () => beginning.run(begun.userId, () => note(db, begun)), begun.sizeBytes ?? limits.uploadBytes);
}

async function note(db: Database['db'], begun: NewUpload): Promise<void> {
  const { rows } = await db.execute<{ open: number }>(
    sql`SELECT count(*)::int AS open FROM upload WHERE user_id = ${begun.userId} AND output_id IS NULL AND error IS NULL`,
  );
  checkOpen(rows[0]?.open ?? 0);
  await db.insert(schema.upload).values(begun);
}

function checkOpen(open: number): void {
  if (open < limits.openUploadsPerPerson) return;
  throw new AtelierError('rate-limited', `You have ${open} uploads that are not finished, as many as one person may.`, {
    hint: 'Finish them or call them off; those that nobody goes on with end after a day.',
  });
}
