import { randomBytes } from 'node:crypto';
import { chmod, cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { drizzle } from 'drizzle-orm/node-postgres';
import { migrate as applyMigrations } from 'drizzle-orm/node-postgres/migrator';
import pg from 'pg';
import { type EmbeddedServer, startEmbeddedServer } from './embedded/server.ts';
import { migrate, migrationsFolder } from './migrate.ts';
import { type Database, openDatabase } from './open.ts';

interface TestServer extends EmbeddedServer {
  readonly folder: string;
  users: number;
}

let running: Promise<TestServer> | undefined;

/**
 * An empty, migrated database of its own on an embedded server that all tests of this process share.
 * Close it in `afterAll`: the last one to close ends the server and removes its folder.
 */
export async function testDatabase(): Promise<Database> {
  const database = await emptyDatabase();
  await migrate(database);
  return database;
}

/** {@link testDatabase} without any table, for what a release of another day would put there. */
export async function emptyDatabase(): Promise<Database> {
  running ??= startServer();
  const server = await running;
  server.users += 1;
  const name = `test_${randomBytes(6).toString('hex')}`;
  await execute(server.url, `CREATE DATABASE ${name}`);
  const database = await openDatabase({ dataFolder: server.folder, databaseUrl: server.url.replace(/\/[^/]*$/, `/${name}`) });
  return {
    ...database,
    async close() {
      await database.close();
      server.users -= 1;
      if (server.users > 0) return;
      running = undefined;
      await server.stop();
      await rm(server.folder, { recursive: true, force: true });
    },
  };
}

/** Brings an empty database to the schema of an older release: to its first so many migrations. */
export async function migrateTo(database: Database, count: number): Promise<void> {
  const folder = await mkdtemp(path.join(tmpdir(), 'atelier-migrations-'));
  await cp(migrationsFolder, folder, { recursive: true });
  const journalFile = path.join(folder, 'meta/_journal.json');
  const journal = JSON.parse(await readFile(journalFile, 'utf8'));
  await writeFile(journalFile, JSON.stringify({ ...journal, entries: journal.entries.slice(0, count) }));
  await applyMigrations(drizzle(database.pool), { migrationsFolder: folder });
  await rm(folder, { recursive: true });
}

async function startServer(): Promise<TestServer> {
  const folder = await mkdtemp(path.join(tmpdir(), 'atelier-test-'));
  // The account that runs the server for root has to be able to enter it; otherwise the data would lie elsewhere and stay.
  await chmod(folder, 0o711);
  const server = await startEmbeddedServer(folder);
  return { ...server, folder, users: 0 };
}

async function execute(url: string, statement: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(statement);
  } finally {
    await client.end();
  }
}
