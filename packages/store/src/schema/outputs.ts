/** Bytes and what ties them to where they came from. Permission to read goes through outputs: knowing a hash grants nothing. */
import type { OutputId, Recipe, RunId } from '@atelier/protocol';
import { sql } from 'drizzle-orm';
import { index, integer, jsonb, pgTable, primaryKey, text, uniqueIndex, uuid } from 'drizzle-orm/pg-core';
import { user } from './auth.ts';
import { moment, whole } from './columns.ts';
import { runs } from './runs.ts';

export const artifacts = pgTable('artifacts', {
  /** SHA-256, 64 hexadecimal digits. */
  hash: text('hash').primaryKey(),
  sizeBytes: whole('size_bytes').notNull(),
  createdAt: moment('created_at').notNull().defaultNow(),
});

/** Where bytes can be had: an edge's id or `coordinator`. A hint, not a promise: an edge may have lost them. */
export const replicas = pgTable(
  'replicas',
  {
    hash: text('hash')
      .notNull()
      .references(() => artifacts.hash, { onDelete: 'cascade' }),
    place: text('place').notNull(),
    createdAt: moment('created_at').notNull().defaultNow(),
  },
  (table) => [primaryKey({ columns: [table.hash, table.place] }), index('replicas_place').on(table.place)],
);

/** A result of a step, or, without a run, something that its owner uploaded or wrote. */
export const outputs = pgTable(
  'outputs',
  {
    id: uuid('id').primaryKey().$type<OutputId>(),
    userId: text('user_id')
      .notNull()
      .references(() => user.id, { onDelete: 'cascade' }),
    runId: uuid('run_id')
      .$type<RunId>()
      .references(() => runs.id, { onDelete: 'cascade' }),
    stepId: text('step_id'),
    shard: integer('shard'),
    port: text('port'),
    index: integer('index'),
    hash: text('hash')
      .notNull()
      .references(() => artifacts.hash),
    /** Beside the output, not the bytes: the same bytes may be given different types by different people. */
    mediaType: text('media_type').notNull(),
    /** A file's name, where it came with one. */
    name: text('name'),
    recipe: jsonb('recipe').$type<Recipe>(),
    createdAt: moment('created_at').notNull().defaultNow(),
  },
  (table) => [
    /** A step's result is committed once. */
    uniqueIndex('outputs_of_step').on(table.runId, table.stepId, table.shard, table.port, table.index).where(sql`run_id is not null`),
    index('outputs_of_user').on(table.userId, table.id.desc()),
    index('outputs_hash').on(table.hash),
  ],
);

/** What a run was given, by the name of the chain's input. */
export const runInputs = pgTable(
  'run_inputs',
  {
    runId: uuid('run_id')
      .notNull()
      .$type<RunId>()
      .references(() => runs.id, { onDelete: 'cascade' }),
    name: text('name').notNull(),
    outputId: uuid('output_id')
      .notNull()
      .$type<OutputId>()
      .references(() => outputs.id),
    /** Texts are shown whole. */
    text: text('text'),
  },
  (table) => [primaryKey({ columns: [table.runId, table.name] }), index('run_inputs_output').on(table.outputId)],
);
