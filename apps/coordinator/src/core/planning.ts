import { type Begun, type ExistingData, type Mask, type Place, planChain, type SettledStep } from '@atelier/planner';
import { AtelierError, type EdgeId, type Plan, type PlannedStep, type PlanSet, type ResolvedChain, type RunId } from '@atelier/protocol';
import { type Binding, hasSeveral, liveAttempt, type MachineStep } from '@atelier/runs';
import { noteWaiting } from './advance.ts';
import { advanceRun, type CoreContext } from './context.ts';
import { fleetSnapshot } from './fleet-snapshot.ts';
import { outOfReach, type ReachedValue, redoShards } from './reach.ts';
import { inTransaction } from './run-changes.ts';
import { bindingOfShare, type LoadedRun, secondsOnEdge } from './run-rows.ts';
import { shareOpenSteps } from './sharing.ts';

/** The bindings that a plan means to the state machine. */
export function bindingsOf(plan: Plan): Record<string, Binding[]> {
  return Object.fromEntries(
    plan.steps.map(({ stepId, offer, sharing, prediction }) => [
      stepId,
      sharing.length > 0
        ? sharing.map(bindingOfShare)
        : [{ edgeId: offer.edgeId, modelId: offer.modelId, slots: 1, secondsPerShard: secondsOnEdge(prediction) }],
    ]),
  );
}

/** Plans runs that wait for a plan, one after the other, outside any transaction; a plan is committed only if nothing changed meanwhile. */
export class Planning {
  readonly #context: CoreContext;
  readonly #wanted = new Set<RunId>();
  #working: Promise<void> | undefined;
  #closed = false;

  constructor(context: CoreContext) {
    this.#context = context;
  }

