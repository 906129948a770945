import { type FleetSnapshot, type Mask, planChain, type SettledStep } from '@atelier/planner';
import { AtelierError, type EdgeId, type ModelManifest, type Plan, type PlannedStep, type PlanSet, type ResolvedChain, type RunId } from '@atelier/protocol';
import { type Binding, hasSeveral, liveAttempt, type MachineStep } from '@atelier/runs';
import type { Database } from '@atelier/store';
import type { Logger } from '../contracts/index.ts';
import type { LiveAttempts } from '../dispatch/index.ts';
import { bindingOfShare, type LoadedRun, type RunWriter, secondsOnEdge } from '../state/index.ts';
import { fleetSnapshot, type SnapshotNeeds } from './fleet-snapshot.ts';
import { outOfReach } from './reach.ts';
import { type KnownRun, readForPlan } from './read-for-plan.ts';
import { shareOpenSteps } from './sharing.ts';

export interface PlanningNeeds extends SnapshotNeeds {
  readonly database: Database;
  readonly writer: RunWriter;
  readonly catalogue: readonly ModelManifest[];
  readonly log: Logger;
  /** Why a run waits for a plan is another than before. */
  readonly onWaiting: (runId: RunId) => void;
}

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
  readonly #needs: PlanningNeeds;
  readonly #wanted = new Set<RunId>();
  #working: Promise<void> | undefined;
  #closed = false;

  constructor(needs: PlanningNeeds) {
    this.#needs = needs;
  }

  request(runId: RunId): void {
    if (this.#closed) return;
    this.#wanted.add(runId);
    this.#working ??= this.#work();
  }

  /** The fleet has something new to offer: to what waits for a plan, and to steps that edges share. */
  async fleetChanged(): Promise<void> {
    await this.requestAll();
    await shareOpenSteps(this.#needs);
  }

  /** Everything that waits for a plan. */
  async requestAll(): Promise<void> {
    const { rows } = await this.#needs.database.pool.query("SELECT id FROM runs WHERE state = 'planning' ORDER BY priority DESC, id");
    for (const { id } of rows) this.request(id);
  }

  /** The fleet as the planner sees it now. */
  snapshot(): FleetSnapshot {
    return fleetSnapshot(this.#needs);
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
      await planRun(this.#needs, runId).catch((error: unknown) => this.#needs.log.error({ runId, error: String(error) }, 'a run could not be planned'));
    }
    this.#working = undefined;
  }
}

/** Plans what is not bound and commits it, or writes down why it has to wait. */
async function planRun(needs: PlanningNeeds, runId: RunId): Promise<void> {
  const known = await readForPlan(needs.writer, runId);
  if (known.run.machine.state !== 'planning') return;
  const { redo, waiting } = outOfReach(needs.fleet, known.run, known.chain, known.values);
  if (Object.keys(redo).length > 0) {
    needs.log.warn({ runId, stepIds: Object.keys(redo) }, 'results are gone with their edges; what made them runs once more');
    return needs.writer.redo(runId, redo);
  }
  const planned = waiting ?? tryPlan(needs, known);
  if (planned instanceof AtelierError) {
    if (await needs.writer.noteWaiting(runId, waitingReason(planned))) needs.onWaiting(runId);
    return;
  }
  const best = planned.plans[0] as Plan;
  const event = { kind: 'planned', basedOn: known.run.machine.planVersion, bindings: bindingsOf(best) } as const;
  await needs.writer.advance(runId, event, { plan: mergePlans(known.chain, known.plan, best) });
}

const waitingReason = (error: AtelierError) => ({ ...error.toJSON(), message: `Waits for an edge. ${error.message}` });

/** Edges where an attempt went wrong are left out at first; where nothing else offers the step, they get another chance. */
function tryPlan(needs: PlanningNeeds, known: KnownRun): PlanSet | AtelierError {
  const masks = masksOf(known.run);
  for (const masked of masks.length > 0 ? [masks, []] : [[]]) {
    try {
      return planChain(known.chain, fleetSnapshot(needs), {
        count: 1,
        inputs: known.inputs,
        settled: settledSteps(needs.live, known),
        begun: known.begun,
        masked,
        catalogue: needs.catalogue,
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

function settledSteps(live: LiveAttempts, known: KnownRun): Map<string, SettledStep> {
  const settled = new Map<string, SettledStep>();
  for (const step of known.run.machine.steps.values()) {
    const attempt = step.shards.map(liveAttempt).find((one) => one !== undefined);
    const bound = attempt && (!hasSeveral(step) || step.sharing.length > 0);
    if (step.state === 'succeeded') settled.set(step.id, { kind: 'finished', outputs: known.made.get(step.id) ?? {} });
    else if (bound) {
      const endSeconds = hasSeveral(step) ? sharedSeconds(step) : remainingSeconds(live, known.run.id, step.id, attempt.edgeId);
      settled.set(step.id, { kind: 'bound', edgeId: attempt.edgeId, modelId: attempt.modelId, endSeconds });
    }
  }
  return settled;
}

/** Until a running step of one shard is through. */
function remainingSeconds(live: LiveAttempts, runId: RunId, stepId: string, edgeId: EdgeId): number {
  const attempt = live.ofEdge(edgeId).find((other) => other.runId === runId && other.stepId === stepId);
  const passed = attempt?.startedAt ? (performance.now() - attempt.startedAt) / 1000 : 0;
  return Math.max(0, (attempt?.predictedSeconds ?? 0) - passed);
}

/** Until all shards that are left are through, on all edges that share them. */
function sharedSeconds(step: MachineStep): number {
  const left = step.shards.filter((shard) => !shard.done).length;
  return left / step.sharing.reduce((sum, { slots, secondsPerShard }) => sum + slots / Math.max(secondsPerShard, 1e-6), 0);
}

/** The run's plan after part of it was planned again: what is settled stays as it was. */
function mergePlans(chain: ResolvedChain, before: Plan | null, now: Plan): Plan {
  const find = (plan: Plan | null, stepId: string) => plan?.steps.find((step) => step.stepId === stepId);
  const steps = chain.steps.map((step) => find(now, step.id) ?? find(before, step.id)).filter((step): step is PlannedStep => step !== undefined);
  return { totalSeconds: now.totalSeconds, steps };
}
