import { planChain } from '@atelier/planner';
import { AtelierError, type RunId, type RunView } from '@atelier/protocol';
import type { RunMachineEvent } from '@atelier/runs';
import { chainOf } from './chain-request.ts';
import { advanceRun, type CoreContext } from './context.ts';
import type { Core, Viewer } from './core.ts';
import { createRun } from './create-run.ts';
import { fleetSnapshot } from './fleet-snapshot.ts';
import { findOutput, plannedInputs, recordUpload } from './inputs.ts';
import { moveRun } from './line/index.ts';
import { readQueue } from './queue.ts';
import { runAgain } from './run-again.ts';
import type { CoreParts } from './start-core.ts';
import { listRuns, maySee, notFound, readChanges, readRun } from './views.ts';

type RunsPart = Pick<
  Core,
  | 'plan'
  | 'createRun'
  | 'getRun'
  | 'listRuns'
  | 'cancelRun'
  | 'pauseRun'
  | 'resumeRun'
  | 'continueRun'
  | 'runAgain'
  | 'watchRun'
  | 'queue'
  | 'moveRun'
  | 'recordUpload'
  | 'readableOutput'
  | 'ensureStored'
  | 'awaitsStore'
  | 'edgeBrought'
>;

/** The part of the core's face that is about runs and their outputs. */
export function facePart(context: CoreContext, parts: CoreParts): RunsPart {
  const { database, fleet } = context;
  const read = (viewer: Viewer, runId: RunId) => readRun(database, fleet, viewer, runId);
  const steer = steering(context, read);
  return {
    async plan(viewer, request) {
      const chain = chainOf(request);
      const inputs = await plannedInputs(context, viewer, chain, request);
      return planChain(chain, fleetSnapshot(context), { count: request.count, inputs, catalogue: context.catalogue });
    },
    createRun: async (viewer, request, { idempotencyKey }) => read(viewer, await createRun(context, viewer, request, idempotencyKey)),
    getRun: read,
    listRuns: (viewer, page) => listRuns(database, viewer, page),
    cancelRun: (viewer, runId) => steer(viewer, runId, { kind: 'cancel' }),
    pauseRun: (viewer, runId) => steer(viewer, runId, { kind: 'pause' }, 'Only a run that has not ended and is not paused can be paused.'),
    resumeRun: (viewer, runId) => steer(viewer, runId, { kind: 'resume' }, 'Only a paused run can be resumed.'),
    continueRun: (viewer, runId) => steer(viewer, runId, { kind: 'continue' }, 'Only a failed run can be continued.'),
    runAgain: async (viewer, request, { idempotencyKey }) => read(viewer, await runAgain(context, viewer, request, idempotencyKey)),
    watchRun(viewer, runId, signal) {
      const changes = (stepIds: readonly string[]) => readChanges(database, fleet, viewer, runId, stepIds);
      return context.events.watch(runId, { whole: () => read(viewer, runId), changes }, signal);
    },
    queue: (viewer) => readQueue(context, viewer),
    async moveRun(viewer, move) {
      await moveRun(context, viewer, move);
      return readQueue(context, viewer);
    },
    recordUpload: (viewer, artifact, record) => recordUpload(context, viewer, artifact, record),
    async readableOutput(viewer, outputId) {
      const { at: _at, ownName: _own, ...output } = await findOutput(context, viewer, outputId);
      return output;
    },
    ensureStored: (hash, signal) => parts.replication.ensureStored(hash, signal),
    awaitsStore: (edgeId, hash) => parts.replication.awaits(edgeId, hash),
    edgeBrought: (edgeId, arrived) => parts.room.brought(edgeId, arrived),
  };
}

/** Applies what a person wants of a run of theirs; `refusal` is why it may not apply, none where that is no error. */
function steering(context: CoreContext, read: (viewer: Viewer, runId: RunId) => Promise<RunView>) {
  return async (viewer: Viewer, runId: RunId, event: RunMachineEvent, refusal?: string): Promise<RunView> => {
    const { rows } = await context.database.pool.query('SELECT user_id, state FROM runs WHERE id = $1', [runId]);
    if (!rows[0] || !maySee(viewer, rows[0].user_id)) throw notFound();
    const advanced = await advanceRun(context, runId, event);
    if (advanced.accepted || refusal === undefined) return read(viewer, runId);
    throw new AtelierError('conflict', `The run is ${advanced.state}.`, { hint: refusal });
  };
}
