import { inBackground } from '@atelier/background';
import { AtelierError, type AttemptId, limits, type ModelManifest, type RunId } from '@atelier/protocol';
import type { Database } from '@atelier/store';
import type { Replication } from '../bytes/index.ts';
import type { Cluster, Hearing, Notification, PassingOn } from '../cluster/index.ts';
import type { EdgeLink, Logger } from '../contracts/index.ts';
import type { Controls } from '../controls/index.ts';
import type { Leases, LiveAttempts } from '../dispatch/index.ts';
import type { DoubleChecks } from '../double-checks/index.ts';
import type { EdgeMessages } from '../edges/index.ts';
import type { Fleet, Moved } from '../fleet/index.ts';
import type { History, Planning } from '../planning/index.ts';
import type { RunFeed } from '../runs/index.ts';
import type { FollowedRuns } from './followed-runs.ts';

export interface FollowingNeeds {
  readonly database: Database;
  readonly log: Logger;
  readonly link: EdgeLink;
  readonly catalogue: readonly ModelManifest[];
  readonly cluster: Cluster;
  readonly passingOn: PassingOn;
  readonly followedRuns: FollowedRuns;
  readonly fleet: Fleet;
  readonly live: LiveAttempts;
  readonly leases: Leases;
  readonly feed: RunFeed;
  readonly planning: Planning;
  readonly history: History;
  readonly replication: Replication;
  readonly doubleChecks: DoubleChecks;
  readonly controls: Controls;
  readonly messages: EdgeMessages;
}

/** Full looks come one after the other, and those that are asked for meanwhile are one. */
interface Looking {
  now: Promise<void> | undefined;
  isWanted: boolean;
}

/** What this coordinator does with what others tell, and with what it finds by itself in rounds, in case it was not told. */
export class Following implements Hearing {
  readonly #needs: FollowingNeeds;
  readonly #looking: Looking = { now: undefined, isWanted: false };
  #hadOthers = false;

  constructor(needs: FollowingNeeds) {
    this.#needs = needs;
  }

  /** A round: says that it lives, and looks at everything that others may have changed. */
  async round(): Promise<void> {
    await this.#needs.cluster.look();
    this.missed();
    await this.#looking.now;
  }

  missed = (): void => {
    const looking = this.#looking;
    looking.isWanted = true;
    if (looking.now) return;
    looking.now = this.#lookWhileWanted().finally(() => {
      looking.now = undefined;
    });
    inBackground(this.#needs.log, 'what other coordinators changed is looked at with the next round', looking.now);
  };

  async #lookWhileWanted(): Promise<void> {
    while (this.#looking.isWanted) {
      this.#looking.isWanted = false;
      await this.#lookAtAll();
    }
  }

  /** Once more after the last of the others has gone: what it changed last may not have been heard. */
  async #lookAtAll(): Promise<void> {
    const { cluster, fleet, followedRuns, history, feed, live, database } = this.#needs;
    const hasOthers = cluster.hasOthers();
    if (!hasOthers && !this.#hadOthers) return;
    this.#hadOthers = hasOthers;
    await this.#settle(await fleet.look());
    await followedRuns.catchUp();
    await followedRuns.catchUpWatchers();
    await history.readOthers(fleet.all().flatMap(({ id, connected }) => (connected ? [id] : [])));
    await live.loadTurns(database.pool);
    this.#sayWatched(feed.watched());
  }

  #sayWatched(runIds: readonly RunId[]): void {
    for (let at = 0; at < runIds.length; at += limits.runsPerNotification) {
      this.#needs.cluster.tellLater({ kind: 'watched', runIds: runIds.slice(at, at + limits.runsPerNotification) });
    }
  }

  heard = (notification: Notification, from: string): void => {
    inBackground(this.#needs.log, 'what another coordinator told is found with the next round', this.#take(notification, from));
  };

  async #take(notification: Notification, from: string): Promise<void> {
    const { followedRuns, passingOn, replication, fleet, live, database, doubleChecks } = this.#needs;
    switch (notification.kind) {
      case 'coordinators':
        // Who has come or gone is looked at by the cluster itself, which then says that something may have been missed.
        return;
      case 'run':
        return followedRuns.changedElsewhere(notification);
      case 'edge':
        return this.#settle(await fleet.look(notification.edgeId));
      case 'watched':
        return passingOn.watched(notification.runIds, from);
      case 'progress':
        return this.#progress(notification);
      case 'model':
        return this.#model(notification);
      case 'store':
        return this.#store(notification.hash, from);
      case 'stored':
        return replication.storedElsewhere(notification.hash, notification.ok);
      case 'control':
        this.#needs.controls.changedElsewhere(notification.runId, notification.stepId);
        return this.#needs.feed.changedElsewhere(notification.runId, [notification.stepId], []);
      case 'turns':
        return live.loadTurns(database.pool);
      case 'settings':
        return doubleChecks.load();
    }
  }

  /** Bytes that another coordinator wants of an edge here, or that are here already. */
  async #store(hash: string, from: string): Promise<void> {
    const { replication, cluster, log } = this.#needs;
    const ok = await replication.ensureStored(hash, AbortSignal.timeout(limits.bytesElsewhereSeconds * 1000)).then(
      () => true,
      (thrown: unknown) => {
        log.warn({ hash, error: AtelierError.from(thrown).message }, 'bytes that another coordinator asked for could not be brought');
        return false;
      },
    );
    cluster.tellLater({ kind: 'stored', hash, ok }, from);
  }

  #progress({ runId, stepId, shard, attemptId, fraction, remainingSeconds }: Extract<Notification, { kind: 'progress' }>): void {
    const { live, feed } = this.#needs;
    const attempt = live.get(attemptId);
    if (attempt) live.progressed(attempt, fraction);
    feed.pass(runId, { kind: 'progress', stepId, shard, attemptId: attemptId as AttemptId, fraction, message: null, remainingSeconds });
  }

  #model({ edgeId, modelId, wanted }: Extract<Notification, { kind: 'model' }>): void {
    const { link, catalogue } = this.#needs;
    const manifest = catalogue.find(({ id }) => id === modelId);
    if (wanted === 'remove') link.send(edgeId, { kind: 'remove-model', modelId });
    else if (manifest) link.send(edgeId, { kind: 'pull-model', manifest });
    else this.#needs.log.warn({ edgeId, modelId }, 'another coordinator asks for a model that the catalogue here does not have; give both the same manifests');
  }

  async #settle(moved: readonly Moved[]): Promise<void> {
    for (const one of moved) await this.#settleOne(one);
    if (moved.length > 0) await this.#needs.planning.fleetChanged();
  }

  async #settleOne({ edge, verdict }: Moved): Promise<void> {
    const { fleet, link, log, messages, leases, cluster } = this.#needs;
    const { id: edgeId, name } = edge;
    if (verdict === 'theirs') {
      log.warn({ edgeId, name }, 'an edge has connected to another coordinator; its connection here is closed');
      link.release(edgeId);
      await messages.disconnected(edgeId);
      await fleet.look(edgeId);
    } else if (verdict === 'free') {
      await fleet.reclaim(edge);
    } else if (verdict === 'revoked') {
      log.warn({ edgeId, name, coordinators: cluster.others().length }, 'an edge was revoked at another coordinator');
      fleet.revokedElsewhere(edge);
      link.revoke(edgeId);
      await messages.disconnected(edgeId);
      await leases.withdrawHopeless(edgeId);
    } else if (verdict === 'draining') {
      link.send(edgeId, { kind: 'drain', on: edge.draining });
      if (edge.draining) await leases.withdrawHopeless(edgeId);
    }
  }
}
