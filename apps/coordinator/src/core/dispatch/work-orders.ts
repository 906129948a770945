import { readPastTicket, type TicketSigner } from '@atelier/artifacts';
import { AtelierError, controlAbility, type EdgeId, findTask, limits, type Source, type Ticket, type WorkInput, type WorkOrder } from '@atelier/protocol';
import type { Database } from '@atelier/store';
import type { PoolClient } from 'pg';
import { textArtifact } from '../bytes/index.ts';
import type { Fleet } from '../fleet/index.ts';
import { controlsFor, type RunWriter, type StepRow } from '../state/index.ts';
import type { LiveAttempt, LiveAttempts } from './live-attempts.ts';

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

/** What of an attempt its order is made of. */
export type OrderedAttempt = Pick<LiveAttempt, 'id' | 'runId' | 'stepId' | 'shard' | 'task' | 'edgeId' | 'modelId' | 'modelHash'>;

interface Wanted {
  readonly port: string;
  readonly index: number;
  /** The port takes so few values that each may come straight from the edge that made it. */
  readonly few: boolean;
}

interface WorkOrdersNeeds {
  readonly database: Database;
  readonly tickets: TicketSigner;
  readonly fleet: Fleet;
  readonly live: LiveAttempts;
  readonly writer: Pick<RunWriter, 'stepOf'>;
}

/** What edges have to know to run an attempt, and where they may fetch what it reads. */
export class WorkOrders {
  readonly #needs: WorkOrdersNeeds;

  constructor(needs: WorkOrdersNeeds) {
    this.#needs = needs;
  }

  /**
   * The order of an attempt, all but the number of its lease.
   * @param within reads also what this transaction has written
   * @throws AtelierError `unavailable` if bytes that it needs are out of reach now
   */
  async prepare(attempt: OrderedAttempt, within?: { readonly tx: PoolClient; readonly step: StepRow }): Promise<Omit<WorkOrder, 'fence'>> {
    const step = within?.step ?? (await this.#step(attempt));
    const readsValues = Object.values(step.inputs).some((sources) => sources.some((source) => typeof source === 'string'));
    const values = readsValues ? await this.#values(within?.tx ?? this.#needs.database.pool, attempt) : [];
    // Tickets for thousands of values take a while; the run is not kept locked for them.
    if (within && values.length > limits.valuesPerPort) throw new AtelierError('unavailable', 'The step reads too many values to be taken at once.');
    const inputs: WorkInput[] = [];
    const { inputs: ports } = findTask(attempt.task);
    for (const [port, sources] of Object.entries(step.inputs)) {
      const found = sources.flatMap((source) => valuesOf(source, values));
      // A port without `many` takes the first of several values.
      const taken = ports[port]?.many ? found : found.slice(0, 1);
      const few = taken.length <= limits.valuesPerPort;
      inputs.push(...(await Promise.all(taken.map((value, index) => this.#input(attempt, { port, index, few }, value)))));
    }
    const { id, runId, stepId, shard, task, modelId, modelHash } = attempt;
    const hash = modelHash === undefined ? {} : { modelHash };
    const lane = await this.#lane(within?.tx ?? this.#needs.database.pool, attempt);
    return { attemptId: id as WorkOrder['attemptId'], runId, stepId, shard, task, modelId, ...hash, parameters: step.parameters, inputs, ...lane };
  }

  /**
   * What the step was told before, and the checkpoint to go on from: nothing for most tasks.
   * @throws AtelierError `step-failed` if the edge cannot follow what the step was told
   */
  async #lane(from: Pick<PoolClient, 'query'>, attempt: OrderedAttempt): Promise<Pick<WorkOrder, 'controls' | 'resume'>> {
    const { controls: kinds, checkpoints } = findTask(attempt.task);
    const controls = Object.keys(kinds).length > 0 ? await controlsFor(from, attempt) : [];
    const edge = this.#needs.fleet.get(attempt.edgeId);
    const isAble = edge.abilities?.includes(controlAbility) === true;
    if (controls.length > 0 && !isAble) {
      throw new AtelierError('step-failed', `${edge.name} runs an older release of Atelier, which cannot follow what this step was told.`, {
        hint: `Update Atelier on ${edge.name}, or choose another machine for the step.`,
      });
    }
    const resume = checkpoints && isAble ? await this.#resume(from, attempt) : undefined;
    return { ...(controls.length > 0 && { controls }), ...(resume && { resume }) };
  }

  /** The newest checkpoint that was made with the same model and includes all that the shard has followed before its position. */
  async #resume(from: Pick<PoolClient, 'query'>, attempt: OrderedAttempt): Promise<WorkOrder['resume']> {
    const { runId, stepId, shard, modelId, edgeId } = attempt;
    const { fleet } = this.#needs;
    const modelHash = fleet.get(edgeId).models.find(({ manifest }) => manifest.id === modelId)?.modelHash ?? '';
    const { rows } = await from.query({ ...readCheckpoint, values: [runId, stepId, shard, modelId, modelHash] });
    const [row] = rows;
    if (!row || !fleet.isReachable(row.places, edgeId)) return undefined;
    return { hash: row.hash, sizeBytes: Number(row.sizeBytes), at: Number(row.at), tickets: await this.#tickets(attempt, row, true) };
  }

  /**
   * New tickets for the bytes that an edge got a ticket for, as long as it works on the attempt that they are for.
   * @param isChecking whether it computes another's result once more by this attempt
   * @throws AtelierError `unauthenticated` for what is no ticket of ours, `forbidden` for one of another edge or of an attempt that is not its own any more
   */
  async renewTickets(edgeId: EdgeId, token: string, isChecking: (attemptId: string) => boolean): Promise<Ticket[]> {
    const { tickets, live, database } = this.#needs;
    const { to, hash, attempt: attemptId } = await readPastTicket(tickets.publicJwk, token);
    const attempt = live.get(attemptId);
    const isAtWork = (attempt?.edgeId === edgeId && attempt.state === 'leased') || isChecking(attemptId);
    if (to !== edgeId || !isAtWork) {
      throw new AtelierError('forbidden', 'This ticket is not renewed: what it was for is not done by this edge any more.');
    }
    const { rows } = await database.pool.query({ name: 'places-of', text: 'SELECT place FROM replicas WHERE hash = $1', values: [hash] });
    const places = rows.map(({ place }) => place as string);
    return this.#tickets({ id: attemptId, edgeId }, { hash, places }, true);
  }

  /** What does not change in the life of a run is mostly in memory. */
  async #step({ runId, stepId }: OrderedAttempt): Promise<Pick<StepRow, 'parameters' | 'inputs'>> {
    const known = this.#needs.writer.stepOf(runId, stepId);
    if (known) return known;
    const { rows } = await this.#needs.database.pool.query({
      name: 'read-step',
      text: 'SELECT parameters, inputs FROM steps WHERE run_id = $1 AND step_id = $2',
      values: [runId, stepId],
    });
    return rows[0];
  }

  async #values(from: Pick<PoolClient, 'query'>, { runId, stepId }: OrderedAttempt): Promise<KnownValue[]> {
    const { rows } = await from.query({ ...readValues, values: [runId, stepId] });
    return rows.map((row) => ({ ...row, sizeBytes: Number(row.sizeBytes) }));
  }

