import { type ApiTokenView, AtelierError } from '@atelier/protocol';
import { type Database, schema } from '@atelier/store';
import { and, desc, eq } from 'drizzle-orm';
import type { Accounts } from './accounts.ts';
import type { Person } from './caller.ts';

const { apikey } = schema;
const dayMs = 86_400_000;

export async function listTokens({ db }: Database, userId: string): Promise<ApiTokenView[]> {
  return (await db.select().from(apikey).where(eq(apikey.referenceId, userId)).orderBy(desc(apikey.createdAt))).map(tokenView);
}

/**
 * Makes a token of the caller's. One that is made with a token goes with it when it is revoked, and ends no later than it does,
 * so that a token which became known can be ended for good (docs/decisions/0014).
 * @param wanted.days how long it shall be good; for ever otherwise
 * @throws AtelierError `unauthenticated` if the caller's own token was revoked meanwhile
 */
export async function makeToken(
  { accounts, database }: { accounts: Accounts; database: Database },
  caller: Person,
  wanted: { name: string; days?: number | undefined },
): Promise<ApiTokenView & { token: string }> {
  const made = await accounts.api.createApiKey({ body: { userId: caller.id, name: wanted.name } });
  const ends = wanted.days === undefined ? [] : [Date.now() + wanted.days * dayMs];
  if (caller.token?.expiresAt) ends.push(caller.token.expiresAt.getTime());
  const expiresAt = ends.length === 0 ? null : new Date(Math.min(...ends));
  // Nobody knows its secret before this is written.
  const bound = await bind(database, made.id, { expiresAt, madeBy: caller.token?.id ?? null });
  return { ...tokenView({ ...made, lastRequest: null, expiresAt: bound }), token: made.key };
}

async function bind({ db }: Database, id: string, limits: { expiresAt: Date | null; madeBy: string | null }): Promise<Date | null> {
  try {
    await db.update(apikey).set(limits).where(eq(apikey.id, id));
    return limits.expiresAt;
  } catch (cause) {
    await db.delete(apikey).where(eq(apikey.id, id));
    throw new AtelierError('unauthenticated', 'The token with which you asked was revoked.', { hint: 'Sign in to the studio and make one there.', cause });
  }
}

/** Forgets a token of a user's own, and those that were made with it. @throws AtelierError `not-found` if it is another's */
export async function revokeToken(database: Database, userId: string, id: string): Promise<void> {
  const [gone] = await database.db
    .delete(apikey)
    .where(and(eq(apikey.id, id), eq(apikey.referenceId, userId)))
    .returning({ id: apikey.id });
  if (!gone) throw new AtelierError('not-found', 'You have no token of this id.', { hint: 'List them with: atelier token list.' });
}

type TokenRow = Pick<typeof apikey.$inferSelect, 'id' | 'name' | 'start' | 'createdAt' | 'lastRequest' | 'expiresAt'>;

function tokenView(row: TokenRow): ApiTokenView {
  return {
    id: row.id,
    name: row.name ?? '',
    start: row.start,
    createdAt: row.createdAt.toISOString(),
    lastUsedAt: row.lastRequest?.toISOString() ?? null,
    expiresAt: row.expiresAt?.toISOString() ?? null,
  };
}
