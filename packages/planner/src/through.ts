import { type Bounds, orderBy } from './bounds.ts';
import type { Problem, ProblemStep, Read } from './problem.ts';
import { playThrough, type Timing, timeStep } from './schedule.ts';

/** In graphs: candidates of a reader that are tried when a step is moved, quickest first. */
const breadth = 12;

/** The best plan known through one offer. */
export interface Through {
  readonly totalSeconds: number;
  /** How the step itself goes in that plan. */
  readonly timing: Timing;
  readonly binding: Int32Array;
}

/**
 * For every step and candidate the best plan through it. In a line it is the least there is, unless the work of others
 * queues on later edges or memory is scarce; there, and in graphs, it is the better of two good plans, so the true one may be a little quicker.
 */
export function throughEach(problem: Problem, bounds: Bounds, best: Int32Array): (number: number, choice: number) => Through {
  if (!bounds.isLine) {
    const orders = problem.steps.map((step, number) =>
      orderBy(step.least.map((seconds, own) => seconds + (bounds.tail[number]?.[own] as number))).subarray(0, breadth),
    );
    return (number, choice) => aroundBest(problem, bounds, orders, best.with(number, choice), number);
  }
  const before = lookBack(problem);
  return (number, choice) => {
    const binding = new Int32Array(problem.steps.length);
    binding[number] = choice;
    for (let at = number; at > 0; at -= 1) binding[at - 1] = before.previous[at]?.[binding[at] as number] as number;
    const end = before.ends[number]?.[choice] as number;
    if (problem.memoryMatters) return played(problem, bounds, binding, number);
    const readyAt = (problem.steps[number] as ProblemStep).readyAt;
    const ready = number === 0 ? readyAt : Math.max(readyAt, before.ends[number - 1]?.[binding[number - 1] as number] as number);
    return ahead(problem, bounds, binding, number, { ready, end });
  };
}

/** In a line, the earliest end of every candidate and the candidate before it that allows it: exact, since arriving earlier never hurts. */
function lookBack(problem: Problem): { ends: Float64Array[]; previous: Int32Array[] } {
  const { latency, secondsPerByte, places } = problem.links;
  const ends: Float64Array[] = [];
  const previous: Int32Array[] = [];
  for (const [number, step] of problem.steps.entries()) {
    const earliest = step.candidates.map((_, own) => Math.max(problem.free[step.edge[own] as number] as number, step.readyAt));
    const read = step.reads[0];
    const from = new Int32Array(step.candidates.length);
    const own = Float64Array.from(earliest);
    if (read) arrive(read, own, from);
    ends.push(own.map((start, candidate) => start + (step.least[candidate] as number)));
    previous.push(from);

    function arrive(read: Read, arrivals: Float64Array, choices: Int32Array): void {
      const last = ends[number - 1] as Float64Array;
      const lastEdges = (problem.steps[number - 1] as ProblemStep).edge;
      const order = orderBy(last);
      for (let candidate = 0; candidate < arrivals.length; candidate += 1) {
        const free = arrivals[candidate] as number;
        const to = step.edge[candidate] as number;
        let best = Number.POSITIVE_INFINITY;
        for (const other of order) {
          const start = Math.max(last[other] as number, free);
          if (start >= best) break;
          const at = (lastEdges[other] as number) * places + to;
          const arrival = start + read.artifacts * (latency[at] as number) + (read.bytes[other] as number) * (secondsPerByte[at] as number);
          if (arrival >= best) continue;
          best = arrival;
          choices[candidate] = other;
        }
        arrivals[candidate] = best;
      }
    }
  }
  return { ends, previous };
}

/** Follows the quicker of the two ways on that the bounds know; both are plans, so no playing is needed. */
function ahead(problem: Problem, bounds: Bounds, binding: Int32Array, number: number, { ready, end }: { ready: number; end: number }): Through {
  const own = binding[number] as number;
  const straight = Math.max(end + (bounds.tail[number]?.[own] as number), bounds.floorOfTail[number]?.[own] as number);
  for (let at = number; at + 1 < binding.length; at += 1) binding[at + 1] = bounds.next[at]?.[binding[at] as number] as number;
  const through = { totalSeconds: straight, timing: timingAt(problem, binding, number, ready, end), binding };
  if ((bounds.floorOfTail[number]?.[own] as number) <= end + (bounds.tail[number]?.[own] as number)) return through;
  const round = binding.slice();
  for (let at = number; at + 1 < round.length; at += 1) round[at + 1] = bounds.nextFloor[at]?.[round[at] as number] as number;
  const other = playThrough(problem, round).totalSeconds;
  return other < straight ? { ...through, totalSeconds: other, binding: round } : through;
}

function timingAt(problem: Problem, binding: Int32Array, number: number, readySeconds: number, endSeconds: number): Timing {
  const step = problem.steps[number] as ProblemStep;
  const timing = timeStep(problem, binding, number, 0, step.candidates[binding[number] as number]?.loaded === true);
  return { ...timing, startSeconds: endSeconds - timing.endSeconds, readySeconds, endSeconds };
}

/** For lines in which memory matters. */
function played(problem: Problem, bounds: Bounds, binding: Int32Array, number: number): Through {
  for (let at = number; at + 1 < binding.length; at += 1) binding[at + 1] = bounds.next[at]?.[binding[at] as number] as number;
  const schedule = playThrough(problem, binding);
  return { totalSeconds: schedule.totalSeconds, timing: schedule.timings[number] as Timing, binding };
}

/** The best plan with this step moved; once as it is, and once with the steps behind it chosen again. */
function aroundBest(problem: Problem, bounds: Bounds, orders: readonly Int32Array[], moved: Int32Array, number: number): Through {
  const first = playThrough(problem, moved);
  const followed = moved.slice();
  for (const reader of (problem.steps[number] as ProblemStep).readers) {
    const ends = first.timings.map((timing) => timing.endSeconds);
    followed[reader] = quickest(problem, bounds, followed, ends, reader, orders[reader] as Int32Array);
  }
  const second = playThrough(problem, followed);
  const [schedule, binding] = second.totalSeconds < first.totalSeconds ? [second, followed] : [first, moved];
  return { totalSeconds: schedule.totalSeconds, timing: schedule.timings[number] as Timing, binding };
}

function quickest(problem: Problem, bounds: Bounds, binding: Int32Array, ends: readonly number[], number: number, order: Int32Array): number {
  const step = problem.steps[number] as ProblemStep;
  const ready = step.reads.reduce((latest, read) => Math.max(latest, ends[read.from] as number), step.readyAt);
  const tried = binding.slice();
  let best = { choice: binding[number] as number, total: Number.POSITIVE_INFINITY };
  for (const choice of order) {
    tried[number] = choice;
    const start = Math.max(ready, problem.free[step.edge[choice] as number] as number);
    const { transferSeconds } = timeStep(problem, tried, number, start, true);
    const total = start + transferSeconds + (step.candidates[choice]?.leastSeconds ?? 0) + (bounds.tail[number]?.[choice] as number);
    if (total < best.total) best = { choice, total };
  }
  return best.choice;
}
