import { openDatabase, schema, startEmbeddedServer } from '@atelier/store';
import type { Studio } from './studio.ts';

/** Adds somebody else who may sign in, with the owner's password, straight to the database: a studio has no page for it yet. */
export async function addMember(studio: Studio, member: { name: string; email: string }): Promise<void> {
  // Adopts the server that runs for this folder.
  const { url } = await startEmbeddedServer(studio.data);
  const database = await openDatabase({ dataFolder: studio.data, databaseUrl: url });
  try {
    const own = (await database.db.select().from(schema.account)).find(({ password }) => password !== null);
    if (!own) throw new Error('The studio has no owner with a password yet.');
    const id = member.name;
    await database.db.insert(schema.user).values({ ...member, id, role: 'member' });
    await database.db.insert(schema.account).values({ id, accountId: id, userId: id, providerId: own.providerId, password: own.password });
  } finally {
    await database.close();
  }
}
