import { type Offer, type Plan, type PlannedStep, type Prediction, type RejectedOffer, type ResolvedChain, readsFrom } from '@atelier/protocol';
import { formatSeconds } from '../units/time.ts';

/** `sharing`: takes parts of a step beside the one that was chosen. */
type Standing = 'chosen' | 'sharing' | 'runner-up' | 'slower' | 'unusable';

/** One offer for one step. */
export interface Dot {
  readonly key: string;
  readonly stepId: string;
  readonly offer: Offer;
  readonly x: number;
  readonly y: number;
  readonly standing: Standing;
  readonly prediction: Prediction | null;
  /** Best total of a plan through this offer, where it can be used. */
  readonly totalSeconds: number | null;
  /** Why it lost, for people; null for the chosen one. */
  readonly detail: string | null;
}

/** A line from what a step reads to the step. `rank` 0 is the chosen plan. */
export interface Link {
  readonly key: string;
  readonly rank: number;
  /** The step that is read, or null for an input of the chain. */
  readonly from: string | null;
  readonly to: string;
  readonly path: string;
  /** One of several lines into or out of a step that edges share. */
  readonly fork: boolean;
}

interface Column {
  readonly stepId: string;
  readonly task: string;
  readonly x: number;
}
interface Row {
  readonly edgeId: string;
  readonly name: string;
  readonly top: number;
  readonly height: number;
}

export interface Picture {
  readonly width: number;
  readonly height: number;
  readonly columnWidth: number;
  /** The names of machines stand over their rows rather than before them. */
  readonly narrow: boolean;
  readonly columns: Column[];
  readonly rows: Row[];
  readonly dots: Dot[];
  readonly links: Link[];
  readonly start: { x: number; y: number };
  /** Where results lie that were taken over, so that no offer of this plan makes them. */
  readonly kept: ReadonlyArray<{ stepId: string; x: number; y: number }>;
}

export const sizes = {
  head: 44,
  row: 62,
  dotGap: 30,
  labels: 104,
  start: 26,
  leastColumn: 88,
  narrowBelow: 480,
  narrowLabels: 2,
  narrowLeastColumn: 68,
  narrowHead: 12,
} as const;

type Candidate = Omit<Dot, 'x' | 'y'>;
const keyOf = (stepId: string, offer: Offer) => `${stepId}|${offer.edgeId}|${offer.modelId}`;

/**
 * Where everything of a plan picture stands: columns are steps, rows are machines, dots are offers.
 * Rows keep the order of the machines' names, so that a new plan moves lines and not rows.
 * @param width pixels that there are; a picture with many steps is wider and scrolls
 */
export function layOut(set: { chain: ResolvedChain; plans: readonly Plan[]; rejected: readonly RejectedOffer[] }, width: number): Picture {
  const narrow = width < sizes.narrowBelow;
  const labels = narrow ? sizes.narrowLabels : sizes.labels;
  const left = labels + sizes.start;
  const columnWidth = Math.max(narrow ? sizes.narrowLeastColumn : sizes.leastColumn, (width - left) / Math.max(1, set.chain.steps.length));
  const columns = set.chain.steps.map((step, index) => ({ stepId: step.id, task: step.task, x: left + columnWidth * (index + 0.5) }));
  const candidates = offersOf(set.plans, set.rejected);
  const above = narrow ? sizes.narrowHead : 0;
  const rows = rowsOf(candidates, above);
  const dots = columns.flatMap((column) => rows.flatMap((row) => dotsOfCell(candidates, column, row, above)));
  const height = rows.reduce<number>((total, row) => total + row.height, sizes.head);
  const best = dots.find((dot) => dot.standing === 'chosen');
  const start = { x: labels + 8, y: best?.y ?? sizes.head + sizes.row / 2 };
  const planned = new Set(set.plans[0]?.steps.map((step) => step.stepId));
  const kept = planned.size === 0 ? [] : columns.filter((column) => !planned.has(column.stepId)).map(({ stepId, x }) => ({ stepId, x, y: start.y }));
  const links = set.plans.slice(0, 3).flatMap((plan, rank) => linksOf(set.chain, plan, rank, [...dots, ...kept], start));
  return {
    width: Math.max(width, left + columnWidth * columns.length),
    height,
    columnWidth,
    narrow,
    columns,
    rows,
    dots,
    links: [...links].reverse(),
    start,
    kept,
  };
}

function offersOf(plans: readonly Plan[], rejected: readonly RejectedOffer[]): Candidate[] {
  const found = new Map<string, Candidate>();
  const planned = plans.flatMap((plan, rank) => plan.steps.flatMap((step) => candidatesOf(step, plan, rank)));
  for (const candidate of planned) if (!found.has(candidate.key)) found.set(candidate.key, candidate);
  for (const lost of rejected) {
    const key = keyOf(lost.stepId, lost.offer);
    const known = found.get(key);
    if (known?.standing === 'chosen' || known?.standing === 'sharing') continue;
    const standing = known?.standing ?? (lost.reason === 'slower' ? 'slower' : 'unusable');
    const prediction = known?.prediction ?? lost.prediction;
    found.set(key, { key, stepId: lost.stepId, offer: lost.offer, standing, prediction, totalSeconds: lost.totalSeconds, detail: lost.detail });
  }
  return [...found.values()];
}

