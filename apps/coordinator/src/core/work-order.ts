import { AtelierError, type EdgeId, findTask, limits, type Source, type Ticket, type WorkInput, type WorkOrder } from '@atelier/protocol';
import { textArtifact } from './chain-request.ts';
import type { CoreContext } from './context.ts';
import type { LiveAttempt } from './live-attempts.ts';
import { isReachable } from './reach.ts';
import type { StepRow } from './run-rows.ts';

/** Long enough for a large file on a slow link; an attempt that is given again gets new ones. */
const ticketSeconds = 60 * 60;

/** Some bytes that a step reads. */
interface KnownValue {
  /** `inputs` or a step's name. */
  readonly from: string;
  readonly port: string;
  readonly index: number;
  readonly hash: string;
  readonly mediaType: string;
  readonly sizeBytes: number;
  readonly places: readonly string[];
}

/**
 * What an edge has to know to run an attempt, all but the number of its lease.
 * @throws AtelierError `unavailable` where bytes that it needs are out of reach now
 */
export async function prepareOrder(context: CoreContext, attempt: LiveAttempt): Promise<Omit<WorkOrder, 'fence'>> {
  const step = await readStep(context, attempt);
  const readsValues = Object.values(step.inputs).some((sources) => sources.some((source) => typeof source === 'string'));
  const values = readsValues ? await readValues(context, attempt) : [];
  const inputs: WorkInput[] = [];
  const { inputs: ports } = findTask(attempt.task);
  for (const [port, sources] of Object.entries(step.inputs)) {
    const found = sources.flatMap((source) => valuesOf(source, values));
    // A port without `many` takes the first of several values.
    const taken = ports[port]?.many ? found : found.slice(0, 1);
    inputs.push(
      ...(await Promise.all(
        taken.map((value, index) => workInput(context, attempt.edgeId, { port, index, few: taken.length <= limits.valuesPerPort }, value)),
      )),
    );
  }
  return {
    attemptId: attempt.id as WorkOrder['attemptId'],
    runId: attempt.runId,
    stepId: attempt.stepId,
    shard: attempt.shard,
    task: attempt.task,
    modelId: attempt.modelId,
    parameters: step.parameters,
    inputs,
  };
}

/** What does not change in the life of a run is mostly in memory. */
async function readStep(context: CoreContext, attempt: LiveAttempt): Promise<Pick<StepRow, 'parameters' | 'inputs'>> {
  const known = context.advancing.states.stepOf(attempt.runId, attempt.stepId);
  if (known) return known;
  const { rows } = await context.database.pool.query({
    name: 'read-step',
    text: 'SELECT parameters, inputs FROM steps WHERE run_id = $1 AND step_id = $2',
    values: [attempt.runId, attempt.stepId],
  });
  return rows[0];
}

async function readValues(context: CoreContext, attempt: LiveAttempt): Promise<KnownValue[]> {
  const { rows } = await context.database.pool.query({
    name: 'read-values',
    text: `WITH known AS (
        SELECT o.step_id AS "from", o.port, o.shard, o.index, o.hash, o.media_type FROM outputs o JOIN steps s ON s.run_id = $1 AND s.step_id = $2
          WHERE o.run_id = $1 AND o.step_id = ANY(s.reads)
        UNION ALL SELECT 'inputs', i.name, 0, 0, o.hash, o.media_type FROM run_inputs i JOIN outputs o ON o.id = i.output_id WHERE i.run_id = $1
      )
      SELECT known."from", known.port, known.index, known.hash, known.media_type AS "mediaType", a.size_bytes AS "sizeBytes",
        ARRAY(SELECT place FROM replicas r WHERE r.hash = known.hash) AS places
      FROM known JOIN artifacts a ON a.hash = known.hash ORDER BY known.shard, known.index`,
    values: [attempt.runId, attempt.stepId],
  });
  return rows.map((row) => ({ ...row, sizeBytes: Number(row.sizeBytes) }));
}

function valuesOf(source: Source, values: readonly KnownValue[]): KnownValue[] {
  if (typeof source !== 'string') {
    const { bytes: _bytes, ...artifact } = textArtifact(source.text);
    return [{ ...artifact, from: 'text', port: 'text', index: 0, places: ['coordinator'] }];
  }
  const [from, port] = source.split('.') as [string, string];
  const found = values.filter((value) => value.from === from && value.port === port);
  if (found.length > 0) return found;
  throw new AtelierError('internal', `The value of ${source} is missing.`);
}

interface Wanted {
  readonly port: string;
  readonly index: number;
  /** The port takes so few values that each may come straight from the edge that made it. */
  readonly few: boolean;
}

async function workInput(context: CoreContext, edgeId: EdgeId, { port, index, few }: Wanted, value: KnownValue): Promise<WorkInput> {
  if (!isReachable(context, value.places, edgeId))
    throw new AtelierError('unavailable', `No edge that is here now has the value of ${value.from}.${value.port}.`);
  const { hash, mediaType, sizeBytes } = value;
  return { port, index, hash, mediaType, sizeBytes, tickets: await ticketsFor(context, edgeId, value, few) };
}

/**
 * Where an edge may fetch some bytes: from edges that have them and can be reached, then from the coordinator, which
 * brings bytes that it does not have yet. Of very many values only from the coordinator, which has most of them by then.
 */
async function ticketsFor(context: CoreContext, to: EdgeId, value: KnownValue, few: boolean): Promise<Ticket[]> {
  const tickets: Ticket[] = [];
  const { hash } = value;
  if (!few || value.places.includes(to)) return [await coordinatorTicket(context, to, hash)];
  for (const place of value.places) {
    const edge = context.fleet.find(place as EdgeId);
    if (!edge?.info?.transferUrl || !edge.connected) continue;
    const token = await context.tickets.sign({ hash, to, from: edge.id, seconds: ticketSeconds });
    tickets.push({ from: edge.id, url: `${edge.info.transferUrl}/artifacts/${hash}`, token });
  }
  return [...tickets, await coordinatorTicket(context, to, hash)];
}

async function coordinatorTicket(context: CoreContext, to: EdgeId, hash: string): Promise<Ticket> {
  const token = await context.tickets.sign({ hash, to, from: 'coordinator', seconds: ticketSeconds });
  return { from: 'coordinator', url: `/api/edge/artifacts/${hash}`, token };
}
