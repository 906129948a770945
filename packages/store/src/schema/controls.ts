/** What running steps were told, where it took effect, and what they keep so that another attempt can go on. */
import type { RunId } from '@atelier/protocol';
import { boolean, foreignKey, index, integer, jsonb, pgTable, primaryKey, text, uuid } from 'drizzle-orm/pg-core';
import { moment, whole } from './columns.ts';
import { artifacts } from './outputs.ts';
import { shards, steps } from './runs.ts';

/** Written before it is sent. */
export const controls = pgTable(
  'controls',
  {
    runId: uuid('run_id').notNull().$type<RunId>(),
    stepId: text('step_id').notNull(),
    /** Counts from 1 within its step. */
    number: integer('number').notNull(),
    kind: text('kind').notNull(),
    /** Validated by the task. */
    value: jsonb('value').notNull().$type<Record<string, unknown>>(),
    /** It came with the run: it takes effect at its positions alone, and not on shards that have none. */
    replayed: boolean('replayed').notNull().default(false),
    createdAt: moment('created_at').notNull().defaultNow(),
  },
  (table) => [
    primaryKey({ columns: [table.runId, table.stepId, table.number] }),
    foreignKey({ columns: [table.runId, table.stepId], foreignColumns: [steps.runId, steps.stepId] }).onDelete('cascade'),
  ],
);

/** Where a control takes effect on a shard. A shard without a row follows it at once. */
export const controlPositions = pgTable(
  'control_positions',
  {
    runId: uuid('run_id').notNull().$type<RunId>(),
    stepId: text('step_id').notNull(),
    number: integer('number').notNull(),
    shard: integer('shard').notNull(),
    /** Null: the shard ended without it, and does so when it is done once more. */
    at: whole('at'),
    /** False for what is to be, as with a run that repeats another. */
    done: boolean('done').notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.runId, table.stepId, table.shard, table.number] }),
    foreignKey({ columns: [table.runId, table.stepId, table.number], foreignColumns: [controls.runId, controls.stepId, controls.number] }).onDelete('cascade'),
  ],
);

/** The state of a shard before the work of a position. At most two of one shard: the last that is here, and one that its edge brings. */
export const checkpoints = pgTable(
  'checkpoints',
  {
    runId: uuid('run_id').notNull().$type<RunId>(),
    stepId: text('step_id').notNull(),
    shard: integer('shard').notNull(),
    at: whole('at').notNull(),
    hash: text('hash')
      .notNull()
      .references(() => artifacts.hash),
    /** Numbers of the controls that it includes. Another attempt may have followed more before its position; then it is of no use. */
    included: integer('included').array().notNull(),
    /** The attempt that made it. */
    attemptId: uuid('attempt_id').notNull(),
    /** With which it was made: another model cannot go on with it. */
    modelId: text('model_id').notNull(),
    modelHash: text('model_hash').notNull(),
    /** Its edge has brought the bytes themselves. */
    arrived: boolean('arrived').notNull().default(false),
    createdAt: moment('created_at').notNull().defaultNow(),
  },
  (table) => [
    primaryKey({ columns: [table.hash] }),
    index('checkpoints_of_shard').on(table.runId, table.stepId, table.shard),
    foreignKey({ columns: [table.runId, table.stepId, table.shard], foreignColumns: [shards.runId, shards.stepId, shards.index] }).onDelete('cascade'),
  ],
);
