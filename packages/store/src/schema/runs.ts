/**
 * Runs with their steps, shards and attempts. The coordinator's core/state alone writes states, counters and bindings here.
 * There is no table of messages to send after a commit: a queued attempt is one to give out, a run in `planning` is a plan
 * to make, an edge that holds an attempt which is not leased to it has to be stopped. All are read again at the start and
 * doing it twice is doing it once, so what is to be done can never differ from what is so.
 */
import type {
  AttemptState,
  DimensionsByName,
  EdgeId,
  ErrorBody,
  Offer,
  Plan,
  PlannedShare,
  Prediction,
  ResolvedChain,
  RunId,
  RunState,
  Source,
  StepState,
  Timings,
} from '@atelier/protocol';
import { sql } from 'drizzle-orm';
import { boolean, doublePrecision, foreignKey, index, integer, jsonb, pgSequence, pgTable, primaryKey, text, uniqueIndex, uuid } from 'drizzle-orm/pg-core';
import { user } from './auth.ts';
import { moment, whole } from './columns.ts';
import { edges } from './fleet.ts';

/** Fencing numbers: each lease has a higher one than all before. */
export const fenceNumber = pgSequence('fence_number');
export const measurementNumber = pgSequence('measurement_number');

export const runs = pgTable(
  'runs',
  {
    id: uuid('id').primaryKey().$type<RunId>(),
    userId: text('user_id')
      .notNull()
      .references(() => user.id, { onDelete: 'cascade' }),
    name: text('name').notNull(),
    state: text('state').notNull().$type<RunState>(),
    chain: jsonb('chain').notNull().$type<ResolvedChain>(),
    plan: jsonb('plan').$type<Plan>(),
    planVersion: integer('plan_version').notNull(),
    priority: integer('priority').notNull(),
    /** The run of the same person and priority whose place in line it has taken over; null if it has its own. */
    turn: uuid('turn').$type<RunId>(),
    parentRunId: uuid('parent_run_id').$type<RunId>(),
    /** Unique for its user: the same key gives the same run. */
    idempotencyKey: text('idempotency_key'),
    /** SHA-256 of the request that came with the key. */
    requestHash: text('request_hash'),
    error: jsonb('error').$type<ErrorBody>(),
    /** Computes everything, whatever the result cache knows. */
    fresh: boolean('fresh').notNull().default(false),
    /** Raised by every write to the run's state, so that whoever keeps it in memory knows whether it is still so. */
    stateVersion: integer('state_version').notNull().default(0),
    createdAt: moment('created_at').notNull().defaultNow(),
    startedAt: moment('started_at'),
    endedAt: moment('ended_at'),
  },
  (table) => [
    uniqueIndex('runs_idempotency').on(table.userId, table.idempotencyKey),
    index('runs_of_user').on(table.userId, table.id.desc()),
    index('runs_open').on(table.userId).where(sql`state in ('planning', 'running', 'paused')`),
    index('runs_to_plan').on(table.id).where(sql`state = 'planning'`),
  ],
);

const runId = () =>
  uuid('run_id')
    .notNull()
    .$type<RunId>()
    .references(() => runs.id, { onDelete: 'cascade' });

export const steps = pgTable(
  'steps',
  {
    runId: runId(),
    stepId: text('step_id').notNull(),
    /** Each comes after what it reads. */
    position: integer('position').notNull(),
    task: text('task').notNull(),
    state: text('state').notNull().$type<StepState>(),
    parameters: jsonb('parameters').notNull().$type<Record<string, unknown>>(),
    /** Where each bound port takes its values from. */
    inputs: jsonb('inputs').notNull().$type<Record<string, Source[]>>(),
    /** What its measurements are divided by: docs/decisions/0020. */
    work: doublePrecision('work').notNull(),
    /** Expected of its outputs, by port. */
    dimensions: jsonb('dimensions').notNull().default({}).$type<DimensionsByName>(),
    reads: text('reads').array().notNull(),
    /** How many of `reads` have not succeeded yet. */
    remaining: integer('remaining').notNull(),
    /** What it is bound to; null while it has to be planned. */
    boundEdge: uuid('bound_edge').$type<EdgeId>(),
    boundModel: text('bound_model'),
    /** Edges that share its shards, where it has several; the bound one first. */
    sharing: jsonb('sharing').$type<PlannedShare[]>(),
    /** The last binding with names for people, and what was expected of it. */
    offer: jsonb('offer').$type<Offer>(),
    prediction: jsonb('prediction').$type<Prediction>(),
    reused: boolean('reused').notNull(),
    startedAt: moment('started_at'),
    endedAt: moment('ended_at'),
    error: jsonb('error').$type<ErrorBody>(),
  },
  (table) => [primaryKey({ columns: [table.runId, table.stepId] })],
);

export const shards = pgTable(
  'shards',
  {
    runId: runId(),
    stepId: text('step_id').notNull(),
    index: integer('index').notNull(),
    /** When it is best begun, among its step's. */
    rank: integer('rank').notNull().default(0),
    done: boolean('done').notNull(),
    /** Answered by the result cache. */
    cached: boolean('cached').notNull().default(false),
    failures: integer('failures').notNull(),
    losses: integer('losses').notNull(),
    avoid: text('avoid').array().notNull().$type<EdgeId[]>(),
  },
  (table) => [
    primaryKey({ columns: [table.runId, table.stepId, table.index] }),
    foreignKey({ columns: [table.runId, table.stepId], foreignColumns: [steps.runId, steps.stepId] }).onDelete('cascade'),
  ],
);

export const attempts = pgTable(
  'attempts',
  {
    id: uuid('id').primaryKey(),
    runId: runId(),
    stepId: text('step_id').notNull(),
    shard: integer('shard').notNull(),
    /** Counts from 1 within its shard. */
    number: integer('number').notNull(),
    edgeId: uuid('edge_id')
      .notNull()
      .$type<EdgeId>()
      .references(() => edges.id, { onDelete: 'cascade' }),
    modelId: text('model_id').notNull(),
    /** Of a step that edges share: the only hash with which it may be computed. */
    modelHash: text('model_hash'),
    state: text('state').notNull().$type<AttemptState>(),
    priority: integer('priority').notNull(),
    /** Predicted seconds on its edge, transfers and loading included. */
    predictedSeconds: doublePrecision('predicted_seconds').notNull(),
    fence: whole('fence'),
    leaseExpiresAt: moment('lease_expires_at'),
    queuedAt: moment('queued_at').notNull().defaultNow(),
    startedAt: moment('started_at'),
    endedAt: moment('ended_at'),
    timings: jsonb('timings').$type<Timings>(),
    error: jsonb('error').$type<ErrorBody>(),
    /** The end of what the driver wrote, where it failed. */
    log: text('log'),
  },
  (table) => [
    uniqueIndex('attempts_number').on(table.runId, table.stepId, table.shard, table.number),
    foreignKey({ columns: [table.runId, table.stepId, table.shard], foreignColumns: [shards.runId, shards.stepId, shards.index] }).onDelete('cascade'),
    index('attempts_queue').on(table.edgeId, table.priority.desc(), table.id).where(sql`state = 'queued'`),
    index('attempts_leased').on(table.edgeId, table.leaseExpiresAt).where(sql`state = 'leased'`),
  ],
);
