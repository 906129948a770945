import { type ErrorBody, endedRunStates, type Plan, type RunId } from '@atelier/protocol';
import type { RunMachineEvent } from '@atelier/runs';
import { type Database, inTransaction } from '@atelier/store';
import type { PoolClient } from 'pg';
import type { Logger } from '../contracts/index.ts';
import type { Fleet, KnownEdge, ModelStanding } from '../fleet/index.ts';
import { type Advanced, type Advancing, advance, advanceLoaded, noteWaiting, unchanged } from './advance.ts';
import { insertRun, type NewRunRows } from './insert-run.ts';
import type { LoadedRun, StepRow } from './loaded-run.ts';
import { ResultCache } from './result-cache.ts';
import { type Committed, commitReport, type Report, type Reported } from './results.ts';
import { RunChanges } from './run-changes.ts';
import { RunStates } from './run-rows.ts';
import { keepAsTold } from './steering.ts';
import type { Taking } from './taking.ts';
import type { EventDetail } from './write-run.ts';

export interface RunWriterNeeds {
  readonly database: Database;
  readonly fleet: Fleet;
  readonly standing: ModelStanding;
  readonly log: Logger;
  readonly leaseMs: number;
  readonly taking: Taking;
  /** Tells other coordinators of a change, in its transaction. */
  readonly tell: (tx: PoolClient, advanced: Advanced) => Promise<void>;
  /** Hears of each change after its commit, those of one run in their order. Must not throw. */
  readonly afterCommit: (advanced: Advanced) => void;
}

/** A lease need not outlive a power cut: without its row the attempt is queued again and runs once more. */
const beginUnsynced = 'BEGIN; SET LOCAL synchronous_commit = off';

/** The only writer of what runs, steps, shards and attempts are. Each method is one transaction. */
export class RunWriter {
  readonly #needs: RunWriterNeeds;
  readonly #states = new RunStates();
  readonly #changes: RunChanges;
  readonly #advancing: Advancing;

  constructor(needs: RunWriterNeeds) {
    this.#needs = needs;
    this.#advancing = { states: this.#states, cache: new ResultCache(needs.fleet, needs.standing), taking: needs.taking, leaseMs: needs.leaseMs };
    this.#changes = new RunChanges(needs.database.pool, needs.taking, needs.tell, (advanced) => {
      if (advanced.next) this.#states.keep(advanced.next, endedRunStates.includes(advanced.state));
      needs.afterCommit(advanced);
    });
  }

  /** One event on one run. @throws AtelierError `not-found` */
  async advance(runId: RunId, event: RunMachineEvent, detail: EventDetail = {}): Promise<Advanced> {
    const begin = event.kind === 'taken' ? beginUnsynced : 'BEGIN';
    const { advanced } = await this.#changes.change(
      runId,
      async (tx) => ({ advanced: await advance(this.#advancing, tx, runId, event, detail), value: undefined }),
      begin,
    );
    return advanced;
  }

  /**
   * Writes a new run and its first plan.
   * @param check may refuse it by throwing, in the same transaction
   * @returns false if another run has its idempotency key
   */
  async create(
    rows: NewRunRows,
    planned: Extract<RunMachineEvent, { kind: 'planned' }>,
    plan: Plan,
    check: (tx: PoolClient) => Promise<void>,
  ): Promise<boolean> {
    const { runId, userId, machine } = rows;
    const { value } = await this.#changes.change(runId, async (tx) => {
      await check(tx);
      const run = await insertRun(tx, rows);
      if (!run) return { advanced: unchanged({ id: runId, userId, priority: rows.draft.priority, machine }), value: false };
      return { advanced: await advanceLoaded(this.#advancing, tx, run, planned, { plan }), value: true };
    });
    return value;
  }

  /** Lets shards run once more. Their old outputs stay their owner's, but are no longer the run's, nor shown beside the new ones. */
  async redo(runId: RunId, shards: Readonly<Record<string, readonly number[]>>): Promise<void> {
    await this.#changes.change(runId, async (tx) => {
      const advanced = await advance(this.#advancing, tx, runId, { kind: 'redo', shards }, {});
      const rows = Object.entries(shards).flatMap(([stepId, numbers]) => numbers.map((shard) => ({ stepId, shard })));
      if (advanced.accepted) {
        await tx.query(
          `UPDATE outputs SET run_id = NULL, listed = false FROM jsonb_to_recordset($2::jsonb) AS x("stepId" text, shard int)
          WHERE run_id = $1 AND step_id = x."stepId" AND outputs.shard = x.shard`,
          [runId, JSON.stringify(rows)],
        );
        await keepAsTold(tx, runId, shards);
      }
      const next = advanced.next && { ...advanced.next, facts: new Map() };
      return { advanced: { ...advanced, next }, value: undefined };
    });
  }

  /** Commits a result or failure if its edge still has the lease. @throws AtelierError `not-found` if its run was deleted */
  commit(edge: KnownEdge, report: Report, reported: Reported): Promise<Committed> {
    const { database, standing, log } = this.#needs;
    return commitReport({ database, standing, log, changes: this.#changes, advancing: this.#advancing }, edge, report, reported);
  }

  /** Does something about a run while nothing here changes it, as reading what another coordinator wrote. */
  inOrder<T>(runId: RunId, work: () => Promise<T>): Promise<T> {
    return this.#changes.inOrder(runId, work);
  }

  /** A run, and more that is read of it in the same transaction. @throws AtelierError `not-found` */
  read<T>(runId: RunId, more: (tx: PoolClient, run: LoadedRun) => Promise<T>): Promise<T> {
    return inTransaction(this.#needs.database.pool, async (tx) => more(tx, await this.#states.load(tx, runId)));
  }

  /** Shows why a run in `planning` waits; null if it no longer does. @returns whether that is news */
  noteWaiting(runId: RunId, reason: ErrorBody | null): Promise<boolean> {
    return inTransaction(this.#needs.database.pool, (tx) => noteWaiting(tx, runId, reason));
  }

  /** What the row of a step says, if its run is kept in memory. */
  stepOf(runId: RunId, stepId: string): StepRow | undefined {
    return this.#states.stepOf(runId, stepId);
  }
}
