import type { Bounds } from './bounds.ts';
import { Heap } from './heap.ts';
import { improve } from './improve.ts';
import { type Bound, Prefix } from './prefix.ts';
import type { Candidate, Found, Problem, ProblemStep } from './problem.ts';
import { playThrough } from './schedule.ts';

/** Candidates looked at before the search gives up being exact: about a fifth of a second. */
const budget = 400_000;
/** Totals closer than this, in seconds, are equal. */
export const resolution = 1e-8;

export interface SearchResult {
  /** Best first. */
  readonly found: readonly Found[];
  /** No plan can be quicker than the first by more than this; 0 if the search was exact. */
  readonly gapSeconds: number;
}

/** All ways to bind one more step. They become nodes one at a time, in order, which keeps the heap small. */
interface Family {
  readonly parent: Node | null;
  readonly number: number;
  /** By candidate, as in Node. */
  readonly ends: Float64Array;
  readonly keys: Float64Array;
}

/** The first `depth` steps bound. */
interface Node {
  readonly parent: Node | null;
  readonly family: Family | null;
  readonly depth: number;
  readonly choice: number;
  /** End of the step bound last. */
  readonly endSeconds: number;
  /** Least total in units of `resolution`, rounded, so that equal totals are equal however they were summed. */
  readonly key: number;
  readonly quality: number;
  /** Sum of qualities at best, for the order among equals. */
  readonly qualityAtBest: number;
  /** The true total, once complete and played through. */
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
  pushNext(expand(null), null);
  while (found.length < count && looked < budget) {
    const node = heap.pop();
    if (!node) return { found, gapSeconds: 0 };
    if (node.total !== null) {
      found.push({ binding: bindingOf(node, problem), totalSeconds: node.total });
      continue;
    }
    if (node.family) pushNext(node.family, node);
    if (node.depth < problem.steps.length) pushNext(expand(node), null);
    else heap.push(finish(node));
  }
  if (found.length >= count) return { found, gapSeconds: 0 };
  const least = Math.max(bounds.least, (heap.peek()?.key ?? 0) * resolution);
  const better = improve(problem, bounds, found, count);
  return { found: better, gapSeconds: Math.max(0, (better[0]?.totalSeconds ?? 0) - Math.max(least, found[0]?.totalSeconds ?? 0)) };

  function expand(parent: Node | null): Family {
    const number = parent?.depth ?? 0;
    const prefix = new Prefix(problem, bounds, chosen(parent));
    const size = (problem.steps[number] as ProblemStep).candidates.length;
    looked += size;
    const family = { parent, number, ends: new Float64Array(size), keys: new Float64Array(size) };
    for (let choice = 0; choice < size; choice += 1) {
      const end = prefix.endOf(number, choice);
      family.ends[choice] = end;
      family.keys[choice] = Math.max(parent?.key ?? 0, Math.round(prefix.leastTotal(number, choice, end) / resolution));
    }
    return family;
  }

  /** Puts the first of a family that comes after `last` on the heap. */
  function pushNext(family: Family, last: Node | null): void {
    const { candidates } = problem.steps[family.number] as ProblemStep;
    let next = -1;
    for (let choice = 0; choice < candidates.length; choice += 1) {
      if (last && !comesBefore(family, last.choice, choice, candidates)) continue;
      if (next < 0 || comesBefore(family, choice, next, candidates)) next = choice;
    }
    if (next < 0) return;
    const { parent, number } = family;
    const quality = (parent?.quality ?? 0) + (candidates[next] as Candidate).manifest.quality;
    const place = { parent, family, depth: number + 1, choice: next, endSeconds: family.ends[next] as number, key: family.keys[next] as number };
    heap.push({ ...place, quality, qualityAtBest: quality + (qualityToCome[number] as number), total: null });
  }

  function finish(node: Node): Node {
    const total = problem.sequential ? node.endSeconds : playThrough(problem, bindingOf(node, problem)).totalSeconds;
    return { ...node, family: null, depth: node.depth + 1, key: Math.max(node.key, Math.round(total / resolution)), total };
  }
}

function comesBefore(family: Family, a: number, b: number, candidates: readonly Candidate[]): boolean {
  const difference = (family.keys[a] as number) - (family.keys[b] as number);
  if (difference !== 0) return difference < 0;
  const better = (candidates[a] as Candidate).manifest.quality - (candidates[b] as Candidate).manifest.quality;
  return better === 0 ? a < b : better > 0;
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

/** Choices and ends of the steps bound so far, first step first. */
function chosen(node: Node | null): Bound[] {
  const steps: Bound[] = [];
  for (let at = node; at; at = at.parent) steps.push(at);
  return steps.reverse();
}

function bindingOf(node: Node, problem: Problem): Int32Array {
  return Int32Array.from(choicesOf(node).slice(0, problem.steps.length));
}
