/**
 * People, sessions, API tokens and single-use codes. The first five tables have the shape that better-auth 1.7 and its
 * API-key plugin read and write; a column may be added, none may be renamed.
 */
import { sql } from 'drizzle-orm';
import { type AnyPgColumn, bigint, boolean, index, integer, pgTable, text, timestamp, uniqueIndex } from 'drizzle-orm/pg-core';

const moment = (name: string) => timestamp(name, { withTimezone: true });
const createdAt = () => moment('created_at').notNull().defaultNow();
const updatedAt = () => moment('updated_at').notNull().defaultNow();

export const user = pgTable('user', {
  id: text('id').primaryKey(),
  name: text('name').notNull(),
  email: text('email').notNull().unique(),
  emailVerified: boolean('email_verified').notNull().default(false),
  image: text('image'),
  role: text('role', { enum: ['owner', 'member', 'guest'] })
    .notNull()
    .default('member'),
  /** The account of this machine's own command line: it has a token, no password, and is no person. */
  service: boolean('service').notNull().default(false),
  /** When a session or a token of theirs was used last, to the minute; null before they come, and for those who were here before it was kept. */
  lastSeenAt: moment('last_seen_at'),
  /** What owners set for this person; null leaves it to the studio. */
  mostOpenRuns: integer('most_open_runs'),
  mostUploadedBytes: bigint('most_uploaded_bytes', { mode: 'number' }),
  createdAt: createdAt(),
  updatedAt: updatedAt(),
});

const userId = () =>
  text('user_id')
    .notNull()
    .references(() => user.id, { onDelete: 'cascade' });

export const session = pgTable(
  'session',
  {
    id: text('id').primaryKey(),
    expiresAt: moment('expires_at').notNull(),
    token: text('token').notNull().unique(),
    ipAddress: text('ip_address'),
    userAgent: text('user_agent'),
    /** To the minute. */
    lastUsedAt: moment('last_used_at'),
    userId: userId(),
    createdAt: createdAt(),
    updatedAt: updatedAt(),
  },
  (table) => [index('session_user').on(table.userId)],
);

export const account = pgTable(
  'account',
  {
    id: text('id').primaryKey(),
    accountId: text('account_id').notNull(),
    providerId: text('provider_id').notNull(),
    userId: userId(),
    accessToken: text('access_token'),
    refreshToken: text('refresh_token'),
    idToken: text('id_token'),
    accessTokenExpiresAt: moment('access_token_expires_at'),
    refreshTokenExpiresAt: moment('refresh_token_expires_at'),
    scope: text('scope'),
    password: text('password'),
    createdAt: createdAt(),
    updatedAt: updatedAt(),
  },
  (table) => [index('account_user').on(table.userId)],
);

export const verification = pgTable(
  'verification',
  {
    id: text('id').primaryKey(),
    identifier: text('identifier').notNull(),
    value: text('value').notNull(),
    expiresAt: moment('expires_at').notNull(),
    createdAt: createdAt(),
    updatedAt: updatedAt(),
  },
  (table) => [index('verification_identifier').on(table.identifier)],
);

/** API tokens. `key` is a hash; `referenceId` is the user. */
export const apikey = pgTable(
  'apikey',
  {
    id: text('id').primaryKey(),
    configId: text('config_id').notNull().default('default'),
    name: text('name'),
    start: text('start'),
    referenceId: text('reference_id')
      .notNull()
      .references(() => user.id, { onDelete: 'cascade' }),
    prefix: text('prefix'),
    key: text('key').notNull(),
    refillInterval: integer('refill_interval'),
    refillAmount: integer('refill_amount'),
    lastRefillAt: moment('last_refill_at'),
    enabled: boolean('enabled').notNull().default(true),
    rateLimitEnabled: boolean('rate_limit_enabled').notNull().default(false),
    rateLimitTimeWindow: integer('rate_limit_time_window'),
    rateLimitMax: integer('rate_limit_max'),
    requestCount: integer('request_count').notNull().default(0),
    remaining: integer('remaining'),
    lastRequest: moment('last_request'),
    expiresAt: moment('expires_at'),
    createdAt: createdAt(),
    updatedAt: updatedAt(),
    permissions: text('permissions'),
    metadata: text('metadata'),
    /** The token with which it was made: it goes with that one, and ends no later. Null if it was made by a sign-in. */
    madeBy: text('made_by').references((): AnyPgColumn => apikey.id, { onDelete: 'cascade' }),
  },
  (table) => [index('apikey_key').on(table.key), index('apikey_reference').on(table.referenceId), index('apikey_made_by').on(table.madeBy)],
);

/** Counters of better-auth's rate limits, so that a restart does not give a guesser new tries. */
export const rateLimit = pgTable('rate_limit', {
  id: text('id').primaryKey(),
  key: text('key').notNull().unique(),
  count: integer('count').notNull(),
  /** Milliseconds since 1970. */
  lastRequest: bigint('last_request', { mode: 'number' }).notNull(),
});

/** Codes that work once: the first owner's welcome, the joining of an edge, an invitation, the reset of a password. Only their SHA-256 is kept. */
export const singleUseToken = pgTable(
  'single_use_token',
  {
    id: text('id').primaryKey(),
    purpose: text('purpose', { enum: ['welcome', 'join-edge', 'invitation', 'reset-password'] }).notNull(),
    tokenHash: text('token_hash').notNull().unique(),
    /** Null if the coordinator made it for itself. */
    createdBy: text('created_by').references(() => user.id, { onDelete: 'set null' }),
    createdAt: createdAt(),
    expiresAt: moment('expires_at').notNull(),
    usedAt: moment('used_at'),
    /** The edge or user that it brought in. */
    usedFor: text('used_for'),
    /** When an owner took it back. */
    revokedAt: moment('revoked_at'),
    /** Of an invitation: what its person will be, and words of whoever made it. */
    role: text('role', { enum: ['owner', 'member', 'guest'] }),
    note: text('note'),
    /** Of a reset: whose password, and whether their API tokens end with it. */
    forUser: text('for_user').references(() => user.id, { onDelete: 'cascade' }),
    endsTokens: boolean('ends_tokens').notNull().default(false),
  },
  (table) => [index('single_use_token_open').on(table.purpose, table.expiresAt).where(sql`used_at is null`)],
);

/** Whose a resumable upload is and what it became. The tus file store only knows bytes. */
export const upload = pgTable(
  'upload',
  {
    id: text('id').primaryKey(),
    userId: userId(),
    createdAt: createdAt(),
    /** The output that grants the uploader the use of the bytes; null until it is finished. */
    outputId: text('output_id'),
    hash: text('hash'),
    mediaType: text('media_type'),
    sizeBytes: bigint('size_bytes', { mode: 'number' }),
    name: text('name'),
    /** Why a finished upload was refused, as an error body. */
    error: text('error'),
  },
  (table) => [index('upload_user').on(table.userId), uniqueIndex('upload_output').on(table.outputId)],
);
