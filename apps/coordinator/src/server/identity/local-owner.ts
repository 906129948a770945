import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { newId } from '@atelier/protocol';
import { type Database, schema } from '@atelier/store';
import { defaultKeyHasher } from '@better-auth/api-key';
import { and, asc, eq, inArray, sql } from 'drizzle-orm';
import type { Succession } from '../../core/index.ts';
import { writePrivateFile } from '../private-file.ts';
import type { Accounts } from './accounts.ts';

const { apikey, user } = schema;

const tokenFile = 'owner.token';
const baseName = 'Command line of this machine';

/** Makes everything that the command line's own account has a person's: runs, results, stars, uploads and its token. */
export async function takeOver(tx: Pick<Database['db'], 'execute'>, owner: string): Promise<void> {
  const others = sql`SELECT id FROM "user" WHERE service AND id <> ${owner}`;
  // A run that is kept in memory is read again, with its new owner.
  await tx.execute(sql`UPDATE runs SET user_id = ${owner}, state_version = state_version + 1 WHERE user_id IN (${others})`);
  await tx.execute(sql`UPDATE outputs SET user_id = ${owner} WHERE user_id IN (${others})`);
  await tx.execute(sql`UPDATE stars SET user_id = ${owner} WHERE user_id IN (${others})`);
  await tx.execute(sql`UPDATE upload SET user_id = ${owner} WHERE user_id IN (${others})`);
  await tx.execute(sql`UPDATE apikey SET reference_id = ${owner} WHERE reference_id IN (${others})`);
}

/**
 * Keeps `owner.token` (0600) in the data folder valid: the token with which the command line of this machine works as an owner.
 * Once there is a first person, it works as that person, so that what it makes is theirs; before, as an account of its own, from
 * which that person takes everything over. Nothing trusts loopback; who may read the file may do everything.
 */
export async function keepLocalOwner(options: { accounts: Accounts; database: Database; dataFolder: string; home: string }): Promise<void> {
  const { accounts, database, dataFolder, home } = options;
  // With a database of its own nobody else has such a token; else each data folder's has a name of its own.
  const tokenName = database.folder === undefined ? `${baseName} (${home.slice(-8)})` : baseName;
  const file = join(dataFolder, tokenFile);
  const owner = await installationOwner(database);
  await database.db.transaction((tx) => takeOver(tx, owner));
  const known = (await readFile(file, 'utf8').catch(() => '')).trim();
  if (known !== '' && (await accounts.api.verifyApiKey({ body: { key: known } })).valid) return;
  const earlier = await database.db
    .select({ id: apikey.id })
    .from(apikey)
    .where(and(eq(apikey.referenceId, owner), eq(apikey.name, tokenName)));
  const made = await accounts.api.createApiKey({ body: { userId: owner, name: tokenName } });
  await writePrivateFile(file, `${made.key}\n`);
  const gone = earlier.map(({ id }) => id);
  if (gone.length === 0) return;
  // Programs keep their tokens when the file was lost: these are the new one's now, and end with it.
  await database.db.update(apikey).set({ madeBy: made.id }).where(inArray(apikey.madeBy, gone));
  await database.db.delete(apikey).where(inArray(apikey.id, gone));
}

/** The hash of the token of this machine's command line, by which it is known among the API tokens; undefined while there is none. */
export async function houseTokenHash(dataFolder: string): Promise<string | undefined> {
  const token = (await readFile(join(dataFolder, tokenFile), 'utf8').catch(() => '')).trim();
  return token === '' ? undefined : defaultKeyHasher(token);
}

/** The command line of this machine works as another owner when the one that it works as is none any more. What else they made with it stays theirs, or goes with them. */
export function houseSuccession(dataFolder: string): Succession {
  return async (tx, from, to) => {
    const hash = await houseTokenHash(dataFolder);
    if (hash !== undefined) await tx.query('UPDATE apikey SET reference_id = $3 WHERE key = $1 AND reference_id = $2', [hash, from, to]);
  };
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
  const made = { id, name: 'This machine', email: 'this-machine@atelier.invalid', role: 'owner', service: true } as const;
  const [row] = await database.db.insert(user).values(made).onConflictDoNothing().returning({ id: user.id });
  // Another coordinator that starts at the same moment was first.
  return row?.id ?? serviceUser(database);
}
