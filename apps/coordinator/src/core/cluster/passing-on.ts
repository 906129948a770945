import { limits, type RunId } from '@atelier/protocol';
import type { Cluster } from './cluster.ts';
import type { Notification } from './notifications.ts';

type Progress = Extract<Notification, { kind: 'progress' }>;

/**
 * News of progress for people who watch at other coordinators. It stands in no row, so it is told outside of transactions, seldom, and only of
 * runs that somebody watches there.
 */
export class PassingOn {
  readonly #cluster: Pick<Cluster, 'tellLater' | 'isOther'>;
  readonly #now: () => number;
  readonly #believedMs: number;
  /** By run: coordinators at which it is watched, and until when that is believed. */
  readonly #watched = new Map<RunId, Map<string, number>>();
  /** When an attempt may be told of next. */
  readonly #next = new Map<string, number>();
  #second = 0;
  #inSecond = 0;

  /** @param believedMs how long a run counts as watched after that was said last @param now milliseconds that never go back */
  constructor(cluster: Pick<Cluster, 'tellLater' | 'isOther'>, believedMs: number, now: () => number = () => performance.now()) {
    this.#cluster = cluster;
    this.#believedMs = believedMs;
    this.#now = now;
  }

  /** Somebody watches these runs at another coordinator. */
  watched(runIds: readonly RunId[], at: string): void {
    const until = this.#now() + this.#believedMs;
    for (const runId of runIds) {
      const there = this.#watched.get(runId) ?? new Map<string, number>();
      this.#watched.delete(runId);
      this.#watched.set(runId, there.set(at, until));
    }
    for (const oldest of this.#watched.keys()) {
      if (this.#watched.size <= limits.runsWatchedElsewhere) return;
      this.#watched.delete(oldest);
    }
  }

  /** Tells how far an attempt is, unless nobody watches its run elsewhere or too much was told just now. */
  progress(progress: Omit<Progress, 'kind'>): void {
    const there = this.#watchersOf(progress.runId);
    if (there.length === 0 || !this.#mayTell(progress.attemptId)) return;
    for (const id of there) this.#cluster.tellLater({ kind: 'progress', ...progress }, id);
  }

  #watchersOf(runId: RunId): string[] {
    const there = this.#watched.get(runId);
    if (!there) return [];
    for (const [id, until] of there) if (until < this.#now() || !this.#cluster.isOther(id)) there.delete(id);
    if (there.size === 0) this.#watched.delete(runId);
    return [...there.keys()];
  }

  #mayTell(attemptId: string): boolean {
    const now = this.#now();
    const { ofAttempt, inAll } = limits.progressPassedOn;
    const second = Math.floor(now / 1000);
    if (second !== this.#second) {
      this.#second = second;
      this.#inSecond = 0;
      for (const [id, next] of this.#next) if (next <= now) this.#next.delete(id);
    }
    if (this.#inSecond >= inAll || (this.#next.get(attemptId) ?? 0) > now) return false;
    this.#inSecond += 1;
    this.#next.set(attemptId, now + 1000 / ofAttempt);
    return true;
  }
}
