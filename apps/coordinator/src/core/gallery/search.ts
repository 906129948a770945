import type { OutputId } from '@atelier/protocol';
import { type Database, schema } from '@atelier/store';
import { and, inArray, type SQL, sql } from 'drizzle-orm';
import { notDeleted } from './items.ts';
import { prefixQuery } from './words.ts';

const { outputs, searchWords } = schema;

/** With more hits than this, the newest are found sooner by looking through captions from the newest on. */
const fewHits = 3_000;

export interface Search {
  readonly text: string | undefined;
  /** Whose outputs; undefined for everybody's. */
  readonly userId: string | undefined;
  /** False where also things are searched that the gallery does not list, of which there are few. */
  readonly indexed: boolean;
}

/**
 * The words as a condition. PostgreSQL cannot tell a rare beginning of a word from a frequent one, and would look through
 * 100,000 captions for a word that is in none. So the index is asked for the hits first; where they are few, they are the condition.
 */
export async function matching(database: Database, { text, userId, indexed }: Search): Promise<SQL | undefined> {
  const words = text === undefined ? undefined : prefixQuery(text);
  if (words === undefined) return undefined;
  const query = userId === undefined ? sql`to_tsquery('simple', ${words})` : sql`${ownerWord(userId)}::tsquery && to_tsquery('simple', ${words})`;
  const hits = sql`${searchWords(outputs.userId, outputs.caption)} @@ (${query})`;
  if (!indexed) return hits;
  const found = await byIndex(database, hits);
  return found.length > fewHits ? hits : inArray(outputs.id, found);
}

async function byIndex(database: Database, hits: SQL): Promise<OutputId[]> {
  return database.db.transaction(async (tx) => {
    // Only the index of words is left to take.
    await tx.execute(sql`SET LOCAL enable_seqscan = off; SET LOCAL enable_indexscan = off`);
    const rows = await tx
      .select({ id: outputs.id })
      .from(outputs)
      .where(and(hits, sql`${outputs.listed}`, notDeleted))
      .limit(fewHits + 1);
    return rows.map(({ id }) => id);
  });
}

/** Stands beside the words of each caption; no word begins with a mark. */
const ownerWord = (userId: string) => `'=${userId.replaceAll('\\', '\\\\').replaceAll("'", "''")}'`;
