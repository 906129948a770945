import type { OutputId } from '@atelier/protocol';
import { type Database, schema } from '@atelier/store';
import { and, count, desc, inArray, type SQL, sql } from 'drizzle-orm';
import { notDeleted } from './items.ts';
import { prefixQuery, signsOf } from './words.ts';

const { captionWords, outputs, searchWords } = schema;

/** How many of the newest captions are looked through before the index is asked. */
const newestRows = 500;

export interface Search {
  readonly text: string;
  /** Whose outputs; undefined for everybody's. */
  readonly userId: string | undefined;
  /** All other conditions on outputs. */
  readonly among: SQL | undefined;
  /** Hits that the page takes. */
  readonly wanted: number;
}

/** What was typed as a condition that looks at one caption after the other; none if nothing was typed. */
export function hitsOf(text: string | undefined): SQL | undefined {
  if (text === undefined) return undefined;
  return and(wordsIn(prefixQuery(text)), signsIn(text));
}

function wordsIn(words: string | undefined): SQL | undefined {
  return words === undefined ? undefined : sql`${captionWords(outputs.caption)} @@ to_tsquery('simple', ${words})`;
}

/** Signs are looked for as they are: `%` and `_` are themselves. */
function signsIn(text: string): SQL | undefined {
  return and(...signsOf(text).map((sign) => sql`strpos(${outputs.caption}, ${sign}) > 0`));
}

/**
 * The same, in the form that is answered soonest. PostgreSQL cannot tell a rare beginning of a word from a frequent one: it would
 * look through 100,000 captions for a word that is in none, or sort 100,000 hits for a page of 60. So a frequent one is told by the
 * newest captions, and found by going on through them; the index finds any other.
 */
export async function quickHits(database: Database, search: Search): Promise<SQL | undefined> {
  const words = prefixQuery(search.text);
  if (words === undefined) return hitsOf(search.text);
  const narrowed = { ...search, among: and(search.among, signsIn(search.text)) };
  if ((await countInNewest(database, narrowed, words)) >= search.wanted) return hitsOf(search.text);
  return inArray(outputs.id, await byIndex(database, narrowed, words));
}

async function countInNewest(database: Database, { among }: Search, words: string): Promise<number> {
  const newest = database.db.select({ caption: outputs.caption }).from(outputs).where(among).orderBy(desc(outputs.id)).limit(newestRows).as('newest');
  const [row] = await database.db
    .select({ hits: count() })
    .from(newest)
    .where(sql`${captionWords(newest.caption)} @@ to_tsquery('simple', ${words})`);
  return row?.hits ?? 0;
}

/** The newest hits by the index of words: the only one that is left to take. */
async function byIndex(database: Database, { userId, among, wanted }: Search, words: string): Promise<OutputId[]> {
  const query = userId === undefined ? sql`to_tsquery('simple', ${words})` : sql`${ownerWord(userId)}::tsquery && to_tsquery('simple', ${words})`;
  return database.db.transaction(async (tx) => {
    await tx.execute(sql`SET LOCAL enable_seqscan = off; SET LOCAL enable_indexscan = off`);
    const rows = await tx
      .select({ id: outputs.id })
      .from(outputs)
      .where(and(sql`${searchWords(outputs.userId, outputs.caption)} @@ (${query})`, sql`${outputs.listed}`, notDeleted, among))
      .orderBy(desc(outputs.id))
      .limit(wanted);
    return rows.map(({ id }) => id);
  });
}

/** Stands beside the words of each caption; no word begins with a mark. */
const ownerWord = (userId: string) => `'=${userId.replaceAll('\\', '\\\\').replaceAll("'", "''")}'`;
