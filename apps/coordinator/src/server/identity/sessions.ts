import { AtelierError, limits, type SessionView } from '@atelier/protocol';
import { type Database, schema } from '@atelier/store';
import { and, desc, eq, gt, inArray, ne, sql } from 'drizzle-orm';
import type { Person } from './caller.ts';
import { deviceWords } from './device.ts';

const { session } = schema;

type Sessions = Pick<Database['db'], 'select' | 'delete'>;

const lastUse = sql`coalesce(${session.lastUsedAt}, ${session.updatedAt})`;

/** The sessions of a person that have not ended, the latest used first. @param asker marks the one by which they ask */
export async function listSessions(db: Sessions, userId: string, asker: Person): Promise<SessionView[]> {
  const rows = await db
    .select()
    .from(session)
    .where(and(eq(session.userId, userId), gt(session.expiresAt, sql`now()`)))
    .orderBy(desc(lastUse), desc(session.id))
    .limit(limits.sessionsPerPerson);
  return rows.map((row) => ({
    id: row.id,
    device: deviceWords(row.userAgent),
    address: row.ipAddress === '' ? null : row.ipAddress,
    createdAt: row.createdAt.toISOString(),
    lastUsedAt: row.lastUsedAt?.toISOString() ?? null,
    expiresAt: row.expiresAt.toISOString(),
    current: row.id === asker.session?.id,
  }));
}

/** @throws AtelierError `not-found` for one of somebody else's, and one that has ended */
export async function endSession(db: Sessions, userId: string, id: string): Promise<void> {
  const ended = await db
    .delete(session)
    .where(and(eq(session.id, id), eq(session.userId, userId)))
    .returning({ id: session.id });
  if (ended.length === 0) throw new AtelierError('not-found', 'There is no such session.', { hint: 'It may have ended already.' });
}

/** Ends all sessions of a person. @param keep one that goes on @returns how many ended */
export async function endSessions(db: Sessions, userId: string, keep?: string): Promise<number> {
  const ended = await db
    .delete(session)
    .where(and(eq(session.userId, userId), keep === undefined ? undefined : ne(session.id, keep)))
    .returning({ id: session.id });
  return ended.length;
}

/** Makes room for a session that has just begun: those that were used longest ago end if a person has too many. */
export async function endOldest(db: Sessions, userId: string): Promise<void> {
  const over = db
    .select({ id: session.id })
    .from(session)
    .where(eq(session.userId, userId))
    .orderBy(desc(lastUse), desc(session.id))
    .offset(limits.sessionsPerPerson);
  await db.delete(session).where(inArray(session.id, over));
}
