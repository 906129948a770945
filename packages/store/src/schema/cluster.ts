/** Coordinators that share this database, and what all of them must have the same. */
import { pgTable, text, uuid } from 'drizzle-orm/pg-core';
import { moment } from './columns.ts';

/** One life of one coordinator, from its start to its end. Whether it still lives is said by the database's clock. */
export const coordinators = pgTable('coordinators', {
  id: uuid('id').primaryKey(),
  /** Its data folder, which outlives it: only one process can have that, so an earlier life there has ended. */
  home: text('home').notNull(),
  /** Where it listens, for people who look for it. */
  url: text('url').notNull(),
  version: text('version').notNull(),
  /** Where it keeps artifacts: coordinators that say the same see each other's bytes. */
  storage: text('storage').notNull(),
  startedAt: moment('started_at').notNull().defaultNow(),
  /** It counts as gone after this, unless it says again that it is there. */
  aliveUntil: moment('alive_until').notNull(),
});

/** Secrets that all coordinators of a database must have the same. Empty while the database is the embedded one of a data folder. */
export const sharedSecrets = pgTable('shared_secrets', {
  name: text('name').primaryKey(),
  value: text('value').notNull(),
  createdAt: moment('created_at').notNull().defaultNow(),
});
