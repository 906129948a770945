import { AtelierError, limits, type UsageView } from '@atelier/protocol';
import type { Database } from '@atelier/store';
import { sql } from 'drizzle-orm';

interface Held {
  /** What an owner set for them; null for what the studio allows everybody. */
  readonly most: number | null;
  /** Bytes of the different files that a person brought and that are still here, also of those deleted some days ago. */
  readonly brought: number;
  /** Uploads that are begun and not finished. */
  readonly open: number;
  /** Bytes that they may still bring. */
  readonly coming: number;
}

/** What is known of one person's room without asking the database. */
interface Account {
  /** Never less than what they hold and what was promised to them; undefined before it was counted. */
  atMost: number | undefined;
  /** Bytes that they may have, as they were when it was counted. */
  mostBytes: number;
  /** Promised, and perhaps not in the database yet. */
  promised: number;
  /** Promised since the count that goes on now began. */
  sinceCount: number;
  counting: Promise<void> | undefined;
}

/** Persons remembered at most; the others are counted again. */
const mostAccounts = 10_000;

/**
 * How many bytes each person may bring: uploads, what programs send in one piece, and the texts of runs. Whatever brings bytes claims
 * room for them before anything is written. The database is asked only where the room may be short: what was counted once and
 * promised since is never less than what is held. While other coordinators live, which promise too, it is counted each time: then people may go
 * over by what they bring at several coordinators at the same moment.
 */
export class Quota {
  readonly #database: Database;
  /** Bytes that a person may have for whom no owner has set anything. */
  readonly usualBytes: number;
  readonly #hasOthers: () => boolean;
  readonly #accounts = new Map<string, Account>();

  /** @param hasOthers whether other coordinators take bytes of the same people now */
  constructor(database: Database, usualBytes: number, hasOthers: () => boolean = () => false) {
    this.#database = database;
    this.usualBytes = usualBytes;
    this.#hasOthers = hasOthers;
  }

  /**
   * Brings bytes if there is room for them.
   * @param bring writes and records them; until it has ended, the room is theirs
   * @param mostBytes what it may bring in the end, where that is more than has to be free now
   * @throws AtelierError `too-large` over the quota; whatever `bring` throws
   */
  async bring<T>(userId: string, sizeBytes: number, bring: () => Promise<T>, mostBytes = sizeBytes): Promise<T> {
    if (sizeBytes === 0) return bring();
    const account = this.#accountOf(userId);
    if (account.atMost === undefined || this.#hasOthers() || account.atMost + sizeBytes > account.mostBytes) await this.#count(userId, account);
    const held = account.atMost as number;
    if (held + sizeBytes > account.mostBytes) throw noRoom(held, sizeBytes, account.mostBytes);
    add(account, mostBytes);
    account.promised += mostBytes;
    try {
      return await bring();
    } finally {
      account.promised -= mostBytes;
    }
  }

  /** What a person has on the disks of this studio and in its line, and how much it may be. */
  async usage(userId: string): Promise<UsageView> {
    const [{ brought, open, most }, { rows }] = await Promise.all([
      heldBy(this.#database, userId),
      this.#database.db.execute<{ made: number; openRuns: number; mostOpenRuns: number | null }>(sql`SELECT ${bytesOf(userId, 'NOT NULL')} AS made,
        (SELECT count(*)::int FROM runs WHERE user_id = ${userId} AND state IN ('planning', 'running', 'paused')) AS "openRuns",
        (SELECT most_open_runs FROM "user" WHERE id = ${userId}) AS "mostOpenRuns"`),
    ]);
    const uploads = { bytes: brought, mostBytes: most ?? this.usualBytes, open, mostOpen: limits.openUploadsPerPerson };
    const runs = { open: rows[0]?.openRuns ?? 0, mostOpen: rows[0]?.mostOpenRuns ?? limits.openRunsPerUser };
    return { uploads, results: { bytes: rows[0]?.made ?? 0 }, runs };
  }

  /** What a person has, or may have, was changed past this: it is counted again when they next bring something. */
  async countAgain(userId: string): Promise<void> {
    const account = this.#accounts.get(userId);
    // A count that goes on may have read what was before.
    await account?.counting;
    if (account) account.atMost = undefined;
  }

  #accountOf(userId: string): Account {
    const account = this.#accounts.get(userId) ?? { atMost: undefined, mostBytes: this.usualBytes, promised: 0, sinceCount: 0, counting: undefined };
    this.#accounts.delete(userId);
    this.#accounts.set(userId, account);
    for (const [oldest, { promised }] of this.#accounts) {
      if (this.#accounts.size <= mostAccounts || promised > 0) break;
      this.#accounts.delete(oldest);
    }
    return account;
  }

  /** Those who ask at the same time are told by the same count. */
  #count(userId: string, account: Account): Promise<void> {
    account.counting ??= this.#countNow(userId, account).finally(() => {
      account.counting = undefined;
    });
    return account.counting;
  }

  async #countNow(userId: string, account: Account): Promise<void> {
    const before = account.promised;
    account.sinceCount = 0;
    const { brought, coming, most } = await heldBy(this.#database, userId);
    account.mostBytes = most ?? this.usualBytes;
    account.atMost = brought + coming + before + account.sinceCount;
  }
}

function add(account: Account, sizeBytes: number): void {
  if (account.atMost !== undefined) account.atMost += sizeBytes;
  account.sinceCount += sizeBytes;
}

/** Bytes of the different artifacts that are here, of a person's outputs. @param made `NULL` for what they brought, `NOT NULL` for what runs made */
function bytesOf(userId: string, made: 'NULL' | 'NOT NULL') {
  return sql`(SELECT coalesce(sum(a.size_bytes), 0) FROM artifacts a WHERE a.hash IN (
    SELECT o.hash FROM outputs o JOIN replicas r ON r.hash = o.hash AND r.place = 'coordinator'
    WHERE o.user_id = ${userId} AND o.run_id IS ${sql.raw(made)}))::float8`;
}

async function heldBy({ db }: Database, userId: string): Promise<Held> {
  const { rows } = await db.execute<{ [Key in keyof Held]: Held[Key] }>(sql`SELECT ${bytesOf(userId, 'NULL')} AS brought,
    (SELECT most_uploaded_bytes FROM "user" WHERE id = ${userId})::float8 AS most,
    count(*)::int AS open, coalesce(sum(coalesce(size_bytes, ${limits.uploadBytes})), 0)::float8 AS coming
    FROM upload WHERE user_id = ${userId} AND output_id IS NULL AND error IS NULL`);
  return rows[0] as Held;
}

function noRoom(heldBytes: number, comingBytes: number, quotaBytes: number): AtelierError {
  const message = `There is no room for ${inWords(comingBytes)} more: your uploads take ${inWords(heldBytes)} of ${inWords(quotaBytes)}.`;
  return new AtelierError('too-large', message, {
    hint: `Delete uploads that you do not need; their room is free after ${limits.undoDays} days. Or ask an owner for more.`,
  });
}

function inWords(bytes: number): string {
  const units = ['bytes', 'kB', 'MB', 'GB', 'TB'];
  const power = Math.min(Math.floor(Math.log10(Math.max(bytes, 1)) / 3), units.length - 1);
  return `${Number((bytes / 1000 ** power).toPrecision(3))} ${units[power]}`;
}
