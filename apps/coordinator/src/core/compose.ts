import { inBackground } from '@atelier/background';
import type { EdgeId, RunId } from '@atelier/protocol';
import { migrate } from '@atelier/store';
import { findOutput, Replication, recordUpload } from './bytes/index.ts';
import { createSavedChains } from './chains/index.ts';
import { Proofs } from './claims/index.ts';
import { PassingOn } from './cluster/index.ts';
import { type CoreTimes, designTimes } from './contracts/index.ts';
import { Checkpoints, Controls } from './controls/index.ts';
import type { Core, CoreOptions } from './core.ts';
import { Dispatcher, Leases, LiveAttempts, WorkOrders } from './dispatch/index.ts';
import { DoubleChecks } from './double-checks/index.ts';
import { createEdges, EdgeMessages } from './edges/index.ts';
import { Fleet, ModelStanding } from './fleet/index.ts';
import { FollowedRuns, Following, notificationOf } from './following/index.ts';
import { createGallery } from './gallery/index.ts';
import { createPeople } from './people/index.ts';
import { History, Planning } from './planning/index.ts';
import { Rounds } from './rounds.ts';
import { createRuns, RunFeed } from './runs/index.ts';
import { composeServices } from './services/index.ts';
import { type Advanced, RunWriter, type Taking } from './state/index.ts';

/**
 * Brings the schema up to date, reads what was going on, and goes on with it.
 * The database stays its caller's to close, after `Core.close`.
 */
export async function startCore(options: CoreOptions): Promise<Core> {
  const { database } = options;
  const times = { ...designTimes, ...options.times };
  await migrate(database);
  const rooms = compose(options, times);
  await takeUp(options, rooms);
  const rounds = new Rounds(options.log, [
    { what: 'reap', everyMs: times.reapMs, work: () => reap(rooms) },
    { what: 'sweep', everyMs: times.sweepMs, work: () => sweep(rooms) },
  ]);
  // Apart from the others: however long those take, this one says in time that the coordinator lives.
  const looks = new Rounds(options.log, [{ what: 'look', everyMs: times.lookMs, work: () => rooms.following.round() }]);
  options.cluster.hear(rooms.following);
  await rooms.planning.fleetChanged();
  return {
    runs: createRuns(rooms),
    edges: createEdges(rooms),
    bytes: {
      recordUpload: (viewer, artifact, record) => recordUpload(options, viewer, artifact, record),
      async readable(viewer, outputId) {
        const { at: _at, ownName: _own, ...output } = await findOutput(database, viewer, outputId);
        return output;
      },
      ensureStored: (hash, signal) => rooms.replication.ensureStored(hash, signal),
      awaits: (edgeId, hash) => rooms.replication.awaits(edgeId, hash),
      brought: (edgeId, arrived) => rooms.messages.brought(edgeId, arrived),
    },
    chains: createSavedChains(database),
    gallery: createGallery(options),
    people: createPeople(rooms),
    services: rooms.services,
    doubleChecks: rooms.doubleChecks,
    async close() {
      await Promise.all([rounds.close(), looks.close()]);
      await rooms.planning.close();
      await rooms.dispatcher.close();
    },
  };
}

type Rooms = ReturnType<typeof compose>;

