import { presentedToken } from '@atelier/artifacts';
import { AtelierError, Role } from '@atelier/protocol';
import { type Database, schema } from '@atelier/store';
import { defaultKeyHasher } from '@better-auth/api-key';
import { eq, sql } from 'drizzle-orm';
import type { EdgeSessions } from '../edges/edge-sessions.ts';
import { type Accounts, tokenPrefix } from './accounts.ts';
import type { Caller, Person } from './caller.ts';

const { apikey, session, user } = schema;

export interface AuthenticateOptions {
  readonly accounts: Accounts;
  readonly database: Database;
  readonly edgeSessions: EdgeSessions;
}

export type Authenticate = (headers: Headers) => Promise<Caller>;

const signIn = 'Sign in, or send an API token as "Authorization: Bearer ..." (make one with: atelier token create).';

/**
 * Says who sends a request: by bearer token or `x-api-key` if there is one, by the session's cookie otherwise. Edges show the token of
 * their socket by the scheme DPoP; that it is theirs is proven at the gate of their routes, which are all that it opens.
 */
export function createAuthenticate({ accounts, database, edgeSessions }: AuthenticateOptions): Authenticate {
  return async (headers) => {
    const edgeToken = presentedToken(headers.get('authorization'));
    if (edgeToken !== null) return byEdgeToken(edgeSessions, edgeToken);
    const token = bearerToken(headers) ?? headers.get('x-api-key');
    if (token === null) return bySession({ accounts, database }, headers);
    if (!token.startsWith(tokenPrefix)) return stranger('unauthenticated', 'The token is not valid here.');
    return byToken(database, token);
  };
}

function byEdgeToken(sessions: EdgeSessions, token: string): Caller {
  const edgeId = sessions.find(token);
  return edgeId ? { kind: 'edge', edgeId, token } : stranger('unauthenticated', 'The token is not valid here.');
}

export function bearerToken(headers: Headers): string | null {
  return /^Bearer +(\S+)$/i.exec(headers.get('authorization') ?? '')?.[1] ?? null;
}

async function bySession({ accounts, database }: Pick<AuthenticateOptions, 'accounts' | 'database'>, headers: Headers): Promise<Caller> {
  if (!headers.has('cookie')) return stranger('unauthenticated', 'This needs a signed-in user.');
  const found = await accounts.api.getSession({ headers });
  if (!found) return stranger('unauthenticated', 'The session has ended.');
  const { id, lastUsedAt } = found.session as { id: string; lastUsedAt?: Date | null };
  if (isLong(lastUsedAt)) await noteUse(database, { table: session, used: session.lastUsedAt, id, userId: found.user.id });
  return { ...person(found.user as PersonRow, 'session'), session: { id } };
}

/**
 * One query, where the plugin's own check takes five and writes each time. The hash is the plugin's.
 * Revoked tokens are deleted, so they are simply not found.
 */
async function byToken(database: Database, token: string): Promise<Caller> {
  const [found] = await database.db
    .select({ key: apikey, user })
    .from(apikey)
    .innerJoin(user, eq(user.id, apikey.referenceId))
    .where(eq(apikey.key, await defaultKeyHasher(token)));
  if (!found?.key.enabled) return stranger('unauthenticated', 'The token is not valid here, or was revoked.');
  const now = Date.now();
  if (found.key.expiresAt && found.key.expiresAt.getTime() <= now) return stranger('token-expired', 'The token is past its time.');
  if (isLong(found.key.lastRequest)) await noteUse(database, { table: apikey, used: apikey.lastRequest, id: found.key.id, userId: found.user.id });
  return { ...person(found.user, 'token'), token: { id: found.key.id, expiresAt: found.key.expiresAt } };
}

/** How exact the time of a last use is; a write for each request would be waste. */
const usedEveryMs = 60_000;
const isLong = (lastUse: Date | null | undefined) => Date.now() - (lastUse?.getTime() ?? 0) > usedEveryMs;

interface Use {
  readonly table: typeof session | typeof apikey;
  readonly used: typeof session.lastUsedAt | typeof apikey.lastRequest;
  readonly id: string;
  readonly userId: string;
}

/** Of the session or token, and of its person. */
async function noteUse({ db }: Database, { table, used, id, userId }: Use): Promise<void> {
  await db.execute(sql`WITH seen AS (UPDATE ${user} SET last_seen_at = now() WHERE id = ${userId})
    UPDATE ${table} SET ${sql.identifier(used.name)} = now() WHERE id = ${id}`);
}

type PersonRow = { id: string; name: string; email: string; role: string };

function person(row: PersonRow, by: Person['by']): Person {
  return { kind: 'person', id: row.id, name: row.name, email: row.email, role: Role.catch('guest').parse(row.role), by };
}

function stranger(code: 'unauthenticated' | 'token-expired', message: string): Caller {
  return { kind: 'stranger', problem: new AtelierError(code, message, { hint: signIn }) };
}
