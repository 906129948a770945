import { type Database, schema } from '@atelier/store';
import { eq } from 'drizzle-orm';
import type { Logger } from '../../core/index.ts';

/** Gives the secret that all coordinators use instead of one's own. */
export type Agree = (name: string, own: string) => Promise<string>;

/**
 * Secrets of a database that several coordinators may use: the first one's counts, and stands in the database. Without it a sign-in at one
 * would not be believed at the other, nor a ticket. A coordinator with the embedded database keeps its own in its data folder alone.
 */
export function agreeBy(database: Database, log: Logger): Agree {
  const { sharedSecrets } = schema;
  return async (name, own) => {
    await database.db.insert(sharedSecrets).values({ name, value: own }).onConflictDoNothing();
    const [row] = await database.db.select().from(sharedSecrets).where(eq(sharedSecrets.name, name));
    const value = row?.value ?? own;
    if (value !== own) log.info({ secret: name }, 'the secret of this database is used instead of the one in the data folder');
    return value;
  };
}

/** Everything stays in the data folder. */
export const agreeAlone: Agree = async (_name, own) => own;
