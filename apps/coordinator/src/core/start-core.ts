import { endedRunStates } from '@atelier/protocol';
import { migrate } from '@atelier/store';
import type { Advanced } from './advance.ts';
import { Answers } from './answers.ts';
import { createSavedChains } from './chains/index.ts';
import { Proofs } from './claims/index.ts';
import type { CoreContext } from './context.ts';
import type { Core, CoreOptions, CoreTimes } from './core.ts';
import { Dispatcher } from './dispatcher.ts';
import { DoubleChecks } from './double-checks/index.ts';
import { EdgeRoom, isHopeless } from './edge-room.ts';
import { RunEvents } from './events.ts';
import { facePart as fleetPart } from './face-fleet.ts';
import { facePart as runsPart } from './face-runs.ts';
import { Fleet } from './fleet.ts';
import { createGallery } from './gallery/index.ts';
import { History } from './history.ts';
import { LiveAttempts } from './live-attempts.ts';
import { ModelStanding } from './model-standing.ts';
import { Planning } from './planning.ts';
import { Reaper } from './reaper.ts';
import { Replication } from './replication.ts';
import { RunChanges } from './run-changes.ts';
import { attemptKey, RunStates } from './run-rows.ts';

const designTimes: CoreTimes = { leaseMs: 10_000, reapMs: 1_000, sweepMs: 5_000 };

/** The parts that act on their own. */
export interface CoreParts {
  readonly dispatcher: Dispatcher;
  readonly planning: Planning;
  readonly replication: Replication;
  readonly room: EdgeRoom;
  readonly doubleChecks: DoubleChecks;
}

/**
 * Brings the schema up to date, reads what was going on, and goes on with it.
 * The database stays its caller's to close, after `Core.close`.
 */
export async function startCore(options: CoreOptions): Promise<Core> {
  const { database } = options;
  const times = { ...designTimes, ...options.times };
  await migrate(database);
  const changes = new RunChanges(database.pool, (advanced) => afterCommit(context, parts, advanced));
  const fleet = new Fleet(database, times.leaseMs);
  const standing = new ModelStanding(options.catalogue);
  const context: CoreContext = {
    ...options,
    times,
    changes,
    fleet,
    standing,
    history: new History(database.pool),
    live: new LiveAttempts(),
    events: new RunEvents(),
    advancing: { states: new RunStates(), answers: new Answers(fleet, standing), leaseMs: times.leaseMs },
  };
  const parts = assemble(context);
  await takeUp(context);
  await parts.doubleChecks.load();
  const reaper = new Reaper(context, parts);
  await parts.planning.fleetChanged();
  return {
    ...runsPart(context, parts),
    ...fleetPart(context, parts),
    chains: createSavedChains(database),
    gallery: createGallery(context),
    doubleChecks: parts.doubleChecks,
    async close() {
      await reaper.close();
      await parts.planning.close();
      await parts.dispatcher.close();
    },
  };
}

function assemble(context: CoreContext): CoreParts {
  const doubleChecks = new DoubleChecks(context);
  const dispatcher = new Dispatcher(context, doubleChecks);
  const planning = new Planning(context);
  const replication = new Replication(context);
  const proofs = new Proofs(context, replication);
  return { dispatcher, planning, replication, doubleChecks, room: new EdgeRoom(context, { dispatcher, planning, replication, proofs, doubleChecks }) };
}

/** Reads what another life of this coordinator left. Leases are extended once, so that edges can come back and keep their work. */
async function takeUp(context: CoreContext): Promise<void> {
  const { database, times, fleet, history, live } = context;
  await database.pool.query("UPDATE attempts SET lease_expires_at = now() + $1 * interval '1 millisecond' WHERE state = 'leased'", [times.leaseMs]);
  await Promise.all([fleet.load(), history.load(), live.load(database.pool), live.loadTurns(database.pool)]);
}

/** What a commit asks for. Nothing here can fail the commit, and all of it is found again in the rows after a crash. */
function afterCommit(context: CoreContext, parts: CoreParts, advanced: Advanced): void {
  if (advanced.next) context.advancing.states.keep(advanced.next, endedRunStates.includes(advanced.state));
  context.live.follow(advanced);
  context.events.changed(advanced);
  const edges = new Set(advanced.attempts.map((attempt) => attempt.edgeId));
  for (const command of advanced.commands) {
    if (command.kind === 'plan') parts.planning.request(advanced.runId);
    if (command.kind === 'ended') context.log.info({ runId: advanced.runId, state: advanced.state }, 'a run ended');
    if (command.kind === 'stop') {
      const stopped = advanced.attempts.find((attempt) => attemptKey(attempt) === attemptKey(command.attempt));
      if (stopped) context.link.send(command.edgeId, { kind: 'cancel', attemptId: stopped.id as never });
    }
  }
  for (const edgeId of edges) {
    parts.dispatcher.wake(edgeId);
    const hopeless = context.live.ofEdge(edgeId).some((attempt) => attempt.state === 'queued' && isHopeless(context, attempt));
    if (hopeless) parts.room.withdrawHopeless(edgeId).catch((error: unknown) => context.log.warn({ edgeId, error: String(error) }, 'left to the next round'));
  }
}
