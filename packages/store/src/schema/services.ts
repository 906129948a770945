/** Services: long-lived processes on edges. The coordinator's core/services alone writes here. */
import type { EdgeId, ErrorBody, RunId, ServiceId, ServiceState } from '@atelier/protocol';
import { sql } from 'drizzle-orm';
import { boolean, index, integer, jsonb, pgTable, text, uuid } from 'drizzle-orm/pg-core';
import { user } from './auth.ts';
import { moment, whole } from './columns.ts';
import { edges } from './fleet.ts';
import { runs } from './runs.ts';

export const services = pgTable(
  'services',
  {
    id: uuid('id').primaryKey().$type<ServiceId>(),
    userId: text('user_id')
      .notNull()
      .references(() => user.id, { onDelete: 'cascade' }),
    /** The run with which it ends; null for one that its person stops. */
    runId: uuid('run_id')
      .$type<RunId>()
      .references(() => runs.id, { onDelete: 'cascade' }),
    kind: text('kind').notNull(),
    parameters: jsonb('parameters').notNull().$type<Record<string, unknown>>(),
    /** It may run on any edge. */
    anyEdge: boolean('any_edge').notNull(),
    edgeId: uuid('edge_id')
      .$type<EdgeId>()
      .references(() => edges.id, { onDelete: 'cascade' }),
    /** Whether it should run; once `stopped` it stays so. */
    wanted: text('wanted').notNull().$type<'running' | 'stopped'>(),
    state: text('state').notNull().$type<ServiceState>(),
    /** Of its lease: new whenever it is given to an edge, and after each restart, so that a ticket names one life of it. */
    fence: whole('fence'),
    leaseExpiresAt: moment('lease_expires_at'),
    restarts: integer('restarts').notNull().default(0),
    /** Times in a row that it was lost before it was well for a while. */
    losses: integer('losses').notNull().default(0),
    error: jsonb('error').$type<ErrorBody>(),
    /** The end of what its process wrote. */
    log: text('log').notNull().default(''),
    createdAt: moment('created_at').notNull().defaultNow(),
    readyAt: moment('ready_at'),
    endedAt: moment('ended_at'),
  },
  (table) => [
    index('services_of_user').on(table.userId, table.id.desc()),
    index('services_open').on(table.edgeId).where(sql`ended_at is null`),
    index('services_of_run').on(table.runId).where(sql`ended_at is null`),
  ],
);
