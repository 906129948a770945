import type { EdgeId, ErrorBody, Plan, RunId, RunState } from '@atelier/protocol';
import { type RunCommand, type RunMachineEvent, type RunMachineState, transition } from '@atelier/runs';
import type { PoolClient } from 'pg';
import { attemptKey, type ChangedAttempt, changedAttempts, type EventDetail, type LoadedRun, loadRun, secondsOnEdge, writeRun } from './run-rows.ts';

/** What became of a run, for those who act on it after the commit. */
export interface Advanced {
  readonly runId: RunId;
  readonly userId: string;
  readonly priority: number;
  /** False where the event did not apply; nothing was written then. */
  readonly accepted: boolean;
  readonly state: RunState;
  readonly commands: readonly RunCommand[];
  readonly attempts: readonly AdvancedAttempt[];
  /** Steps that look different now. */
  readonly stepIds: readonly string[];
}

export interface AdvancedAttempt extends ChangedAttempt {
  readonly task: string;
  /** Of its lease, where it was leased by this event. */
  readonly fence: number | null;
}

/**
 * The only writer of the state of runs, steps, shards and attempts: loads the run under its row lock, asks
 * packages/runs, and writes what changed. What has to be sent or rung afterwards is in the result, and can be read
 * from the rows again after a crash.
 * @param tx an open transaction @param leaseMs how long a lease given by this event lasts, by the database's clock
 * @throws AtelierError `not-found`
 */
export async function advance(tx: PoolClient, runId: RunId, event: RunMachineEvent, detail: EventDetail, leaseMs: number): Promise<Advanced> {
  return advanceLoaded(tx, await loadRun(tx, runId), event, detail, leaseMs);
}

/** {@link advance} for a caller that has loaded the run in this transaction, to look at it first. */
export async function advanceLoaded(tx: PoolClient, run: LoadedRun, event: RunMachineEvent, detail: EventDetail, leaseMs: number): Promise<Advanced> {
  const { state: after, commands, accepted } = transition(run.machine, event);
  const base = { runId: run.id, userId: run.userId, priority: run.priority, accepted };
  if (!accepted) return { ...base, state: run.machine.state, commands: [], attempts: [], stepIds: [] };
  const changed = changedAttempts(run, after, predictionsOf(run, detail.plan));
  const attemptId = 'attempt' in event ? run.rows.get(attemptKey(event.attempt))?.id : undefined;
  const error = errorAfter(run, event, after, detail);
  const fences = await writeRun(tx, { run, after, attempts: changed, detail, attemptId, error, leaseMs });
  const attempts = changed.map((attempt) => ({ ...attempt, task: run.tasks.get(attempt.stepId) ?? '', fence: fences.get(attempt.id) ?? null }));
  const stepIds = [...after.steps.values()].filter((step) => run.machine.steps.get(step.id) !== step).map((step) => step.id);
  return { ...base, state: after.state, commands, attempts, stepIds };
}

/** Shows why a run in `planning` waits; `null` when it no longer does. Says nothing about a run in another state. */
export async function noteWaiting(tx: PoolClient, runId: RunId, reason: ErrorBody | null): Promise<boolean> {
  const { rowCount } = await tx.query("UPDATE runs SET error = $2 WHERE id = $1 AND state = 'planning' AND error IS DISTINCT FROM $2::jsonb", [
    runId,
    reason ? JSON.stringify(reason) : null,
  ]);
  return (rowCount ?? 0) > 0;
}

/** Extends leases that an edge still holds. @returns the ids of those that it may go on with */
export async function extendLeases(
  tx: Pick<PoolClient, 'query'>,
  edgeId: EdgeId,
  holding: ReadonlyArray<{ attemptId: string; fence: number }>,
  leaseMs: number,
): Promise<Set<string>> {
  const { rows } = await tx.query({
    name: 'extend-leases',
    text: `WITH seen AS (UPDATE edges SET last_seen_at = now() WHERE id = $1)
      UPDATE attempts SET lease_expires_at = now() + $4 * interval '1 millisecond'
      FROM unnest($2::uuid[], $3::bigint[]) AS held(id, fence)
      WHERE attempts.id = held.id AND attempts.fence = held.fence AND attempts.edge_id = $1 AND attempts.state = 'leased'
      RETURNING attempts.id`,
    values: [edgeId, holding.map((held) => held.attemptId), holding.map((held) => held.fence), leaseMs],
  });
  return new Set(rows.map((row) => row.id));
}

function predictionsOf(run: LoadedRun, plan: Plan | undefined): ReadonlyMap<string, number> {
  if (!plan) return run.predictions;
  return new Map([...run.predictions, ...plan.steps.map((step): [string, number] => [step.stepId, secondsOnEdge(step.prediction)])]);
}

/** The error that the run shows: that of the step which stopped it, or why it waits for a plan. */
function errorAfter(run: LoadedRun, event: RunMachineEvent, after: RunMachineState, detail: EventDetail): ErrorBody | null {
  if (event.kind === 'planned' || event.kind === 'continue' || event.kind === 'cancel') return null;
  if (!('attempt' in event) || !detail.error) return run.error;
  const failed = after.steps.get(event.attempt.stepId)?.state === 'failed' && run.machine.steps.get(event.attempt.stepId)?.state !== 'failed';
  return failed ? { ...detail.error, message: `${event.attempt.stepId}: ${detail.error.message}` } : run.error;
}
