import type { Bounds } from './bounds.ts';
import { Heap } from './heap.ts';
import { improve } from './improve.ts';
import { ModelMemory } from './memory.ts';
import type { Candidate, Problem, ProblemStep } from './problem.ts';
import { playThrough, timeStep } from './schedule.ts';

/** Candidates looked at before the search gives up being exact: about a fifth of a second. */
const budget = 400_000;
/** Totals closer than this, in seconds, are equal. */
export const resolution = 1e-8;

export interface Found {
  readonly binding: Int32Array;
  readonly totalSeconds: number;
}

export interface SearchResult {
  /** Best first. */
  readonly found: readonly Found[];
  /** No plan can be quicker than the first by more than this; 0 where the search was exact. */
  readonly gapSeconds: number;
}

/** The first `depth` steps bound. Siblings are made one at a time, in order, to keep the heap small. */
interface Node {
  readonly parent: Node | null;
  readonly depth: number;
  readonly choice: number;
  /** End of the step bound last. */
  readonly endSeconds: number;
  /** Least total in units of `resolution`, rounded, so that equal totals are equal however they were summed. */
  readonly key: number;
  readonly quality: number;
  /** Sum of qualities at best, for the order among equals. */
  readonly qualityAtBest: number;
  readonly siblings: readonly Node[];
  readonly place: number;
  /** Complete, played through, and its key is the true total. */
  readonly total: number | null;
}

/**
 * The `count` plans of least predicted time, by best-first search (A*) under the bounds of bounds.ts. Exact, ties included, as
 * long as it looks at no more than 400,000 candidates: lines without repeated or crowded models always stay far below
 * (about `count` x steps x offers), diamonds and moderate graphs too. Beyond, as for many equal parallel steps that queue on few slots, it
 * improves the best plans it has by changing one step at a time, and says how far from the least possible total they may be.
 */
export function search(problem: Problem, bounds: Bounds, count: number): SearchResult {
  const heap = new Heap<Node>(isBefore);
  const found: Found[] = [];
  const bestQuality = problem.steps.map((step) => step.candidates.reduce((best, one) => Math.max(best, one.manifest.quality), 0));
  const qualityToCome = bestQuality.map((_, depth) => bestQuality.slice(depth + 1).reduce((sum, one) => sum + one, 0));
  let looked = 0;
  pushFirst(heap, expand(null));
  while (found.length < count && looked < budget) {
    const node = heap.pop();
    if (!node) return { found, gapSeconds: 0 };
    if (node.total !== null) {
      found.push({ binding: bindingOf(node, problem), totalSeconds: node.total });
      continue;
    }
    const sibling = node.siblings[node.place + 1];
    if (sibling) heap.push(sibling);
    if (node.depth < problem.steps.length) pushFirst(heap, expand(node));
    else heap.push(finish(node));
  }
  if (found.length >= count) return { found, gapSeconds: 0 };
  const least = Math.max(bounds.least, (heap.peek()?.key ?? 0) * resolution);
  const better = improve(problem, bounds, found, count);
  return { found: better, gapSeconds: Math.max(0, (better[0]?.totalSeconds ?? 0) - Math.max(least, found[0]?.totalSeconds ?? 0)) };

  function expand(parent: Node | null): Node[] {
    const number = parent?.depth ?? 0;
    const prefix = new Prefix(problem, bounds, parent);
    const quality = parent?.quality ?? 0;
    const candidates = (problem.steps[number] as ProblemStep).candidates;
    looked += candidates.length;
    const siblings: Node[] = [];
    const drafts = candidates.map((candidate, choice) => {
      const { endSeconds, leastTotal } = prefix.look(number, choice);
      const key = Math.max(parent?.key ?? 0, Math.round(leastTotal / resolution));
      const own = quality + candidate.manifest.quality;
      return {
        parent,
        depth: number + 1,
        choice,
        endSeconds,
        key,
        quality: own,
        qualityAtBest: own + (qualityToCome[number] as number),
        siblings,
        total: null,
      };
    });
    drafts.sort((a, b) => a.key - b.key || b.qualityAtBest - a.qualityAtBest || a.choice - b.choice);
    for (const [place, draft] of drafts.entries()) siblings.push({ ...draft, place });
    return siblings;
  }

  function finish(node: Node): Node {
    const total = problem.sequential ? node.endSeconds : playThrough(problem, bindingOf(node, problem)).totalSeconds;
    return { ...node, depth: node.depth + 1, key: Math.max(node.key, Math.round(total / resolution)), total, siblings: [], place: 0 };
  }
}

