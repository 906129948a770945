import { inBackground } from '@atelier/background';
import { newId } from '@atelier/protocol';
import { type Database, listen } from '@atelier/store';
import type { Pool, PoolClient } from 'pg';
import type { Logger } from '../contracts/index.ts';
import { type Notification, readNotification, writeNotification } from './notifications.ts';

export interface ClusterOptions {
  readonly database: Pick<Database, 'url' | 'pool'>;
  readonly log: Logger;
  /** The data folder's own name, which outlives the process. */
  readonly home: string;
  readonly url: string;
  readonly version: string;
  /** Where artifacts are kept, in words without secrets: coordinators that say the same share them. */
  readonly storage: string;
  /** Milliseconds for which it counts as alive after it said so last; as long as a lease, so that its edges are given up with it. */
  readonly aliveMs: number;
}

/** Another coordinator on the same database that lives. */
export interface OtherCoordinator {
  readonly id: string;
  readonly url: string;
  readonly version: string;
  readonly storage: string;
}

/** What is done with what others tell. */
export interface Hearing {
  readonly heard: (notification: Notification, from: string) => void;
  /** Notifications may have been missed, or others have come or gone: everything has to be looked at again. */
  readonly missed: () => void;
}

const everybody = 'atelier';
const channelOf = (id: string) => `atelier_${id}`;

/**
 * The other coordinators on this database: who they are, telling them, and hearing them. One that is alone tells nothing: `NOTIFY` puts the
 * commits of a database in one line, so it is paid for only if somebody listens. Docs: docs/decisions/0025.
 */
export class Cluster {
  /** Of this life of this coordinator. */
  readonly id = newId<string>();
  readonly #options: ClusterOptions;
  #others = new Map<string, OtherCoordinator>();
  #hearing: Hearing | undefined;
  #stop: (() => Promise<void>) | undefined;

  constructor(options: ClusterOptions) {
    this.#options = options;
  }

  /** Makes itself known. An earlier life in the same data folder has ended: nobody waits for its lease. */
  async open(): Promise<void> {
    const { database, home } = this.#options;
    await database.pool.query("DELETE FROM coordinators WHERE home = $1 OR alive_until < now() - interval '1 day'", [home]);
    await this.look();
    await this.#notify(database.pool, everybody, { kind: 'coordinators' });
  }

  /** Hears the others from now on. */
  hear(hearing: Hearing): void {
    const { database, log } = this.#options;
    this.#hearing = hearing;
    this.#stop = listen(database, [everybody, channelOf(this.id)], {
      heard: (payload) => this.#heard(payload),
      opened: () => inBackground(log, 'the other coordinators are looked for with the next round', this.#lookAgain()),
      lost: (error) => log.warn({ error: error.message }, 'the other coordinators are not heard now; they are looked at in rounds until they are'),
    });
  }

  /** Says that it lives, and looks who else does. @returns whether others have come or gone */
  async look(): Promise<boolean> {
    const { database, home, url, version, storage, aliveMs, log } = this.#options;
    const { rows } = await database.pool.query<OtherCoordinator>({
      name: 'coordinators-alive',
      text: `WITH me AS (
          INSERT INTO coordinators (id, home, url, version, storage, alive_until) VALUES ($1, $2, $3, $4, $5, now() + $6 * interval '1 millisecond')
          ON CONFLICT (id) DO UPDATE SET alive_until = excluded.alive_until)
        SELECT id, url, version, storage FROM coordinators WHERE id <> $1 AND alive_until > now()`,
      values: [this.id, home, url, version, storage, aliveMs],
    });
    const before = this.#others;
    this.#others = new Map(rows.map((row) => [row.id, row]));
    for (const other of rows) if (!before.has(other.id)) this.#met(other);
    for (const gone of before.values()) if (!this.#others.has(gone.id)) log.warn({ coordinatorId: gone.id, url: gone.url }, 'another coordinator is gone');
    return rows.length !== before.size || rows.some(({ id }) => !before.has(id));
  }

  #met(other: OtherCoordinator): void {
    const { log, storage, version } = this.#options;
    log.info({ coordinatorId: other.id, url: other.url }, 'another coordinator works on this database');
    if (other.version !== version)
      log.warn({ url: other.url, version: other.version, own: version }, 'another coordinator is of another release; run the same everywhere');
    if (other.storage !== storage)
      log.warn(
        { url: other.url, storage: other.storage, own: storage },
        'another coordinator keeps its artifacts elsewhere, so each lacks those of the other; give both the same --storage (docs/several-coordinators.md)',
      );
  }

  others(): OtherCoordinator[] {
    return [...this.#others.values()];
  }

  hasOthers(): boolean {
    return this.#others.size > 0;
  }

  /** Whether this is another coordinator that lives. */
  isOther(id: string | null): id is string {
    return id !== null && this.#others.has(id);
  }

  /**
   * Tells all others, or one. In a transaction it is told with its commit. Does nothing if nobody else lives.
   * @param on the transaction; the pool for what is in no transaction
   */
  async tell(notification: Notification, on: Pool | PoolClient = this.#options.database.pool, to?: string): Promise<void> {
    if (this.hasOthers()) await this.#notify(on, to === undefined ? everybody : channelOf(to), notification);
  }

  /** {@link tell} for what nobody waits for. What is not told is found with a round. */
  tellLater(notification: Notification, to?: string): void {
    if (this.hasOthers()) inBackground(this.#options.log, 'the other coordinators were not told; they look in rounds', this.tell(notification, undefined, to));
  }

  /** Leaves, so that its edges are free at once. */
  async close(): Promise<void> {
    const { database } = this.#options;
    await this.#stop?.();
    await database.pool.query('DELETE FROM coordinators WHERE id = $1', [this.id]).catch(() => undefined);
    await this.tell({ kind: 'coordinators' }).catch(() => undefined);
  }

  async #notify(on: Pool | PoolClient, channel: string, notification: Notification): Promise<void> {
    await on.query({ name: 'notify', text: 'SELECT pg_notify($1, $2)', values: [channel, writeNotification(this.id, notification)] });
  }

  async #lookAgain(): Promise<void> {
    await this.look();
    this.#hearing?.missed();
  }

  #heard(payload: string): void {
    const said = readNotification(payload);
    if (!said) {
      this.#options.log.warn({ bytes: payload.length }, 'a notification of another coordinator was not understood; what it meant is found in the next round');
      return;
    }
    if (said.from === this.id) return;
    // Somebody who is not known yet has just come: from now on they are told.
    if (said.notification.kind === 'coordinators' || !this.#others.has(said.from))
      inBackground(this.#options.log, 'the other coordinators are looked for with the next round', this.#lookAgain());
    this.#hearing?.heard(said.notification, said.from);
  }
}
