import type { Bounds } from './bounds.ts';
import { orderBy } from './bounds.ts';
import type { Found, Problem, ProblemStep } from './problem.ts';
import { playThrough, timeStep } from './schedule.ts';

/** Plans played through before it stops. */
const rounds = 3_000;
/** Candidates of one step that are tried, quickest first. */
const breadth = 24;

/**
 * Good plans where an exact search would take too long: starts from the best so far and from each step bound in turn to
 * where it ends first, queues included; then changes one step at a time as long as that makes it quicker. Deterministic.
 */
export function improve(problem: Problem, bounds: Bounds, starts: readonly Found[], count: number): Found[] {
  const pool = new Map<string, Found>();
  let left = rounds;
  const play = (binding: Int32Array): Found => {
    left -= 1;
    const one = { binding, totalSeconds: playThrough(problem, binding).totalSeconds };
    pool.set(binding.join(), one);
    return one;
  };
  for (const start of starts) pool.set(start.binding.join(), start);
  const orders = problem.steps.map((step, number) =>
    orderBy(step.least.map((seconds, own) => seconds + (bounds.tail[number]?.[own] as number))).subarray(0, breadth),
  );
  const first = play(greedy(problem, bounds));
  let best = starts[0] && starts[0].totalSeconds < first.totalSeconds ? starts[0] : first;
  for (let before: Found | null = null; before !== best && left > 0; ) {
    before = best;
    for (const [number, order] of orders.entries()) best = moved(best, number, order);
  }
  return [...pool.values()].sort((a, b) => a.totalSeconds - b.totalSeconds || compareBindings(a.binding, b.binding)).slice(0, count);

  function moved(from: Found, number: number, order: Int32Array): Found {
    let quickest = from;
    for (const choice of order) {
      if (left <= 0 || choice === from.binding[number]) continue;
      const tried = play(from.binding.with(number, choice));
      if (tried.totalSeconds < quickest.totalSeconds - 1e-9) quickest = tried;
    }
    return quickest;
  }
}

function compareBindings(a: Int32Array, b: Int32Array): number {
  const at = a.findIndex((choice, number) => choice !== b[number]);
  return at < 0 ? 0 : (a[at] as number) - (b[at] as number);
}

/** Binds the steps in order, each to where the chain could end first, behind the steps bound before on the same edge. */
function greedy(problem: Problem, bounds: Bounds): Int32Array {
  const binding = new Int32Array(problem.steps.length);
  const ends = new Float64Array(problem.steps.length);
  const slots = new Map<number, number[]>();
  for (const [number, step] of problem.steps.entries()) {
    let best = { choice: 0, end: 0, total: Number.POSITIVE_INFINITY };
    for (let choice = 0; choice < step.candidates.length; choice += 1) {
      binding[number] = choice;
      const end = endOf(problem, binding, ends, step, number, Math.min(...slotsOn(step.edge[choice] as number)));
      const total = end + (bounds.tail[number]?.[choice] as number);
      if (total < best.total) best = { choice, end, total };
    }
    binding[number] = best.choice;
    ends[number] = best.end;
    const free = slotsOn(step.edge[best.choice] as number);
    free[free.indexOf(Math.min(...free))] = best.end;
  }
  return binding;

  function slotsOn(edge: number): number[] {
    const free = slots.get(edge) ?? new Array<number>(problem.slots[edge] as number).fill(problem.free[edge] as number);
    slots.set(edge, free);
    return free;
  }
}

function endOf(problem: Problem, binding: Int32Array, ends: Float64Array, step: ProblemStep, number: number, free: number): number {
  const ready = step.reads.reduce((latest, read) => Math.max(latest, ends[read.from] as number), step.readyAt);
  const timing = timeStep(problem, binding, number, Math.max(ready, free), true);
  return timing.startSeconds + timing.transferSeconds + (step.candidates[binding[number] as number]?.leastSeconds ?? 0);
}