function pushFirst(heap: Heap<Node>, siblings: readonly Node[]): void {
  if (siblings[0]) heap.push(siblings[0]);
}

/** Quicker first, then of better quality, then nearer to the end, then by names: candidates stand in the order of names. */
function isBefore(a: Node, b: Node): boolean {
  if (a.key !== b.key) return a.key < b.key;
  if (Math.abs(a.qualityAtBest - b.qualityAtBest) > 1e-9) return a.qualityAtBest > b.qualityAtBest;
  if (a.depth !== b.depth) return a.depth > b.depth;
  return namesBefore(a, b);
}

function namesBefore(a: Node, b: Node): boolean {
  const left = choicesOf(a);
  const right = choicesOf(b);
  const at = left.findIndex((choice, depth) => choice !== right[depth]);
  return at >= 0 && (left[at] as number) < (right[at] as number);
}

function choicesOf(node: Node): number[] {
  const choices: number[] = [];
  for (let at: Node | null = node; at; at = at.parent) choices.push(at.choice);
  return choices.reverse();
}

function bindingOf(node: Node, problem: Problem): Int32Array {
  return Int32Array.from(choicesOf(node).slice(0, problem.steps.length));
}

/** The steps bound so far, ready to ask what one more would give at least. */
class Prefix {
  readonly #problem: Problem;
  readonly #bounds: Bounds;
  readonly #binding: Int32Array;
  readonly #ends: Float64Array;
  readonly #memory: ModelMemory | null = null;
  /** Seconds that each edge is busy with the steps bound so far, spread over its slots. */
  readonly #busy = new Map<number, number>();
  readonly #least: number;

  constructor(problem: Problem, bounds: Bounds, node: Node | null) {
    this.#problem = problem;
    this.#bounds = bounds;
    this.#binding = new Int32Array(problem.steps.length);
    this.#ends = new Float64Array(problem.steps.length);
    this.#least = bounds.least;
    for (let at = node; at; at = at.parent) {
      this.#binding[at.depth - 1] = at.choice;
      this.#ends[at.depth - 1] = at.endSeconds;
    }
    if (problem.sequential && problem.memoryMatters) this.#memory = new ModelMemory(problem);
    for (let number = 0; number < (node?.depth ?? 0); number += 1) {
      const step = problem.steps[number] as ProblemStep;
      const candidate = step.candidates[this.#binding[number] as number] as Candidate;
      this.#memory?.use(candidate);
      if (!problem.sequential) this.#occupy(candidate.edge, step.least[this.#binding[number] as number] as number);
    }
  }

  look(number: number, choice: number): { endSeconds: number; leastTotal: number } {
    const step = this.#problem.steps[number] as ProblemStep;
    const candidate = step.candidates[choice] as Candidate;
    let start = Math.max(this.#problem.free[candidate.edge] as number, step.readyAt);
    for (const read of step.reads) start = Math.max(start, this.#ends[read.from] as number);
    this.#binding[number] = choice;
    const endSeconds = this.#end(number, candidate, start);
    const total = Math.max(endSeconds + (this.#bounds.tail[number]?.[choice] as number), this.#bounds.floor[number]?.[choice] as number);
    const busy = this.#problem.sequential
      ? 0
      : this.#busyWith(candidate.edge) + (step.least[choice] as number) / (this.#problem.slots[candidate.edge] as number);
    return { endSeconds, leastTotal: Math.max(this.#least, total, busy) };
  }

  /** In a sequence it is known by now what is in memory; in a graph the most favourable is taken. */
  #end(number: number, candidate: Candidate, start: number): number {
    const { sequential, memoryMatters } = this.#problem;
    const known = sequential || !memoryMatters;
    const warm = this.#memory ? this.#memory.isWarm(candidate) : candidate.loaded;
    const timing = timeStep(this.#problem, this.#binding, number, start, warm);
    return known ? timing.endSeconds : start + timing.transferSeconds + candidate.leastSeconds;
  }

  #busyWith(edge: number): number {
    return this.#busy.get(edge) ?? (this.#problem.free[edge] as number);
  }

  #occupy(edge: number, seconds: number): void {
    this.#busy.set(edge, this.#busyWith(edge) + seconds / (this.#problem.slots[edge] as number));
  }
}
