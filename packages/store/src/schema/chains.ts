/** Chains that people keep by name. */
import type { ResolvedChain, SavedChainId } from '@atelier/protocol';
import { jsonb, pgTable, text, uniqueIndex, uuid } from 'drizzle-orm/pg-core';
import { user } from './auth.ts';
import { moment } from './columns.ts';

export const savedChains = pgTable(
  'saved_chains',
  {
    id: uuid('id').primaryKey().$type<SavedChainId>(),
    userId: text('user_id')
      .notNull()
      .references(() => user.id, { onDelete: 'cascade' }),
    name: text('name').notNull(),
    chain: jsonb('chain').notNull().$type<ResolvedChain>(),
    changedAt: moment('changed_at').notNull().defaultNow(),
  },
  (table) => [uniqueIndex('saved_chains_name').on(table.userId, table.name)],
);
