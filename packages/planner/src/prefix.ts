import type { Bounds } from './bounds.ts';
import { ModelMemory } from './memory.ts';
import type { Candidate, Problem, ProblemStep, Shared } from './problem.ts';

/** A step that is bound to a candidate. */
export interface Bound {
  readonly choice: number;
  readonly endSeconds: number;
}

/** The first steps of a problem bound, ready to ask what binding one more would give at least. */
export class Prefix {
  readonly #problem: Problem;
  readonly #bounds: Bounds;
  readonly #bound: readonly Bound[];
  /** In a sequence it is known what is in memory; in a graph that depends on the order in which branches run. */
  readonly #memory: ModelMemory | null = null;
  /** Seconds that each edge is busy with the steps bound so far, spread over its slots. */
  readonly #busy = new Map<number, number>();
  /** Models that were loaded already, though steps to come carry a share of it in their bounds. */
  readonly #paid = new Map<readonly number[], Shared>();

  constructor(problem: Problem, bounds: Bounds, bound: readonly Bound[]) {
    this.#problem = problem;
    this.#bounds = bounds;
    this.#bound = bound;
    if (problem.sequential && problem.memoryMatters) this.#memory = new ModelMemory(problem);
    for (const [number, { choice }] of bound.entries()) {
      const step = problem.steps[number] as ProblemStep;
      const candidate = step.candidates[choice] as Candidate;
      this.#memory?.use(candidate);
      if (candidate.shared) this.#paid.set(candidate.shared.uses, candidate.shared);
      if (!problem.sequential) this.#occupy(candidate.edge, step.least[choice] as number);
    }
  }

  /** When the step ends on this candidate; at the earliest, in a graph. */
  endOf(number: number, choice: number): number {
    const { free, links, steps } = this.#problem;
    const step = steps[number] as ProblemStep;
    const edge = step.edge[choice] as number;
    let start = Math.max(free[edge] as number, step.readyAt);
    let transfer = step.dataSeconds[choice] as number;
    for (const read of step.reads) {
      const other = this.#bound[read.from] as Bound;
      start = Math.max(start, other.endSeconds);
      const at = ((steps[read.from] as ProblemStep).edge[other.choice] as number) * links.places + edge;
      transfer += read.artifacts * (links.latency[at] as number) + (read.bytes[other.choice] as number) * (links.secondsPerByte[at] as number);
    }
    const candidate = step.candidates[choice] as Candidate;
    if (!this.#memory) return start + transfer + candidate.leastSeconds;
    const { warmSeconds, coldSeconds, loadSeconds } = candidate.estimate;
    return start + transfer + (this.#memory.isWarm(candidate) ? warmSeconds : loadSeconds + coldSeconds);
  }

  /** No plan that begins so takes less. */
  leastTotal(number: number, choice: number, endSeconds: number): number {
    const ahead = Math.max(endSeconds + (this.#bounds.tail[number]?.[choice] as number), this.#bounds.floor[number]?.[choice] as number);
    const total = Math.max(this.#bounds.least, ahead - this.#credit(number, choice));
    if (this.#problem.sequential) return Math.max(total, endSeconds);
    const step = this.#problem.steps[number] as ProblemStep;
    const edge = step.edge[choice] as number;
    return Math.max(total, this.#busyWith(edge) + (step.least[choice] as number) / (this.#problem.slots[edge] as number));
  }

  #credit(number: number, choice: number): number {
    const own = this.#problem.steps[number]?.candidates[choice]?.shared ?? null;
    let credit = 0;
    for (const shared of this.#paid.values()) credit += shareOfLater(shared, number);
    return own && !this.#paid.has(own.uses) ? credit + shareOfLater(own, number) : credit;
  }

  #busyWith(edge: number): number {
    return this.#busy.get(edge) ?? (this.#problem.free[edge] as number);
  }

  #occupy(edge: number, seconds: number): void {
    this.#busy.set(edge, this.#busyWith(edge) + seconds / (this.#problem.slots[edge] as number));
  }
}

function shareOfLater(shared: Shared, number: number): number {
  let later = 0;
  for (const use of shared.uses) if (use > number) later += 1;
  return later * shared.loadShare;
}
