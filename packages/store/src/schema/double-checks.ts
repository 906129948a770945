/** Results that are computed twice, by edges that cannot tell, and where the two differ. */
import type { EdgeId, RunId } from '@atelier/protocol';
import { sql } from 'drizzle-orm';
import { index, integer, jsonb, pgTable, text, uniqueIndex, uuid } from 'drizzle-orm/pg-core';
import { moment } from './columns.ts';
import { edges } from './fleet.ts';
import { runs } from './runs.ts';

const edge = (column: string) =>
  uuid(column)
    .notNull()
    .$type<EdgeId>()
    .references(() => edges.id, { onDelete: 'cascade' });

/** A shard that waits to be computed once more. Gone when it was, or could not be. */
export const doubleChecks = pgTable(
  'double_checks',
  {
    id: uuid('id').primaryKey(),
    runId: uuid('run_id')
      .notNull()
      .$type<RunId>()
      .references(() => runs.id, { onDelete: 'cascade' }),
    stepId: text('step_id').notNull(),
    shard: integer('shard').notNull(),
    maker: edge('maker'),
    /** Times that another edge began with it. */
    tries: integer('tries').notNull().default(0),
    createdAt: moment('created_at').notNull().defaultNow(),
  },
  (table) => [uniqueIndex('double_checks_shard').on(table.runId, table.stepId, table.shard)],
);

/** Two edges made different bytes of the same. Until an owner decides, neither's result of this key answers. */
export const disagreements = pgTable(
  'disagreements',
  {
    id: uuid('id').primaryKey(),
    cacheKey: text('cache_key').notNull(),
    task: text('task').notNull(),
    modelId: text('model_id').notNull(),
    modelHash: text('model_hash').notNull(),
    runId: uuid('run_id')
      .$type<RunId>()
      .references(() => runs.id, { onDelete: 'set null' }),
    stepId: text('step_id').notNull(),
    shard: integer('shard').notNull(),
    /** Whose result the run has. */
    maker: edge('maker'),
    /** SHA-256 of each value, by output port. */
    made: jsonb('made').notNull().$type<Record<string, string[]>>(),
    checker: edge('checker'),
    found: jsonb('found').notNull().$type<Record<string, string[]>>(),
    createdAt: moment('created_at').notNull().defaultNow(),
    /** When an owner dismissed it, or revoked one of the two. */
    decidedAt: moment('decided_at'),
  },
  (table) => [
    index('disagreements_open').on(table.cacheKey).where(sql`decided_at is null`),
    uniqueIndex('disagreements_pair').on(table.cacheKey, table.maker, table.checker).where(sql`decided_at is null`),
  ],
);
