import { AtelierError, limits, type UsageView } from '@atelier/protocol';
import type { Database } from '@atelier/store';
import { sql } from 'drizzle-orm';

interface Held {
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
  readonly #quotaBytes: number;
  readonly #hasOthers: () => boolean;
  readonly #accounts = new Map<string, Account>();

  /** @param hasOthers whether other coordinators take bytes of the same people now */
  constructor(database: Database, quotaBytes: number, hasOthers: () => boolean = () => false) {
    this.#database = database;
    this.#quotaBytes = quotaBytes;
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
    if (account.atMost === undefined || this.#hasOthers() || account.atMost + sizeBytes > this.#quotaBytes) await this.#count(userId, account);
    const held = account.atMost as number;
    if (held + sizeBytes > this.#quotaBytes) throw noRoom(held, sizeBytes, this.#quotaBytes);
    add(account, mostBytes);
    account.promised += mostBytes;
    try {
      return await bring();
    } finally {
      account.promised -= mostBytes;
    }
  }

  /** What a person has on the disks of this studio, and how much it may be. */
  async usage(userId: string): Promise<UsageView> {
    const [{ brought, open }, { rows }] = await Promise.all([
      heldBy(this.#database, userId),
      this.#database.db.execute<{ made: number }>(sql`SELECT ${bytesOf(userId, 'NOT NULL')} AS made`),
    ]);
    const uploads = { bytes: brought, mostBytes: this.#quotaBytes, open, mostOpen: limits.openUploadsPerPerson };
    return { uploads, results: { bytes: rows[0]?.made ?? 0 } };
  }

  #accountOf(userId: string): Account {
    const account = this.#accounts.get(userId) ?? { atMost: undefined, promised: 0, sinceCount: 0, counting: undefined };
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
    const { brought, coming } = await heldBy(this.#database, userId);
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
  const { rows } = await db.execute<Record<keyof Held, number>>(sql`SELECT ${bytesOf(userId, 'NULL')} AS brought,
    count(*)::int AS open, coalesce(sum(coalesce(size_bytes, ${limits.uploadBytes})), 0)::float8 AS coming
    FROM upload WHERE user_id = ${userId} AND output_id IS NULL AND error IS NULL`);
  return rows[0] as Held;
}

function noRoom(heldBytes: number, comingBytes: number, quotaBytes: number): AtelierError {
  const message = `There is no room for ${inWords(comingBytes)} more: your uploads take ${inWords(heldBytes)} of ${inWords(quotaBytes)}.`;
  return new AtelierError('too-large', message, {
    hint: `Delete uploads that you do not need; their room is free after ${limits.undoDays} days. Or ask the owner for more (--upload-quota).`,
  });
}

function inWords(bytes: number): string {
  const units = ['bytes', 'kB', 'MB', 'GB', 'TB'];
  const power = Math.min(Math.floor(Math.log10(Math.max(bytes, 1)) / 3), units.length - 1);
  return `${Number((bytes / 1000 ** power).toPrecision(3))} ${units[power]}`;
}
