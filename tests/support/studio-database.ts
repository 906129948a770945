import { type Database, openDatabase, startEmbeddedServer } from '@atelier/store';
import type { Studio } from './studio.ts';

/** The studio's own database, for what its views leave out: attempts that went well, and times to the microsecond. */
export async function openStudioDatabase(studio: Studio): Promise<Database> {
  const { url } = await startEmbeddedServer(studio.data);
  return openDatabase({ dataFolder: studio.data, databaseUrl: url });
}
