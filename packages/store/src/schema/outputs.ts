/** Bytes and what ties them to where they came from. Permission to read goes through outputs: knowing a hash grants nothing. */
import type { Dimensions, EdgeId, Modality, OutputId, Recipe, RunId, Visibility } from '@atelier/protocol';
import { type SQL, sql } from 'drizzle-orm';
import { type AnyPgColumn, boolean, index, integer, jsonb, pgTable, primaryKey, text, uniqueIndex, uuid } from 'drizzle-orm/pg-core';
import { user } from './auth.ts';
import { moment, whole } from './columns.ts';
import { runs } from './runs.ts';

/**
 * What the gallery's search looks in: the words of a caption, and whose it is, so that one index answers both. Punctuation only
 * parts words: PostgreSQL's parser would else keep `photo.png` or `a-b` as names of hosts and files, which no search for `png` or `b` finds.
 */
export const searchWords = (userId: AnyPgColumn, caption: AnyPgColumn): SQL => sql`(array_to_tsvector(ARRAY['=' || ${userId}]) || ${captionWords(caption)})`;
/** The words alone, for looking through captions without the index. */
export const captionWords = (caption: AnyPgColumn): SQL =>
  sql`to_tsvector('simple', translate(${caption}, ${inSql(marks)}, ${inSql(' '.repeat(marks.length))}))`;
const marks = '!"#$%&\'()*+,-./:;<=>?@[\\]^_`{|}~';
/** Without a semicolon: drizzle-kit takes one for the end of the index. */
const inSql = (text: string) => sql.raw(`'${text.replaceAll("'", "''").replace(';', "' || chr(59) || '")}'`);

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
    modality: text('modality').notNull().$type<Modality>(),
    /** Of a recording or an image: measured of an upload, expected of a result; null if nothing is known. */
    dimensions: jsonb('dimensions').$type<Dimensions>(),
    /** A short text itself. */
    text: text('text'),
    /** What a search finds it by. */
    caption: text('caption').notNull().default(''),
    /** Whether the gallery shows it by itself: frames of a film and written inputs it does not. */
    listed: boolean('listed').notNull().default(false),
    visibility: text('visibility').notNull().default('private').$type<Visibility>(),
    /** Gone for its reader, and for good some days later. */
    deletedAt: moment('deleted_at'),
    /** SHA-256 of all that its bytes depend on, where they are the same each time. */
    cacheKey: text('cache_key'),
    /** The edge that computed it, here or for the run that the result cache had it from. */
    maker: uuid('maker').$type<EdgeId>(),
    recipe: jsonb('recipe').$type<Recipe>(),
    createdAt: moment('created_at').notNull().defaultNow(),
  },
  (table) => [
    /** A step's result is committed once. */
    uniqueIndex('outputs_of_step').on(table.runId, table.stepId, table.shard, table.port, table.index).where(sql`run_id is not null`),
    index('outputs_of_user').on(table.userId, table.id.desc()),
    index('outputs_hash').on(table.hash),
    index('outputs_cache').on(table.cacheKey).where(sql`cache_key is not null and deleted_at is null`),
    index('outputs_listed').on(table.userId, table.modality, table.id).where(sql`listed and deleted_at is null`),
    index('outputs_made').on(table.userId, table.id).where(sql`listed and run_id is not null and deleted_at is null`),
    index('outputs_uploaded').on(table.userId, table.id).where(sql`listed and run_id is null and deleted_at is null`),
    index('outputs_public').on(table.id).where(sql`visibility = 'public' and deleted_at is null`),
    index('outputs_deleted').on(table.deletedAt).where(sql`deleted_at is not null`),
    index('outputs_caption').using('gin', searchWords(table.userId, table.caption)).where(sql`listed and deleted_at is null`),
  ],
);

/** What people marked to find it again. */
export const stars = pgTable(
  'stars',
  {
    userId: text('user_id')
      .notNull()
      .references(() => user.id, { onDelete: 'cascade' }),
    outputId: uuid('output_id')
      .notNull()
      .$type<OutputId>()
      .references(() => outputs.id, { onDelete: 'cascade' }),
    createdAt: moment('created_at').notNull().defaultNow(),
  },
  (table) => [primaryKey({ columns: [table.userId, table.outputId] }), index('stars_output').on(table.outputId)],
);

/** This installation: one row. Names its part of a bucket that several share. */
export const installation = pgTable('installation', {
  id: uuid('id').primaryKey(),
  createdAt: moment('created_at').notNull().defaultNow(),
});

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
