import { AtelierError } from '@atelier/protocol';
import { drizzle, type NodePgDatabase } from 'drizzle-orm/node-postgres';
import pg from 'pg';
import { type EmbeddedServer, startEmbeddedServer } from './embedded/server.ts';
import { RevivingPool } from './reviving-pool.ts';
import * as schema from './schema/index.ts';

/** An open database, embedded or not: everything above sees the same PostgreSQL. */
export interface Database {
  readonly url: string;
  readonly pool: pg.Pool;
  readonly db: NodePgDatabase<typeof schema>;
  /** Where the embedded server's files lie; undefined for a server of somebody else. */
  readonly folder: string | undefined;
  /** Closes the connections, and ends the server if it is the embedded one. */
  close(): Promise<void>;
}

const mostConnections = 16;

/**
 * Opens the PostgreSQL of `databaseUrl`, or the embedded one of the data folder. Does not migrate.
 * @throws AtelierError `unavailable` if the server cannot be reached or started
 */
export async function openDatabase(options: { dataFolder: string; databaseUrl?: string | undefined }): Promise<Database> {
  const embedded = options.databaseUrl ? undefined : await startEmbeddedServer(options.dataFolder);
  const url = options.databaseUrl ?? (embedded as EmbeddedServer).url;
  const connection = { connectionString: url, max: mostConnections, connectionTimeoutMillis: 10_000 };
  const pool = embedded ? new RevivingPool(connection, () => embedded.revive()) : new pg.Pool(connection);
  // A server that restarts ends idle connections; the pool opens new ones by itself, but an unheard error would end us.
  pool.on('error', () => undefined);
  try {
    await pool.query('SELECT 1');
  } catch (error) {
    await pool.end();
    throw new AtelierError('unavailable', `The database does not answer: ${(error as Error).message}`, {
      hint: options.databaseUrl ? 'Look at DATABASE_URL: host, port, name and password.' : 'Start again; if it stays so, look at the log in the data folder.',
      cause: error,
    });
  }
  return {
    url,
    pool,
    db: drizzle(pool, { schema }),
    folder: embedded?.folder,
    async close() {
      await pool.end();
      await embedded?.stop();
    },
  };
}
