import type { Problem, ProblemStep, Read } from './problem.ts';

/**
 * What is still to come after a step is bound to a candidate, seen favourably: nothing of this plan queues behind anything else
 * of it, models that may be warm are warm, and the branches behind a step choose freely of each other. Arrays by step, then candidate.
 */
export interface Bounds {
  /** Least seconds from the end of the step to the end of the chain. */
  readonly tail: readonly Float64Array[];
  /** Least total because of the work of others that waits on edges still to come, whenever the step ends. */
  readonly floor: readonly Float64Array[];
  /** Least total of any plan. */
  readonly least: number;
  /** In a line: the next step's candidate that gives `tail`, and the one that gives `floor`. */
  readonly next: readonly Int32Array[];
  readonly nextFloor: readonly Int32Array[];
  /** In a line: the floor that one meets by following `next`. */
  readonly floorOfTail: readonly Float64Array[];
  readonly isLine: boolean;
}

/** Computes the bounds from the last step to the first, by dynamic programming over pairs of candidates. */
export function boundsOf(problem: Problem): Bounds {
  const { steps } = problem;
  const table = () => steps.map((step) => new Float64Array(step.candidates.length));
  const choices = () => steps.map((step) => new Int32Array(step.candidates.length));
  const isLine = steps.every((step, number) => (number === 0 ? step.reads.length === 0 : step.reads.length === 1 && step.reads[0]?.from === number - 1));
  const bounds = { tail: table(), floor: table(), floorOfTail: table(), next: choices(), nextFloor: choices(), isLine };
  const queued = problem.free.some((seconds) => seconds > 0);
  let least = problem.sequential ? 0 : leastForSlots(problem);
  for (let number = steps.length - 1; number >= 0; number -= 1) {
    const step = steps[number] as ProblemStep;
    for (const reader of step.readers) {
      lookAhead(problem, bounds, number, reader);
      if (queued) floorAhead(problem, bounds, number, reader);
    }
    if (step.reads.length === 0) least = Math.max(least, leastFrom(problem, bounds, number));
  }
  return { ...bounds, least };
}

type Tables = Omit<Bounds, 'least'>;

/** Once the candidates of the reader stand in order of what they take, the search may stop where that alone is no better. */
function lookAhead(problem: Problem, bounds: Tables, number: number, reader: number): void {
  const step = problem.steps[number] as ProblemStep;
  const after = problem.steps[reader] as ProblemStep;
  const read = after.reads.find((one) => one.from === number) as Read;
  const rest = after.least.map((seconds, candidate) => seconds + (bounds.tail[reader]?.[candidate] as number));
  const order = orderBy(rest);
  const { latency, secondsPerByte, places } = problem.links;
  const tail = bounds.tail[number] as Float64Array;
  for (let own = 0; own < tail.length; own += 1) {
    const row = (step.edge[own] as number) * places;
    const bytes = read.bytes[own] as number;
    let best = Number.POSITIVE_INFINITY;
    let choice = 0;
    for (const other of order) {
      const behind = rest[other] as number;
      if (behind >= best) break;
      const at = row + (after.edge[other] as number);
      const seconds = read.artifacts * (latency[at] as number) + bytes * (secondsPerByte[at] as number) + behind;
      if (seconds < best) {
        best = seconds;
        choice = other;
      }
    }
    if (best > (tail[own] as number)) tail[own] = best;
    (bounds.next[number] as Int32Array)[own] = choice;
    const met = (problem.free[after.edge[choice] as number] as number) + best;
    (bounds.floorOfTail[number] as Float64Array)[own] = Math.max(met, bounds.floorOfTail[reader]?.[choice] as number);
  }
}

function floorAhead(problem: Problem, bounds: Tables, number: number, reader: number): void {
  const step = problem.steps[number] as ProblemStep;
  const after = problem.steps[reader] as ProblemStep;
  const read = after.reads.find((one) => one.from === number) as Read;
  const start = after.least.map((seconds, candidate) => seconds + (problem.free[after.edge[candidate] as number] as number));
  const rest = start.map((seconds, candidate) => Math.max(seconds + (bounds.tail[reader]?.[candidate] as number), bounds.floor[reader]?.[candidate] as number));
  const order = orderBy(rest);
  const { latency, secondsPerByte, places } = problem.links;
  const floor = bounds.floor[number] as Float64Array;
  for (let own = 0; own < floor.length; own += 1) {
    const row = (step.edge[own] as number) * places;
    const bytes = read.bytes[own] as number;
    let best = Number.POSITIVE_INFINITY;
    let choice = 0;
    for (const other of order) {
      if ((rest[other] as number) >= best) break;
      const at = row + (after.edge[other] as number);
      const seconds = read.artifacts * (latency[at] as number) + bytes * (secondsPerByte[at] as number);
      const total = Math.max(seconds + (start[other] as number) + (bounds.tail[reader]?.[other] as number), bounds.floor[reader]?.[other] as number);
      if (total < best) {
        best = total;
        choice = other;
      }
    }
    if (best > (floor[own] as number)) floor[own] = best;
    (bounds.nextFloor[number] as Int32Array)[own] = choice;
  }
}

function leastFrom(problem: Problem, bounds: Tables, root: number): number {
  const step = problem.steps[root] as ProblemStep;
  let least = Number.POSITIVE_INFINITY;
  for (let own = 0; own < step.candidates.length; own += 1) {
    const end = Math.max(problem.free[step.edge[own] as number] as number, step.readyAt) + (step.least[own] as number);
    least = Math.min(least, Math.max(end + (bounds.tail[root]?.[own] as number), bounds.floor[root]?.[own] as number));
  }
  return least;
}

/** All steps at their cheapest, poured into all slots that could take any: no plan ends before that fits. */
function leastForSlots(problem: Problem): number {
  const work = problem.steps.reduce((sum, step) => sum + step.least.reduce((least, one) => Math.min(least, one), Number.POSITIVE_INFINITY), 0);
  const edges = [...new Set(problem.steps.flatMap((step) => [...step.edge]))].sort((a, b) => (problem.free[a] as number) - (problem.free[b] as number));
  let slots = 0;
  let freeSum = 0;
  let least = Number.POSITIVE_INFINITY;
  for (const edge of edges) {
    slots += problem.slots[edge] as number;
    freeSum += (problem.slots[edge] as number) * (problem.free[edge] as number);
    least = Math.min(least, (work + freeSum) / slots);
  }
  return least;
}

/** Positions in ascending order of their values. */
export function orderBy(values: Float64Array): Int32Array {
  return Int32Array.from(values.keys()).sort((a, b) => (values[a] as number) - (values[b] as number) || a - b);
}