/** All rooms, each with what it needs of the others. This alone sees them all; what a commit asks for goes back to them from here. */
function compose(options: CoreOptions, times: CoreTimes) {
  const { database, cluster } = options;
  const fleet = new Fleet(database, cluster, times.leaseMs);
  const shared = {
    ...options,
    times,
    leaseMs: times.leaseMs,
    fleet,
    standing: new ModelStanding(options.catalogue),
    history: new History(database.pool),
    live: new LiveAttempts(),
    feed: new RunFeed((runId) => cluster.tellLater({ kind: 'watched', runIds: [runId] })),
    passingOn: new PassingOn(cluster, times.leaseMs),
  };
  const taking: Taking = { take: (...what) => dispatcher.take(...what), clear: (runId) => dispatcher.clear(runId) };
  const writer = new RunWriter({
    ...shared,
    taking,
    tell: (tx, advanced) => cluster.tell(notificationOf(advanced), tx),
    afterCommit: (advanced) => afterCommit(rooms, advanced),
  });
  const orders = new WorkOrders({ ...shared, writer });
  const leases = new Leases({ ...shared, writer });
  const onWaiting = (runId: RunId) => {
    shared.feed.changed({ runId, stepIds: [] });
    cluster.tellLater({ kind: 'run', runId, version: null, steps: [], resting: [] });
  };
  const planning = new Planning({ ...shared, writer, onWaiting });
  const doubleChecks = new DoubleChecks({ ...shared, orders });
  const replication = new Replication(shared);
  const checkpoints = new Checkpoints({ ...shared, replication });
  const controls = new Controls({ ...shared, checkpoints });
  const dispatcher: Dispatcher = new Dispatcher({
    ...shared,
    writer,
    orders,
    onTaken: (edgeId) => doubleChecks.giveWay(edgeId),
    onSent: (edgeId, order) => controls.sent(edgeId, order),
  });
  const proofs = new Proofs({ ...shared, replication });
  const followedRuns = new FollowedRuns({ ...shared, writer, dispatcher });
  const catchUp = () => followedRuns.catchUpWithOthers();
  const parts = {
    ...{ ...shared, ...composeServices(shared), writer, orders, leases, planning, doubleChecks, dispatcher, replication, proofs },
    ...{ checkpoints, controls, followedRuns, catchUp },
  };
  const messages = new EdgeMessages(parts);
  const rooms = { ...parts, messages, following: new Following({ ...parts, messages }) };
  return rooms;
}

/** Reads what another life of this coordinator left. */
async function takeUp({ database }: CoreOptions, { leases, serviceLeases, fleet, history, live, doubleChecks, checkpoints }: Rooms): Promise<void> {
  const { pool } = database;
  await Promise.all([leases.extendAll(), serviceLeases.takeUp()]);
  await Promise.all([fleet.load(), history.load(), live.load(pool), live.loadTurns(pool), doubleChecks.load(), checkpoints.load(pool)]);
}

async function reap({ leases, serviceLeases }: Rooms): Promise<void> {
  await Promise.all([leases.reap(), serviceLeases.reap()]);
}

async function sweep({ dispatcher, planning, replication, messages, doubleChecks, serviceLeases, checkpoints }: Rooms): Promise<void> {
  dispatcher.wakeAll();
  await planning.requestAll();
  await replication.retry();
  await messages.sweep();
  await doubleChecks.look();
  await serviceLeases.sweep();
  await checkpoints.sweep();
}

/** What a commit asks for. Nothing here can fail the commit, and all of it is found again in the rows after a crash. */
function afterCommit(rooms: Rooms, advanced: Advanced): void {
  const { live, feed, followedRuns, planning, link, log, dispatcher, leases, serviceLeases, checkpoints } = rooms;
  live.follow(advanced);
  dispatcher.handOver(advanced);
  followedRuns.changedHere(advanced);
  feed.changed(advanced);
  checkpoints.follow(advanced);
  for (const command of advanced.commands) {
    if (command.kind === 'plan') planning.request(advanced.runId);
    if (command.kind === 'ended') {
      log.info({ runId: advanced.runId, state: advanced.state }, 'a run ended');
      inBackground(log, 'services of a run that ended are left to the next round', serviceLeases.runEnded(advanced.runId));
    }
    if (command.kind === 'stop') {
      const { stepId, shard, number } = command.attempt;
      const stopped = advanced.attempts.find((attempt) => attempt.stepId === stepId && attempt.shard === shard && attempt.number === number);
      if (stopped) link.send(command.edgeId, { kind: 'cancel', attemptId: stopped.id as never });
    }
  }
  for (const edgeId of new Set<EdgeId>(advanced.attempts.map((attempt) => attempt.edgeId))) {
    dispatcher.wake(edgeId);
    if (leases.hasHopeless(edgeId)) inBackground(log, 'attempts without an edge are left to the next round', leases.withdrawHopeless(edgeId));
  }
}
