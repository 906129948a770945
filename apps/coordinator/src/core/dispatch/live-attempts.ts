import type { EdgeId, RunId, RunState } from '@atelier/protocol';
import type { Pool } from 'pg';
import type { Advanced } from '../state/index.ts';

/** An attempt that is queued or leased. */
export interface LiveAttempt {
  readonly id: string;
  readonly runId: RunId;
  readonly userId: string;
  readonly stepId: string;
  readonly shard: number;
  readonly number: number;
  readonly edgeId: EdgeId;
  readonly modelId: string;
  /** Of a step that edges share: the only hash with which it may be computed. */
  readonly modelHash: string | undefined;
  readonly task: string;
  readonly state: 'queued' | 'leased';
  readonly fence: number | null;
  readonly predictedSeconds: number;
  readonly priority: number;
  /** When it was leased, by `performance.now()`. */
  readonly startedAt: number | null;
  /** How far it is, as its edge said last. */
  readonly fraction?: number;
}

/**
 * What the database says of live attempts, kept in memory so that progress, predictions and views need no query. It
 * follows commits and is never asked whether something may be written.
 */
export class LiveAttempts {
  readonly #byId = new Map<string, LiveAttempt>();
  readonly #byEdge = new Map<EdgeId, Map<string, LiveAttempt>>();
  /** Of runs that were put elsewhere in line: whose place they have. */
  readonly #turns = new Map<RunId, RunId>();

  /** Reads all live attempts, at the start. */
  async load(pool: Pool): Promise<void> {
    for (const attempt of await readLive(pool)) this.#set(attempt);
  }

  /** Runs whose live attempts are not those that are known here, as when another coordinator has changed them. */
  async differing(pool: Pool): Promise<RunId[]> {
    const { rows } = await pool.query<{ id: string; runId: RunId; state: string; fence: string | null }>({
      name: 'live-fences',
      text: `SELECT id, run_id AS "runId", state, fence FROM attempts WHERE state IN ('queued', 'leased')`,
    });
    const isKnown = (row: (typeof rows)[number]) => {
      const known = this.#byId.get(row.id);
      return known?.state === row.state && known.fence === (row.fence === null ? null : Number(row.fence));
    };
    const there = new Set(rows.map(({ id }) => id));
    const gone = [...this.#byId.values()].filter(({ id }) => !there.has(id));
    return [...new Set([...rows.filter((row) => !isKnown(row)), ...gone].map(({ runId }) => runId))];
  }

  /**
   * Takes over what the rows say of one run. Nothing else may be changing that run here meanwhile.
   * @returns those that were live here and are no more, and all that are live now
   */
  async readRun(pool: Pool, runId: RunId): Promise<{ readonly ended: LiveAttempt[]; readonly live: LiveAttempt[] }> {
    const before = [...this.#byId.values()].filter((attempt) => attempt.runId === runId);
    const live = await readLive(pool, runId);
    const ids = new Set(live.map(({ id }) => id));
    const ended = before.filter(({ id }) => !ids.has(id));
    for (const { id } of ended) this.#end(id);
    for (const attempt of live) {
      const known = this.#byId.get(attempt.id);
      if (known?.state !== attempt.state || known.fence !== attempt.fence) this.#set(attempt);
    }
    return { ended, live };
  }

  /** Reads where runs were put in line, of all that may still go on. */
  async loadTurns(pool: Pool): Promise<void> {
    const { rows } = await pool.query("SELECT id, turn FROM runs WHERE turn IS NOT NULL AND state NOT IN ('succeeded', 'cancelled')");
    this.#turns.clear();
    for (const { id, turn } of rows) this.setTurn(id, turn);
  }

  /** Takes over what a commit changed. */
  follow(advanced: Advanced): void {
    if (ends.has(advanced.state)) this.#turns.delete(advanced.runId);
    for (const { task, isNew: _isNew, ...attempt } of advanced.attempts) {
      const { state } = attempt;
      if (state !== 'queued' && state !== 'leased') this.#end(attempt.id);
      else this.#set({ ...attempt, state, task, ...whoseRun(advanced), startedAt: state === 'leased' ? performance.now() : null });
    }
  }

  /** Takes over where a run was put in line. @param turn null for its own place */
  setTurn(runId: RunId, turn: RunId | null): void {
    if (turn === null) this.#turns.delete(runId);
    else this.#turns.set(runId, turn);
  }

  turnOf(runId: RunId): RunId | null {
    return this.#turns.get(runId) ?? null;
  }

  get(attemptId: string): LiveAttempt | undefined {
    return this.#byId.get(attemptId);
  }

  /** Keeps what its edge says of its progress. */
  progressed(attempt: LiveAttempt, fraction: number): void {
    if (this.#byId.get(attempt.id) === attempt) this.#set({ ...attempt, fraction });
  }

  all(): Iterable<LiveAttempt> {
    return this.#byId.values();
  }

  ofEdge(edgeId: EdgeId): LiveAttempt[] {
    return [...(this.#byEdge.get(edgeId)?.values() ?? [])];
  }

  #set(attempt: LiveAttempt): void {
    this.#byId.set(attempt.id, attempt);
    const onEdge = this.#byEdge.get(attempt.edgeId) ?? new Map<string, LiveAttempt>();
    this.#byEdge.set(attempt.edgeId, onEdge.set(attempt.id, attempt));
  }

  #end(attemptId: string): void {
    const attempt = this.#byId.get(attemptId);
    this.#byId.delete(attemptId);
    if (attempt) this.#byEdge.get(attempt.edgeId)?.delete(attemptId);
  }
}

const ends: ReadonlySet<RunState> = new Set(['succeeded', 'cancelled']);
const whoseRun = ({ runId, userId, priority }: Advanced) => ({ runId, userId, priority });

/** Attempts that are queued or leased, of one run or of all. */
async function readLive(pool: Pool, runId?: RunId): Promise<LiveAttempt[]> {
  const { rows } = await pool.query({
    name: runId === undefined ? 'live-attempts' : 'live-attempts-of',
    text: `SELECT a.id, a.run_id AS "runId", r.user_id AS "userId", a.step_id AS "stepId", a.shard, a.number, a.edge_id AS "edgeId", a.model_id AS "modelId", a.model_hash AS "modelHash",
      s.task, a.state, a.fence, a.predicted_seconds AS "predictedSeconds", a.priority, extract(epoch FROM now() - a.started_at)::float8 AS seconds
      FROM attempts a JOIN runs r ON r.id = a.run_id JOIN steps s ON s.run_id = a.run_id AND s.step_id = a.step_id
      WHERE a.state IN ('queued', 'leased')${runId === undefined ? '' : ' AND a.run_id = $1'}`,
    values: runId === undefined ? [] : [runId],
  });
  return rows.map(({ seconds, fence, modelHash, ...row }) => ({
    ...row,
    modelHash: modelHash ?? undefined,
    fence: fence === null ? null : Number(fence),
    startedAt: seconds === null ? null : performance.now() - seconds * 1000,
  }));
}
