import { findTask, type Plan, type PlannedShare, type PlanSet, type ResolvedChain, type ResolvedStep, shardCount } from '@atelier/protocol';
import { boundsOf } from './bounds.ts';
import { createEstimator } from './estimate.ts';
import type { Begun, FleetSnapshot, PlanOptions } from './fleet.ts';
import { offersFor, type UsableOffer } from './offers.ts';
import { type Candidate, type Found, type Problem, type ProblemStep, poseProblem } from './problem.ts';
import { slowerOffers } from './rejections.ts';
import { playThrough, predictionOf, type Timing } from './schedule.ts';
import { search } from './search.ts';
import { type Member, teamOf } from './team.ts';

/**
 * Binds every step of a chain that is not settled to an offer (a model on an edge), by exact least predicted time; the
 * order among equals is quality, then names. What predicted time means is written at `playThrough`; where exactness ends, at `search`:
 * `gapSeconds` of the answer is 0 unless a large parallel graph had to be cut short.
 * A step with several shards is bound to a model on all edges that have it (`sharing`), which share it.
 * @returns the `count` best plans, best first, and every other offer with the reason why it lost; plans list only steps that are not settled
 * @throws AtelierError `no-offer` if a step has no usable offer; the hint says which model to pull or what stands in the way
 * @example planChain(resolveChain({ steps: ['text-to-image'] }), fleet, { count: 3 }).plans[0]
 */
export function planChain(chain: ResolvedChain, fleet: FleetSnapshot, options: PlanOptions): PlanSet {
  const problem = poseProblem(chain, fleet, options);
  if (problem.steps.length === 0) return { chain, plans: [{ totalSeconds: 0, steps: [] }], rejected: [], gapSeconds: 0 };
  const bounds = boundsOf(problem);
  const { found, gapSeconds } = search(problem, bounds, options.count);
  const plans = found.map((one) => planOf(problem, one));
  const [best, plan] = [found[0], plans[0]];
  const slower = best && plan ? slowerOffers(problem, bounds, best, plan) : [];
  return { chain, plans, rejected: [...slower, ...problem.refused], gapSeconds };
}

function planOf(problem: Problem, { binding }: Found): Plan {
  const schedule = playThrough(problem, binding);
  const steps = problem.steps.map((step: ProblemStep, number) => {
    const { offer, team } = step.candidates[binding[number] as number] as Candidate;
    const prediction = predictionOf(problem, binding, number, schedule.timings[number] as Timing);
    return { stepId: step.id, task: step.task, offer, prediction, sharing: (team?.members ?? []).map(shareOf) };
  });
  return { totalSeconds: schedule.totalSeconds, steps };
}

const shareOf = ({ offer, slots, secondsPerShard }: Member): PlannedShare => ({ offer: offer.offer, slots, secondsPerShard, modelHash: offer.modelHash });

/**
 * Every edge that can share a step which was begun with a model: what a plan of it alone would list, quickest first.
 * @param work of the step
 * @throws AtelierError `no-offer` if there is none
 */
export function sharesOf(step: ResolvedStep, fleet: FleetSnapshot, model: Begun, work: number): PlannedShare[] {
  const task = findTask(step.task);
  const { usable } = offersFor(step, fleet, { count: 1, begun: new Map([[step.id, model]]) });
  const [{ manifest }] = usable as [UsableOffer];
  const estimate = createEstimator(fleet).forModel(manifest, task, work);
  return teamOf(usable, estimate, fleet.edges, shardCount(task, step.parameters)).members.map(shareOf);
}
