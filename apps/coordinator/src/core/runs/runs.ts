import { planChain } from '@atelier/planner';
import type {
  Again,
  ControlView,
  MoveRun,
  NewRun,
  Page,
  PlanRequest,
  PlanSet,
  QueueView,
  RunEvent,
  RunId,
  RunSummary,
  RunView,
  SteerStep,
} from '@atelier/protocol';
import { AtelierError } from '@atelier/protocol';
import type { RunMachineEvent } from '@atelier/runs';
import type { Cluster } from '../cluster/index.ts';
import { maySee, notFound, type Viewer } from '../contracts/index.ts';
import type { Controls } from '../controls/index.ts';
import { moveRun } from '../line/index.ts';
import { chainOf } from './chain-request.ts';
import { type CreateNeeds, createRun } from './create-run.ts';
import type { RunFeed } from './feed.ts';
import { type QueueNeeds, readQueue } from './queue.ts';
import { runAgain } from './run-again.ts';
import { plannedInputs } from './run-inputs.ts';
import { listRuns, readChanges, readRun } from './views.ts';

/** A key with which a request may come again: of the same person it gives the same run. */
export interface Keyed {
  readonly idempotencyKey?: string | undefined;
}

/** Runs as people make, see and steer them. Methods throw AtelierError `not-found` for what the viewer may not see. */
export interface Runs {
  /** @throws AtelierError of `resolveChain`; `no-offer` if no edge offers a step, with the model to pull as its hint */
  plan(viewer: Viewer, request: PlanRequest): Promise<PlanSet>;
  /**
   * Returns after commit. The same key of the same user gives the same run.
   * @throws AtelierError as `plan`; `conflict` if the key came with another body; `rate-limited` over limits.openRunsPerUser
   */
  create(viewer: Viewer, request: NewRun, options: Keyed): Promise<RunView>;
  get(viewer: Viewer, runId: RunId): Promise<RunView>;
  list(viewer: Viewer, page: Page): Promise<RunSummary[]>;
  /** What it made is kept. A run that has ended stays as it is: the call is answered with its view. */
  cancel(viewer: Viewer, runId: RunId): Promise<RunView>;
  /** @throws AtelierError `conflict` if the run has ended */
  pause(viewer: Viewer, runId: RunId): Promise<RunView>;
  /** @throws AtelierError `conflict` if the run has ended */
  resume(viewer: Viewer, runId: RunId): Promise<RunView>;
  /** Tries the failed steps again. @throws AtelierError `conflict` if the run has not failed */
  continue(viewer: Viewer, runId: RunId): Promise<RunView>;
  /** @throws AtelierError as `create`; `not-found`, `invalid-input` */
  again(viewer: Viewer, request: Again, options: Keyed): Promise<RunView>;
  /** Opens with `snapshot`, ends after `ended`, or when the signal aborts. A slow reader loses passing events only. */
  watch(viewer: Viewer, runId: RunId, signal: AbortSignal): AsyncIterable<RunEvent>;
  /** Tells a running step something. @throws AtelierError `not-found`, `conflict`, `invalid-input`, `parameter-out-of-bounds`, `too-large`, `rate-limited` */
  control(viewer: Viewer, request: SteerStep): Promise<ControlView>;
  queue(viewer: Viewer): Promise<QueueView>;
  /** Puts an open run elsewhere in line. @throws AtelierError `not-found`, `conflict` */
  move(viewer: Viewer, move: MoveRun): Promise<QueueView>;
}

interface RunsNeeds extends CreateNeeds, QueueNeeds {
  readonly cluster: Pick<Cluster, 'tellLater'>;
  readonly feed: RunFeed;
  readonly controls: Controls;
}

export function createRuns(needs: RunsNeeds): Runs {
  const { database, fleet, live, feed } = needs;
  const read = (viewer: Viewer, runId: RunId) => readRun(database, fleet, viewer, runId);
  const steer = steering(needs, read);
  return {
    async plan(viewer, request) {
      const chain = chainOf(request);
      const inputs = await plannedInputs(needs, viewer, chain, request);
      return planChain(chain, needs.planning.snapshot(), { count: request.count, inputs, catalogue: needs.catalogue });
    },
    create: async (viewer, request, { idempotencyKey }) => read(viewer, await createRun(needs, viewer, request, idempotencyKey)),
    get: read,
    list: (viewer, page) => listRuns(database, viewer, page),
    cancel: (viewer, runId) => steer(viewer, runId, { kind: 'cancel' }),
    pause: (viewer, runId) => steer(viewer, runId, { kind: 'pause' }, 'Only a run that has not ended and is not paused can be paused.'),
    resume: (viewer, runId) => steer(viewer, runId, { kind: 'resume' }, 'Only a paused run can be resumed.'),
    continue: (viewer, runId) => steer(viewer, runId, { kind: 'continue' }, 'Only a failed run can be continued.'),
    again: async (viewer, request, { idempotencyKey }) => read(viewer, await runAgain(needs, viewer, request, idempotencyKey)),
    watch(viewer, runId, signal) {
      const changes = (stepIds: readonly string[]) => readChanges(database, fleet, viewer, runId, stepIds);
      return feed.watch(runId, { whole: () => read(viewer, runId), changes }, signal);
    },
    control: (viewer, request) => needs.controls.steer(viewer, request),
    queue: (viewer) => readQueue(needs, viewer),
    async move(viewer, move) {
      for (const [runId, turn] of await moveRun(database.pool, viewer, move)) live.setTurn(runId, turn);
      needs.cluster.tellLater({ kind: 'turns' });
      return readQueue(needs, viewer);
    },
  };
}

/** Applies what a person wants of a run of theirs; `refusal` is why it may not apply, none if that is no error. */
function steering({ database, writer }: RunsNeeds, read: (viewer: Viewer, runId: RunId) => Promise<RunView>) {
  return async (viewer: Viewer, runId: RunId, event: RunMachineEvent, refusal?: string): Promise<RunView> => {
    const { rows } = await database.pool.query('SELECT user_id, state FROM runs WHERE id = $1', [runId]);
    if (!rows[0] || !maySee(viewer, rows[0].user_id)) throw notFound();
    const advanced = await writer.advance(runId, event);
    if (advanced.accepted || refusal === undefined) return read(viewer, runId);
    throw new AtelierError('conflict', `The run is ${advanced.state}.`, { hint: refusal });
  };
}
