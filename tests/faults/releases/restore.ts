import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { type Database, migrateTo, openDatabase, startEmbeddedServer } from '@atelier/store';
import { digestProgram } from '../../support/digest-fleet.ts';

/** What a release left behind, as record.ts wrote it. */
export interface Released {
  /** How many migrations its database had. */
  readonly migrations: number;
  /** In the middle of its second step of three when everything was killed. */
  readonly openRun: string;
  readonly endedRun: string;
  /** Rows by table, in the order in which the tables were made. */
  readonly tables: Readonly<Record<string, readonly unknown[]>>;
  readonly sequences: Readonly<Record<string, number>>;
  /** Base64 by SHA-256. */
  readonly artifacts: Readonly<Record<string, string>>;
}

/** Puts a release's database and bytes into an empty data folder, as that release left them. The embedded server keeps running. */
export async function restore(name: string, dataFolder: string): Promise<{ released: Released; database: Database }> {
  const text = readFileSync(path.join(import.meta.dirname, `${name}.json`), 'utf8')
    .replaceAll('{digest}', digestProgram)
    .replaceAll('{node}', process.execPath)
    .replaceAll('{data}', dataFolder);
  const released = JSON.parse(text) as Released;
  const { url } = await startEmbeddedServer(dataFolder);
  const database = await openDatabase({ dataFolder, databaseUrl: url });
  await migrateTo(database, released.migrations);
  await fill(database, released);
  for (const [hash, bytes] of Object.entries(released.artifacts)) {
    const folder = path.join(dataFolder, 'artifacts', hash.slice(0, 2), hash.slice(2, 4));
    mkdirSync(folder, { recursive: true });
    writeFileSync(path.join(folder, hash), Buffer.from(bytes, 'base64'));
  }
  return { released, database };
}

async function fill(database: Database, { tables, sequences }: Released): Promise<void> {
  const client = await database.pool.connect();
  try {
    await client.query('BEGIN');
    // The rows are whole together, whatever the order of the tables.
    await client.query('SET LOCAL session_replication_role = replica');
    for (const [table, rows] of Object.entries(tables))
      await client.query(`INSERT INTO "${table}" SELECT * FROM json_populate_recordset(NULL::"${table}", $1)`, [JSON.stringify(rows)]);
    for (const [sequence, value] of Object.entries(sequences)) await client.query(`SELECT setval($1, greatest($2::bigint, 1))`, [sequence, value]);
    await client.query('COMMIT');
  } finally {
    client.release(true);
  }
}
