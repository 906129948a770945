import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { newId } from '@atelier/protocol';
import { type Database, schema } from '@atelier/store';
import { asc, eq } from 'drizzle-orm';
import { writePrivateFile } from '../private-file.ts';
import type { Accounts } from './accounts.ts';

const { apikey, user } = schema;

const tokenFile = 'owner.token';

/**
 * Keeps `owner.token` (0600) in the data folder valid: the token with which the command line of this machine works as an owner,
 * before and after there is a first person. Nothing trusts loopback; who may read the file may do everything.
 */
export async function keepLocalOwner(options: { accounts: Accounts; database: Database; dataFolder: string }): Promise<void> {
  const { accounts, database, dataFolder } = options;
  const file = join(dataFolder, tokenFile);
  const known = (await readFile(file, 'utf8').catch(() => '')).trim();
  if (known !== '' && (await accounts.api.verifyApiKey({ body: { key: known } })).valid) return;
  const userId = await serviceUser(database);
  await database.db.delete(apikey).where(eq(apikey.referenceId, userId));
  const made = await accounts.api.createApiKey({ body: { userId, name: 'Command line of this machine' } });
  await writePrivateFile(file, `${made.key}\n`);
}

/** Whose runs are those that strangers ask for: the first person who owns the installation, or the command line's account while there is none. */
export async function installationOwner(database: Database): Promise<string> {
  const [first] = await database.db.select({ id: user.id }).from(user).where(eq(user.role, 'owner')).orderBy(asc(user.service), asc(user.createdAt)).limit(1);
  return first?.id ?? serviceUser(database);
}

async function serviceUser(database: Database): Promise<string> {
  const [found] = await database.db.select({ id: user.id }).from(user).where(eq(user.service, true));
  if (found) return found.id;
  const id = newId<string>();
  // The top-level domain `invalid` belongs to nobody (RFC 2606), and without a password nobody signs in.
  await database.db.insert(user).values({ id, name: 'This machine', email: 'this-machine@atelier.invalid', role: 'owner', service: true });
  return id;
}