  async #input(attempt: OrderedAttempt, { port, index, few }: Wanted, value: KnownValue): Promise<WorkInput> {
    if (!this.#needs.fleet.isReachable(value.places, attempt.edgeId))
      throw new AtelierError('unavailable', `No edge that is here now has the value of ${value.from}.${value.port}.`);
    const { hash, mediaType, sizeBytes } = value;
    return { port, index, hash, mediaType, sizeBytes, tickets: await this.#tickets(attempt, value, few) };
  }

  /**
   * Where an edge may fetch some bytes: from edges that have them and can be reached, then from the coordinator, which
   * brings bytes that it does not have yet. Of very many values only from the coordinator, which has most of them by then.
   */
  async #tickets(attempt: Pick<OrderedAttempt, 'id' | 'edgeId'>, { hash, places }: Pick<KnownValue, 'hash' | 'places'>, few: boolean): Promise<Ticket[]> {
    const { fleet, tickets } = this.#needs;
    const to = fleet.get(attempt.edgeId);
    const sign = (from: string) => tickets.sign({ hash, to: to.id, key: to.publicKey, attempt: attempt.id, from, seconds: limits.ticketSeconds });
    const signed: Ticket[] = [];
    for (const place of few && !places.includes(to.id) ? places : []) {
      const edge = fleet.find(place as EdgeId);
      if (edge?.reach?.state !== 'open' || !edge.connected) continue;
      // What listens on loopback there is somebody else's service here.
      if (edge.reach.toThisMachine && !to.from.isThisMachine) continue;
      signed.push({ from: edge.id, url: `${edge.reach.url}/artifacts/${hash}`, address: edge.reach.address, token: await sign(edge.id) });
    }
    return [...signed, { from: 'coordinator', url: `/api/edge/artifacts/${hash}`, address: null, token: await sign('coordinator') }];
  }
}

const readCheckpoint = {
  name: 'read-checkpoint',
  text: `SELECT c.hash, c.at, a.size_bytes AS "sizeBytes", ARRAY(SELECT place FROM replicas r WHERE r.hash = c.hash) AS places
    FROM checkpoints c JOIN artifacts a ON a.hash = c.hash
    WHERE c.run_id = $1 AND c.step_id = $2 AND c.shard = $3 AND c.arrived AND c.model_id = $4 AND c.model_hash = $5
      AND NOT EXISTS (SELECT 1 FROM control_positions p WHERE p.run_id = $1 AND p.step_id = $2 AND p.shard = $3 AND p.at < c.at AND p.number <> ALL(c.included))
    ORDER BY c.at DESC LIMIT 1`,
};

const readValues = {
  name: 'read-values',
  text: `WITH known AS (
      SELECT o.step_id AS "from", o.port, o.shard, o.index, o.hash, o.media_type FROM outputs o JOIN steps s ON s.run_id = $1 AND s.step_id = $2
        WHERE o.run_id = $1 AND o.step_id = ANY(s.reads)
      UNION ALL SELECT 'inputs', i.name, 0, 0, o.hash, o.media_type FROM run_inputs i JOIN outputs o ON o.id = i.output_id WHERE i.run_id = $1
    )
    SELECT known."from", known.port, known.index, known.hash, known.media_type AS "mediaType", a.size_bytes AS "sizeBytes",
      ARRAY(SELECT place FROM replicas r WHERE r.hash = known.hash) AS places
    FROM known JOIN artifacts a ON a.hash = known.hash ORDER BY known.shard, known.index`,
};

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