/** The offer that a plan binds a step to and, in the chosen plan, those that share the step. */
function candidatesOf(step: PlannedStep, plan: Plan, rank: number): Candidate[] {
  const { stepId, offer, prediction } = step;
  const standing = rank === 0 ? 'chosen' : 'runner-up';
  const own: Candidate = { key: keyOf(stepId, offer), stepId, offer, standing, prediction, totalSeconds: plan.totalSeconds, detail: null };
  return rank === 0 ? [own, ...sharesOf(step, plan)] : [own];
}

/** The edges that help with a step beside its own. */
function sharesOf({ stepId, offer: own, sharing }: PlannedStep, { totalSeconds }: Plan): Candidate[] {
  const helpers = sharing.filter(({ offer }) => offer.edgeId !== own.edgeId);
  return helpers.map(({ offer, secondsPerShard }) => {
    const detail = `Takes parts of this step as it is free, about ${formatSeconds(secondsPerShard)} each.`;
    return { key: keyOf(stepId, offer), stepId, offer, standing: 'sharing', prediction: null, totalSeconds, detail };
  });
}

function rowsOf(candidates: readonly Candidate[], above: number): Row[] {
  const names = new Map(candidates.map(({ offer }) => [offer.edgeId as string, offer.edgeName]));
  const sorted = [...names].sort(([, a], [, b]) => a.localeCompare(b, 'en', { numeric: true }));
  let top: number = sizes.head;
  return sorted.map(([edgeId, name]) => {
    const inCells = new Map<string, number>();
    for (const { offer, stepId } of candidates) if (offer.edgeId === edgeId) inCells.set(stepId, (inCells.get(stepId) ?? 0) + 1);
    const height = above + sizes.row + (Math.max(...inCells.values()) - 1) * sizes.dotGap;
    const row = { edgeId, name, top, height };
    top += height;
    return row;
  });
}

function dotsOfCell(candidates: readonly Candidate[], column: Column, row: Row, above: number): Dot[] {
  const here = candidates
    .filter((one) => one.stepId === column.stepId && one.offer.edgeId === row.edgeId)
    .sort((a, b) => a.offer.modelId.localeCompare(b.offer.modelId));
  const middle = row.top + above + (row.height - above) / 2 - 6;
  return here.map((one, index) => ({ ...one, x: column.x, y: middle + (index - (here.length - 1) / 2) * sizes.dotGap }));
}

function linksOf(
  chain: ResolvedChain,
  plan: Plan,
  rank: number,
  places: ReadonlyArray<Dot | Picture['kept'][number]>,
  start: { x: number; y: number },
): Link[] {
  const dots = places.filter((place): place is Dot => 'key' in place);
  const at = new Map(plan.steps.map((step) => [step.stepId, dots.filter((dot) => takesPart(dot, step, rank))]));
  return chain.steps.flatMap((step) => {
    const ends = at.get(step.id) ?? [];
    if (ends.length === 0) return [];
    const sources: Array<{ from: string | null; x: number; y: number }> = readsFrom(step).flatMap((from) => {
      const made = at.get(from) ?? places.filter((place) => !('key' in place) && place.stepId === from);
      return made.map(({ x, y }) => ({ from, x, y }));
    });
    if (sources.length === 0) sources.push({ from: null, ...start });
    const lines = ends.flatMap((to) => sources.map((source) => ({ to, source })));
    return lines.map(({ to, source }, index) => ({
      key: `${rank}:${source.from}:${step.id}:${index}`,
      rank,
      from: source.from,
      to: step.id,
      path: curve(source, to),
      fork: to.standing === 'sharing' || (sources.length > 1 && new Set(sources.map(({ from }) => from)).size === 1),
    }));
  });
}

/** Whether a dot is one that a plan's step goes through: its own, and in the chosen plan those that share it. */
const takesPart = (dot: Dot, step: PlannedStep, rank: number) =>
  dot.stepId === step.stepId && (dot.key === keyOf(step.stepId, step.offer) || (rank === 0 && dot.standing === 'sharing'));

function curve(from: { x: number; y: number }, to: { x: number; y: number }): string {
  const bend = (to.x - from.x) * 0.5;
  const [x1, y1, x2, y2] = [from.x, from.y, to.x, to.y].map((value) => Math.round(value * 10) / 10) as [number, number, number, number];
  return `M${x1} ${y1}C${Math.round(x1 + bend)} ${y1} ${Math.round(x2 - bend)} ${y2} ${x2} ${y2}`;
}
