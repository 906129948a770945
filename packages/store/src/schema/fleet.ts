/** Edges, what was measured on them, and the links between them. */
import type { EdgeId, EdgeInfo, EdgeModel } from '@atelier/protocol';
import { sql } from 'drizzle-orm';
import { boolean, doublePrecision, index, integer, jsonb, pgTable, primaryKey, text, uuid } from 'drizzle-orm/pg-core';
import { moment, whole } from './columns.ts';

export const edges = pgTable('edges', {
  id: uuid('id').primaryKey().$type<EdgeId>(),
  name: text('name').notNull().unique(),
  /** JWK, Ed25519. */
  publicKey: jsonb('public_key').notNull().$type<Record<string, unknown>>(),
  local: boolean('local').notNull(),
  /** Where an owner said that other edges may fetch from it, though it does not connect from there. */
  confirmedTransferUrl: text('confirmed_transfer_url'),
  draining: boolean('draining').notNull().default(false),
  /** What it said last of itself and its models, for the time while it is away. */
  info: jsonb('info').$type<EdgeInfo>(),
  models: jsonb('models').notNull().$type<EdgeModel[]>().default([]),
  /** What it said last that it can do beyond its protocol's version. Null until it has said it to this release. */
  abilities: text('abilities').array(),
  joinedAt: moment('joined_at').notNull().defaultNow(),
  lastSeenAt: moment('last_seen_at'),
  revokedAt: moment('revoked_at'),
  /** Results that were computed twice, once by it, and came out the same. */
  compared: integer('compared').notNull().default(0),
  /** The coordinator that has its socket; null while none has. One that has died is as none. */
  coordinatorId: uuid('coordinator_id'),
  /** Raised each time that a coordinator takes its socket: of two that believe to have it, the one with the highest has. */
  claim: integer('claim').notNull().default(0),
});

/** One finished attempt as its edge measured it. */
export const measurements = pgTable(
  'measurements',
  {
    id: whole('id').primaryKey().default(sql`nextval('measurement_number')`),
    edgeId: uuid('edge_id')
      .notNull()
      .$type<EdgeId>()
      .references(() => edges.id, { onDelete: 'cascade' }),
    modelId: text('model_id').notNull(),
    task: text('task').notNull(),
    /** The step's. */
    work: doublePrecision('work').notNull(),
    cold: boolean('cold').notNull(),
    runSeconds: doublePrecision('run_seconds').notNull(),
    loadSeconds: doublePrecision('load_seconds').notNull(),
    /** By output port, all values of the port together. */
    outputBytes: jsonb('output_bytes').notNull().$type<Record<string, number>>(),
    createdAt: moment('created_at').notNull().defaultNow(),
  },
  (table) => [index('measurements_offer').on(table.edgeId, table.modelId, table.task, table.id.desc())],
);

/** A measured link in the direction in which bytes flow; places are an edge's id or `coordinator`. */
export const links = pgTable(
  'links',
  {
    from: text('from_place').notNull(),
    to: text('to_place').notNull(),
    bytesPerSecond: doublePrecision('bytes_per_second').notNull(),
    latencySeconds: doublePrecision('latency_seconds').notNull(),
    samples: integer('samples').notNull(),
    updatedAt: moment('updated_at').notNull().defaultNow(),
  },
  (table) => [primaryKey({ columns: [table.from, table.to] })],
);

/** What owners have set, by name. */
export const ownerSettings = pgTable('owner_settings', {
  name: text('name').primaryKey(),
  value: jsonb('value').notNull(),
});

/** Names that programs written for OpenAI's API use, and the models that they mean here. */
export const modelAliases = pgTable('model_aliases', {
  name: text('name').primaryKey(),
  modelId: text('model_id').notNull(),
  createdAt: moment('created_at').notNull().defaultNow(),
});