  request(runId: RunId): void {
    if (this.#closed) return;
    this.#wanted.add(runId);
    this.#working ??= this.#work();
  }

  /** The fleet has something new to offer: to what waits for a plan, and to steps that edges share. */
  async fleetChanged(): Promise<void> {
    await this.requestAll();
    await shareOpenSteps(this.#context);
  }

  /** Everything that waits for a plan. */
  async requestAll(): Promise<void> {
    const { rows } = await this.#context.database.pool.query("SELECT id FROM runs WHERE state = 'planning' ORDER BY priority DESC, id");
    for (const { id } of rows) this.request(id);
  }

  /** Waits for the plan that is being made; the others are found again at the next start. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.#working;
  }

  async #work(): Promise<void> {
    for (const runId of this.#wanted) {
      this.#wanted.delete(runId);
      if (this.#closed) continue;
      // A run that cannot be planned now stays in `planning` and is looked at again with the next sweep.
      await planRun(this.#context, runId).catch((error: unknown) => this.#context.log.error({ runId, error: String(error) }, 'a run could not be planned'));
    }
    this.#working = undefined;
  }
}

/** Plans what is not bound and commits it, or writes down why it has to wait. */
async function planRun(context: CoreContext, runId: RunId): Promise<void> {
  const known = await readForPlan(context, runId);
  if (known.run.machine.state !== 'planning') return;
  const { redo, waiting } = outOfReach(context, known.run, known.chain, known.values);
  if (Object.keys(redo).length > 0) return redoShards(context, runId, redo);
  const planned = waiting ?? tryPlan(context, known);
  if (planned instanceof AtelierError) {
    const noted = await inTransaction(context.database.pool, (tx) => noteWaiting(tx, runId, waitingReason(planned)));
    if (noted) context.events.changed({ runId, stepIds: [] });
    return;
  }
  const best = planned.plans[0] as Plan;
  const event = { kind: 'planned', basedOn: known.run.machine.planVersion, bindings: bindingsOf(best) } as const;
  await advanceRun(context, runId, event, { plan: mergePlans(known.chain, known.plan, best) });
}

const waitingReason = (error: AtelierError) => ({ ...error.toJSON(), message: `Waits for an edge. ${error.message}` });

interface KnownRun {
  readonly run: LoadedRun;
  readonly chain: ResolvedChain;
  readonly plan: Plan | null;
  readonly inputs: Record<string, ExistingData>;
  /** Where each value can be had: of `inputs` and of finished steps. */
  readonly values: ReadonlyMap<string, ReachedValue[]>;
  readonly made: ReadonlyMap<string, Record<string, { bytes: number; at: Place[] }>>;
  /** The model with which some shards of a step were made, where others are left. */
  readonly begun: ReadonlyMap<string, Begun>;
}

async function readForPlan(context: CoreContext, runId: RunId): Promise<KnownRun> {
  return inTransaction(context.database.pool, async (tx) => {
    const run = await context.advancing.states.load(tx, runId);
    const { rows } = await tx.query('SELECT chain, plan FROM runs WHERE id = $1', [runId]);
    const places = "(SELECT COALESCE(json_agg(p.place), '[]') FROM replicas p WHERE p.hash = o.hash) AS at";
    const inputs = await tx.query(
      `SELECT i.name, a.size_bytes AS bytes, o.dimensions, ${places} FROM run_inputs i JOIN outputs o ON o.id = i.output_id JOIN artifacts a ON a.hash = o.hash WHERE i.run_id = $1`,
      [runId],
    );
    const made = await tx.query(
      `SELECT o.step_id, o.port, o.shard, o.recipe ->> 'modelId' AS "modelId", o.recipe ->> 'modelHash' AS "modelHash", o.maker, a.size_bytes AS bytes, ${places} FROM outputs o JOIN artifacts a ON a.hash = o.hash WHERE o.run_id = $1`,
      [runId],
    );
    const values = new Map<string, ReachedValue[]>(Map.groupBy(made.rows, (row) => row.step_id as string));
    values.set(
      'inputs',
      inputs.rows.map(({ at }) => ({ shard: 0, at })),
    );
    const byStep = new Map<string, Record<string, { bytes: number; at: Place[] }>>();
    for (const row of made.rows) {
      const ports = byStep.get(row.step_id) ?? {};
      const bytes = (ports[row.port]?.bytes ?? 0) + Number(row.bytes);
      byStep.set(row.step_id, Object.assign(ports, { [row.port]: { bytes, at: row.at } }));
    }
    const byName = Object.fromEntries(inputs.rows.map((row) => [row.name, { bytes: Number(row.bytes), at: row.at, dimensions: row.dimensions ?? undefined }]));
    return { run, chain: rows[0].chain, plan: rows[0].plan, inputs: byName, values, made: byStep, begun: begunWith(run, made.rows) };
  });
}

/** All shards of a step are made with the same model. */
function begunWith(run: LoadedRun, made: ReadonlyArray<{ step_id: string; modelId: string; modelHash: string; maker: EdgeId | null }>): KnownRun['begun'] {
  const open = new Set([...run.machine.steps.values()].filter((step) => step.shards.some((shard) => !shard.done)).map((step) => step.id));
  const byStep = Map.groupBy(made, (row) => row.step_id);
  return new Map(
    [...byStep].flatMap(([stepId, rows]): Array<[string, Begun]> => {
      const last = rows.at(-1);
      if (!last || !open.has(stepId)) return [];
      return [[stepId, { modelId: last.modelId, modelHash: last.modelHash, edgeIds: rows.flatMap(({ maker }) => (maker ? [maker] : [])) }]];
    }),
  );
}

/** Edges where an attempt went wrong are left out at first; where nothing else offers the step, they get another chance. */
function tryPlan(context: CoreContext, known: KnownRun): PlanSet | AtelierError {
  const masks = masksOf(known.run);
  for (const masked of masks.length > 0 ? [masks, []] : [[]]) {
    try {
      return planChain(known.chain, fleetSnapshot(context), {
        count: 1,
        inputs: known.inputs,
        settled: settledSteps(context, known),
        begun: known.begun,
        masked,
        catalogue: context.catalogue,
      });
    } catch (thrown) {
      const error = AtelierError.from(thrown);
      if (error.code !== 'no-offer') throw error;
      if (masked.length === 0) return error;
    }
  }
  throw new AtelierError('internal', 'The planner gave no answer.');
}

/** Of a step with several shards an edge is left out only where it went wrong with all that are left. */
function masksOf(run: LoadedRun): Mask[] {
  return [...run.machine.steps.values()].flatMap((step) => {
    const open = step.shards.filter((shard) => !shard.done);
    const edges = [...new Set(open.flatMap((shard) => shard.avoid))].filter((edgeId) => open.every((shard) => shard.avoid.includes(edgeId)));
    return edges.map((edgeId) => ({ edgeId, stepId: step.id, why: 'an earlier attempt ended badly there' }));
  });
}

function settledSteps(context: CoreContext, known: KnownRun): Map<string, SettledStep> {
  const settled = new Map<string, SettledStep>();
  for (const step of known.run.machine.steps.values()) {
    const live = step.shards.map(liveAttempt).find((attempt) => attempt !== undefined);
    const bound = live && (!hasSeveral(step) || step.sharing.length > 0);
    if (step.state === 'succeeded') settled.set(step.id, { kind: 'finished', outputs: known.made.get(step.id) ?? {} });
    else if (bound) {
      const endSeconds = hasSeveral(step) ? sharedSeconds(step) : remainingSeconds(context, known.run.id, step.id, live.edgeId);
      settled.set(step.id, { kind: 'bound', edgeId: live.edgeId, modelId: live.modelId, endSeconds });
    }
  }
  return settled;
}

/** Until a running step of one shard is through. */
function remainingSeconds(context: CoreContext, runId: RunId, stepId: string, edgeId: EdgeId): number {
  const attempt = context.live.ofEdge(edgeId).find((other) => other.runId === runId && other.stepId === stepId);
  const passed = attempt?.startedAt ? (performance.now() - attempt.startedAt) / 1000 : 0;
  return Math.max(0, (attempt?.predictedSeconds ?? 0) - passed);
}

/** Until all shards that are left are through, on all edges that share them. */
function sharedSeconds(step: MachineStep): number {
  const left = step.shards.filter((shard) => !shard.done).length;
  return left / step.sharing.reduce((sum, { slots, secondsPerShard }) => sum + slots / Math.max(secondsPerShard, 1e-6), 0);
}

/** The run's plan after part of it was planned anew: what is settled stays as it was. */
function mergePlans(chain: ResolvedChain, before: Plan | null, now: Plan): Plan {
  const find = (plan: Plan | null, stepId: string) => plan?.steps.find((step) => step.stepId === stepId);
  const steps = chain.steps.map((step) => find(now, step.id) ?? find(before, step.id)).filter((step): step is PlannedStep => step !== undefined);
  return { totalSeconds: now.totalSeconds, steps };
}
