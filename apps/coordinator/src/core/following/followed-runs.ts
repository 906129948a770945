import { inBackground } from '@atelier/background';
import type { RunId } from '@atelier/protocol';
import type { Database } from '@atelier/store';
import type { Cluster, Notification } from '../cluster/index.ts';
import type { EdgeLink, Logger } from '../contracts/index.ts';
import type { Dispatcher, LiveAttempts } from '../dispatch/index.ts';
import type { RunFeed } from '../runs/index.ts';
import type { Advanced, RunWriter } from '../state/index.ts';

type RunNotification = Extract<Notification, { kind: 'run' }>;

export interface FollowedRunsNeeds {
  readonly database: Database;
  readonly log: Logger;
  readonly link: EdgeLink;
  readonly cluster: Pick<Cluster, 'hasOthers'>;
  readonly live: LiveAttempts;
  readonly feed: RunFeed;
  readonly writer: RunWriter;
  readonly dispatcher: Dispatcher;
}

/** What others are told of a change of a run. */
export function notificationOf({ runId, next, stepIds, shards }: Advanced): RunNotification {
  const resting = new Map(shards.map(({ stepId, total }) => [stepId, total]));
  return { kind: 'run', runId, version: next?.version ?? null, steps: [...stepIds], resting: [...resting] };
}

/** Runs that other coordinators change: what was said of them is read again from their rows, each run one at a time. */
export class FollowedRuns {
  readonly #needs: FollowedRunsNeeds;
  /** Runs that are to be read, with what was said of them meanwhile. */
  readonly #wanted = new Map<RunId, RunNotification>();
  readonly #reading = new Set<RunId>();
  /** Of runs that are watched here: the version that their watchers were told of. */
  readonly #told = new Map<RunId, number>();

  constructor(needs: FollowedRunsNeeds) {
    this.#needs = needs;
  }

  /** A change that was made here, after its commit. */
  changedHere({ runId, next }: Advanced): void {
    if (next && this.#needs.feed.isWatched(runId)) this.#told.set(runId, next.version);
  }

  /** Another coordinator has changed a run. Notifications that come while one is read are read together. */
  changedElsewhere(notification: RunNotification): void {
    const { runId } = notification;
    const before = this.#wanted.get(runId);
    this.#wanted.set(runId, before ? merged(before, notification) : notification);
    if (this.#reading.has(runId)) return;
    this.#reading.add(runId);
    inBackground(this.#needs.log, 'a run that another coordinator changed is read with the next round', this.#readAll(runId));
  }

  /** Reads all that is not as it is known here. A lone coordinator has nothing to read. */
  async catchUp(): Promise<void> {
    const { live, database } = this.#needs;
    for (const runId of await live.differing(database.pool)) await this.#read(runId);
  }

  /** {@link catchUp} before something depends on it, if others may have changed anything. */
  async catchUpWithOthers(): Promise<void> {
    if (this.#needs.cluster.hasOthers()) await this.catchUp();
  }

  /** Tells watchers of what they were not told, as if notifications had come. */
  async catchUpWatchers(): Promise<void> {
    const { feed, database } = this.#needs;
    const watched = feed.watched();
    for (const runId of this.#told.keys()) if (!feed.isWatched(runId)) this.#told.delete(runId);
    if (watched.length === 0) return;
    const { rows } = await database.pool.query<{ id: RunId; version: number }>('SELECT id, state_version AS version FROM runs WHERE id = ANY($1)', [watched]);
    for (const { id, version } of rows) {
      if (this.#told.get(id) !== version) this.changedElsewhere({ kind: 'run', runId: id, version, steps: null, resting: [] });
    }
  }

  async #readAll(runId: RunId): Promise<void> {
    try {
      for (let notification = this.#wanted.get(runId); notification; notification = this.#wanted.get(runId)) {
        this.#wanted.delete(runId);
        await this.#read(runId);
        await this.#tellWatchers(notification);
      }
    } finally {
      this.#reading.delete(runId);
    }
  }

  /** In order with what is changed here, so that memory never goes back to an older state. */
  async #read(runId: RunId): Promise<void> {
    const { live, database, writer, dispatcher } = this.#needs;
    const { ended, live: now } = await writer.inOrder(runId, () => live.readRun(database.pool, runId));
    const stopped = ended.filter(({ state }) => state === 'leased').map(({ id }) => id);
    if (stopped.length > 0) await this.#stop(stopped);
    for (const edgeId of new Set([...ended, ...now].map((attempt) => attempt.edgeId))) dispatcher.wake(edgeId);
  }

  /** Attempts that were taken from their edges: those whose sockets are here are told. */
  async #stop(attemptIds: readonly string[]): Promise<void> {
    const { database, link, feed } = this.#needs;
    const { rows } = await database.pool.query(
      `SELECT id, edge_id AS "edgeId", run_id AS "runId" FROM attempts WHERE id = ANY($1) AND state IN ('cancelled', 'lost', 'withdrawn')`,
      [attemptIds],
    );
    for (const { id, edgeId, runId } of rows) {
      link.send(edgeId, { kind: 'cancel', attemptId: id });
      feed.ended(runId, id);
    }
  }

  async #tellWatchers({ runId, steps, resting, version }: RunNotification): Promise<void> {
    const { feed, database } = this.#needs;
    if (!feed.isWatched(runId)) return;
    if (version !== null) this.#told.set(runId, version);
    feed.changedElsewhere(runId, steps ?? (await stepsOf(database, runId)), resting);
  }
}

function merged(before: RunNotification, after: RunNotification): RunNotification {
  const steps = before.steps && after.steps ? [...new Set([...before.steps, ...after.steps])] : null;
  return { ...after, version: after.version ?? before.version, steps, resting: [...new Map([...before.resting, ...after.resting])] };
}

async function stepsOf({ pool }: Database, runId: RunId): Promise<string[]> {
  const { rows } = await pool.query('SELECT step_id AS "stepId" FROM steps WHERE run_id = $1 ORDER BY position', [runId]);
  return rows.map(({ stepId }) => stepId as string);
}
