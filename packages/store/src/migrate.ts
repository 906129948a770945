import { fileURLToPath } from 'node:url';
import { drizzle } from 'drizzle-orm/node-postgres';
import { migrate as applyMigrations } from 'drizzle-orm/node-postgres/migrator';
import type { Database } from './open.ts';

/** Any number of ours: coordinators that start together wait for each other here. */
const migrationLock = 7_214_001;
export const migrationsFolder = fileURLToPath(new URL('../migrations', import.meta.url));

/** Brings the schema up to this release. Coordinators that start at the same time take turns. */
export async function migrate(database: Database): Promise<void> {
  const client = await database.pool.connect();
  try {
    await client.query('SELECT pg_advisory_lock($1)', [migrationLock]);
    await applyMigrations(drizzle(client), { migrationsFolder });
  } finally {
    // Ends the session, and with it the lock, also where the migration threw.
    client.release(true);
  }
}
