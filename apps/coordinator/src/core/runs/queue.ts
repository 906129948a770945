import { limits, type QueuedRun, type QueueView, type RunId } from '@atelier/protocol';
import type { Database } from '@atelier/store';
import type { Viewer } from '../contracts/index.ts';
import { type LiveAttempt, type LiveAttempts, leftSeconds, longestWay } from '../dispatch/index.ts';
import type { Fleet } from '../fleet/index.ts';
import { inTurn } from '../line/index.ts';

export interface QueueNeeds {
  readonly database: Database;
  readonly fleet: Fleet;
  readonly live: LiveAttempts;
}

/** A step that has not ended, as it is read for the queue. */
interface OpenStep {
  readonly runId: RunId;
  readonly name: string;
  readonly runState: 'planning' | 'running' | 'paused';
  readonly priority: number;
  readonly personId: string;
  readonly personName: string;
  readonly turn: RunId | null;
  readonly stepId: string;
  readonly reads: readonly string[];
  /** What was predicted of it, transfers and loading included. */
  readonly seconds: number;
  /** The share of its shards that is not done. */
  readonly undone: number;
}

/**
 * Runs that have not ended, in the order in which they come, and how long until each is done. One source for the pill, the
 * pages and the drawer, so that they agree. A member sees their own; places count everybody's.
 */
export async function readQueue(needs: QueueNeeds, viewer: Viewer): Promise<QueueView> {
  const { rows } = await needs.database.pool.query<OpenStep>(
    `SELECT r.id AS "runId", r.name, r.state AS "runState", r.priority, r.user_id AS "personId", u.name AS "personName", r.turn, s.step_id AS "stepId", s.reads,
      COALESCE((s.prediction ->> 'transferSeconds')::float8 + (s.prediction ->> 'loadSeconds')::float8 + (s.prediction ->> 'runSeconds')::float8, 0) AS seconds,
      COALESCE((SELECT avg(CASE WHEN h.done THEN 0 ELSE 1 END) FROM shards h WHERE h.run_id = s.run_id AND h.step_id = s.step_id), 1)::float8 AS undone
    FROM runs r JOIN steps s ON s.run_id = r.id JOIN "user" u ON u.id = r.user_id
    WHERE r.state IN ('planning', 'running', 'paused') AND s.state IN ('waiting', 'ready', 'queued', 'running') AND ($1 OR r.user_id = $2)`,
    [viewer.role === 'owner', viewer.id],
  );
  const lines = waitingLines(needs);
  const liveByRun = Map.groupBy(needs.live.all(), ({ runId }) => runId);
  const byRun = Map.groupBy(rows, ({ runId }) => runId);
  const inLine = inTurn([...byRun.values()].map((steps) => ({ ...(steps[0] as OpenStep), id: steps[0]?.runId as RunId, steps })));
  // Sorting keeps the order of those that have no place on a machine yet.
  const runs = inLine.map(({ steps }) => queuedRun(needs.fleet, steps, { live: liveByRun.get(steps[0]?.runId as RunId) ?? [], lines })).sort(inOrder);
  const running = runs.filter(({ state }) => state === 'running').length;
  const seconds = Math.max(0, ...runs.map((run) => run.seconds ?? 0));
  return { running, waiting: runs.length - running, seconds, runs: runs.slice(0, limits.queueRuns) };
}

const rank = { running: 0, waiting: 1, paused: 2 } as const;
const inOrder = (a: QueuedRun, b: QueuedRun) => rank[a.state] - rank[b.state] || (a.place ?? 1e9) - (b.place ?? 1e9);

/** Where a queued attempt stands: its place, those that run counted, and the seconds until it is its turn. */
interface Place {
  readonly place: number;
  readonly seconds: number;
}

/** The places of all queued attempts, each on its edge, in the order in which an edge takes them. */
function waitingLines(needs: QueueNeeds): Map<string, Place> {
  const places = new Map<string, Place>();
  const byEdge = Map.groupBy(needs.live.all(), ({ edgeId }) => edgeId);
  for (const [edgeId, attempts] of byEdge) {
    const slots = needs.fleet.find(edgeId)?.info?.slots ?? 1;
    const leased = attempts.filter(({ state }) => state === 'leased');
    const queued = inTurn(attempts.filter(({ state }) => state === 'queued').map((attempt) => ({ ...attempt, turn: needs.live.turnOf(attempt.runId) })));
    // Runs, not attempts: a batch of many images is one to wait for.
    const ahead = new Set(leased.length < slots ? [] : leased.map(({ runId }) => runId));
    let seconds = leased.length < slots ? 0 : Math.min(...leased.map((attempt) => attemptLeft(attempt)));
    for (const attempt of queued) {
      places.set(attempt.id, { place: ahead.add(attempt.runId).size, seconds });
      seconds += attempt.predictedSeconds / slots;
    }
  }
  return places;
}

function attemptLeft({ predictedSeconds, fraction, startedAt }: LiveAttempt): number {
  const passed = startedAt === null ? 0 : (performance.now() - startedAt) / 1000;
  return leftSeconds({ predicted: predictedSeconds, passed, fraction: fraction ?? 0 });
}

interface Around {
  /** The attempts of the run that wait or are computed. */
  readonly live: readonly LiveAttempt[];
  readonly lines: ReadonlyMap<string, Place>;
}

function queuedRun(fleet: Fleet, steps: readonly OpenStep[], { live, lines }: Around): QueuedRun {
  const { runId, name, runState, priority, personId, personName } = steps[0] as OpenStep;
  const isRunning = live.some(({ state }) => state === 'leased');
  const places = live.map(({ id }) => lines.get(id)).filter((place) => place !== undefined);
  const left = steps.map((step) => ({ id: step.stepId, reads: step.reads, seconds: stepLeft(step, live, lines) }));
  const state = runState === 'paused' && !isRunning ? 'paused' : isRunning ? 'running' : 'waiting';
  return {
    id: runId,
    name,
    state,
    place: isRunning || places.length === 0 ? null : Math.min(...places.map(({ place }) => place)),
    priority,
    personId,
    personName,
    edges: [...new Set(live.map(({ edgeId }) => fleet.nameOf(edgeId)))].sort(),
    // Nobody knows how long a pause is, nor when a machine comes that can do what is not queued anywhere.
    seconds: state === 'paused' || live.length === 0 ? null : longestWay(left),
  };
}

function stepLeft({ stepId, seconds, undone }: OpenStep, live: readonly LiveAttempt[], lines: ReadonlyMap<string, Place>): number {
  const own = live.filter((attempt) => attempt.stepId === stepId);
  const [attempt] = own;
  // Of several shards some may be computed elsewhere already; only where all of them wait is there something to wait for.
  const waits = own.every(({ state }) => state === 'queued') ? Math.min(...own.map(({ id }) => lines.get(id)?.seconds ?? 0)) : 0;
  if (attempt === undefined) return seconds * undone;
  if (own.length > 1 || undone < 1) return waits + seconds * undone;
  const place = lines.get(attempt.id);
  return place ? place.seconds + attempt.predictedSeconds : attemptLeft(attempt);
}
