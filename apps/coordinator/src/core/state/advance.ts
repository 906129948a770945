import type { ErrorBody, OutputId, RunId, RunState } from '@atelier/protocol';
import { type RunCommand, type RunMachineEvent, type RunMachineState, transition } from '@atelier/runs';
import type { PoolClient } from 'pg';
import { attemptKey, type LoadedRun, type StepFacts } from './loaded-run.ts';
import type { Answer, ResultCache } from './result-cache.ts';
import type { RunStates } from './run-rows.ts';
import { changedViews, type ShardChange, shardChanges, shardName } from './shard-changes.ts';
import { type Taking, takeAtOnce } from './taking.ts';
import { type ChangedAttempt, type EventDetail, writeRun } from './write-run.ts';

/** What became of a run, for those who act on it after the commit. */
export interface Advanced {
  readonly runId: RunId;
  readonly userId: string;
  readonly priority: number;
  /** False if the event did not apply; nothing was written then. */
  readonly accepted: boolean;
  readonly state: RunState;
  /** The run itself looks different now, not only steps of it. */
  readonly stateChanged: boolean;
  readonly commands: readonly RunCommand[];
  readonly attempts: readonly AdvancedAttempt[];
  /** Steps that look different now, but for their shards where they have several. */
  readonly stepIds: readonly string[];
  /** Shards of steps with several that look different now. */
  readonly shards: readonly ShardChange[];
  /** The run as it is after this, where something was written. */
  readonly next: LoadedRun | undefined;
}

export interface AdvancedAttempt extends ChangedAttempt {
  readonly task: string;
  /** Of its lease, where it was leased by this event. */
  readonly fence: number | null;
}

/** What advancing a run needs besides its transaction. */
export interface Advancing {
  readonly states: RunStates;
  readonly cache: ResultCache;
  readonly taking: Taking;
  /** How long a lease given by an event lasts, by the database's clock. */
  readonly leaseMs: number;
}

/**
 * The only writer of the state of runs, steps, shards and attempts: loads the run under its row lock, asks
 * packages/runs, and writes what changed. What has to be sent or rung afterwards is in the result, and can be read
 * from the rows again after a crash.
 * @param tx an open transaction
 * @throws AtelierError `not-found`
 */
export async function advance(advancing: Advancing, tx: PoolClient, runId: RunId, event: RunMachineEvent, detail: EventDetail): Promise<Advanced> {
  return advanceLoaded(advancing, tx, await advancing.states.load(tx, runId), event, detail);
}

/**
 * {@link advance} for a caller that has loaded the run in this transaction, to look at it first.
 * @param outputId the first result of the shard that the event is about, for watchers
 */
export async function advanceLoaded(
  advancing: Advancing,
  tx: PoolClient,
  run: LoadedRun,
  event: RunMachineEvent,
  detail: EventDetail,
  outputId?: OutputId,
): Promise<Advanced> {
  const first = transition(run.machine, event);
  if (!first.accepted) return unchanged(run);
  const asked = await askCache(advancing, tx, run, first.state, first.commands);
  const { commands, answers, facts } = asked;
  const attemptId = 'attempt' in event ? run.attempts.get(attemptKey(event.attempt))?.id : undefined;
  const { after, ids } = await takeAtOnce(advancing.taking, tx, run, asked.after, attemptId);
  const error = errorAfter(run, event, after, detail);
  const written = await writeRun(tx, { run: { ...run, facts }, after, detail, attemptId, ids, error, leaseMs: advancing.leaseMs });
  const outputIds = new Map(answers.map((answer) => [shardName(answer.stepId, answer.shard), answer.outputId]));
  if (outputId && 'attempt' in event) outputIds.set(shardName(event.attempt.stepId, event.attempt.shard), outputId);
  return {
    ...unchanged(run),
    accepted: true,
    state: after.state,
    stateChanged: after.state !== run.machine.state,
    commands,
    attempts: written.attempts.map((attempt) => ({ ...attempt, task: run.steps.get(attempt.stepId)?.task ?? '' })),
    stepIds: changedViews(run, after),
    shards: shardChanges(run, after, outputIds),
    next: written.next,
  };
}

/** What is said of a run to which nothing happened. */
export function unchanged({ id: runId, userId, priority, machine }: Pick<LoadedRun, 'id' | 'userId' | 'priority' | 'machine'>): Advanced {
  return {
    runId,
    userId,
    priority,
    accepted: false,
    state: machine.state,
    stateChanged: false,
    commands: [],
    attempts: [],
    stepIds: [],
    shards: [],
    next: undefined,
  };
}

interface Asked {
  readonly after: RunMachineState;
  readonly commands: readonly RunCommand[];
  readonly answers: readonly Answer[];
  readonly facts: ReadonlyMap<string, StepFacts>;
}

/** Asks the result cache for each step that is about to begin; what it has may let further steps begin. */
async function askCache(advancing: Advancing, tx: PoolClient, run: LoadedRun, first: RunMachineState, begun: readonly RunCommand[]): Promise<Asked> {
  const answers: Answer[] = [];
  const commands = begun.filter((command) => command.kind !== 'ask');
  const facts = new Map(run.facts);
  let after = first;
  let asks = begun.filter((command) => command.kind === 'ask');
  for (let ask = asks[0]; ask; ask = asks[0]) {
    const { stepId } = ask;
    const found = await advancing.cache.find(tx, { ...run, machine: after, facts }, stepId);
    facts.set(stepId, found.facts);
    answers.push(...found.answers);
    const next = transition(after, { kind: 'answered', stepId, shards: found.answers.map((answer) => answer.shard) });
    after = next.state;
    commands.push(...next.commands.filter((command) => command.kind !== 'ask'));
    asks = next.commands.filter((command) => command.kind === 'ask');
  }
  return { after, commands, answers, facts };
}

/** Shows why a run in `planning` waits; `null` when it no longer does. Says nothing about a run in another state. */
export async function noteWaiting(tx: PoolClient, runId: RunId, reason: ErrorBody | null): Promise<boolean> {
  const { rowCount } = await tx.query("UPDATE runs SET error = $2 WHERE id = $1 AND state = 'planning' AND error IS DISTINCT FROM $2::jsonb", [
    runId,
    reason ? JSON.stringify(reason) : null,
  ]);
  return (rowCount ?? 0) > 0;
}

/** The error that the run shows: that of the step which stopped it, or why it waits for a plan. */
function errorAfter(run: LoadedRun, event: RunMachineEvent, after: RunMachineState, detail: EventDetail): ErrorBody | null {
  if (event.kind === 'planned' || event.kind === 'continue' || event.kind === 'cancel') return null;
  if (!('attempt' in event) || !detail.error) return run.error;
  const failed = after.steps.get(event.attempt.stepId)?.state === 'failed' && run.machine.steps.get(event.attempt.stepId)?.state !== 'failed';
  return failed ? { ...detail.error, message: `${event.attempt.stepId}: ${detail.error.message}` } : run.error;
}
