import { findTask, type RejectedOffer, type ResolvedChain, type ResolvedStep, type Source } from '@atelier/protocol';
import { createEstimator, type Estimate, type Estimator, priorBytes } from './estimate.ts';
import type { ExistingData, FleetSnapshot, PlanOptions, SettledStep } from './fleet.ts';
import { type LinkTable, linkTable, transferSeconds } from './links.ts';
import { offersFor, type UsableOffer } from './offers.ts';

export interface Candidate extends UsableOffer {
  readonly estimate: Estimate;
  /** Load and run seconds at best: warm where the model may be in memory by then. Exact where memory does not matter. */
  readonly leastSeconds: number;
  /** Bytes by output port. */
  readonly outputBytes: Readonly<Record<string, number>>;
}

/** What a step takes from another step of the problem. */
export interface Read {
  /** The other step's number; always smaller than the reader's. */
  readonly from: number;
  readonly artifacts: number;
  /** By the other step's candidate. */
  readonly bytes: Float64Array;
}

export interface ProblemStep {
  readonly id: string;
  readonly task: string;
  readonly candidates: readonly Candidate[];
  readonly reads: readonly Read[];
  /** Numbers of the steps that read this one. */
  readonly readers: readonly number[];
  /** When what exists already is there: 0, or the end of a step that is bound elsewhere. */
  readonly readyAt: number;
  /** By candidate: bringing what exists already to its edge. */
  readonly dataSeconds: Float64Array;
  readonly dataBytes: Float64Array;
  /** By candidate: its edge's number, and dataSeconds + leastSeconds. */
  readonly edge: Int32Array;
  readonly least: Float64Array;
}

/** A chain and a fleet in numbers. */
export interface Problem {
  readonly steps: readonly ProblemStep[];
  readonly fleet: FleetSnapshot;
  readonly links: LinkTable;
  /** By edge: seconds until a slot is free of the work of others. */
  readonly free: Float64Array;
  readonly slots: Int32Array;
  /** Every step reads the one before it: no two ever run at once. */
  readonly sequential: boolean;
  /** What is warm depends on the choices before: a model serves several steps, or an edge cannot hold all that it may load. */
  readonly memoryMatters: boolean;
  readonly refused: readonly RejectedOffer[];
}

interface Draft {
  readonly step: ResolvedStep;
  readonly usable: readonly UsableOffer[];
}

/** @throws AtelierError `no-offer` */
export function poseProblem(chain: ResolvedChain, fleet: FleetSnapshot, options: PlanOptions): Problem {
  let crowded: Set<number> | undefined;
  const links = linkTable(fleet);
  const estimator = createEstimator(fleet);
  const refused: RejectedOffer[] = [];
  const open = chain.steps.filter((step) => !options.settled?.has(step.id));
  const drafts: Draft[] = open.map((step) => {
    const offers = offersFor(step, fleet, options);
    refused.push(...offers.refused);
    return { step, usable: offers.usable };
  });
  const repeated = repeatedOffers(drafts);
  const memoryMatters = repeated.size > 0 || drafts.some(({ usable }) => usable.some((offer) => isCrowded(offer.edge)));
  const steps: ProblemStep[] = [];
  for (const { step, usable } of drafts) {
    const candidates = usable.map((offer) => candidateOf(offer, step, estimator, mayBeWarm));
    steps.push(problemStep(step, candidates, steps, { chain, options, links, estimator }));
  }
  const readers = steps.map((_, number) => steps.flatMap((step, reader) => (step.reads.some((read) => read.from === number) ? [reader] : [])));
  return {
    steps: steps.map((step, number) => ({ ...step, readers: readers[number] as number[] })),
    fleet,
    links,
    free: Float64Array.from(fleet.edges, (edge) => edge.queuedSeconds / edge.slots),
    slots: Int32Array.from(fleet.edges, (edge) => edge.slots),
    sequential: steps.every((step, number) => number === 0 || step.reads.some((read) => read.from === number - 1)),
    memoryMatters,
    refused,
  };

  function mayBeWarm(offer: UsableOffer): boolean {
    return offer.loaded || repeated.has(offerKey(offer));
  }

  function isCrowded(number: number): boolean {
    crowded ??= crowdedEdges(drafts, fleet);
    return crowded.has(number);
  }
}

const offerKey = (offer: UsableOffer) => `${offer.edge}\n${offer.offer.modelId}`;

/** Offers that serve more than one step: the second use may find the model warm. */
function repeatedOffers(drafts: readonly Draft[]): Set<string> {
  const seen = new Set<string>();
  const repeated = new Set<string>();
  for (const offer of drafts.flatMap((draft) => draft.usable)) {
    const key = offerKey(offer);
    if (seen.has(key)) repeated.add(key);
    seen.add(key);
  }
  return repeated;
}

/** Edges that cannot hold together what is loaded and what this chain may load. */
function crowdedEdges(drafts: readonly Draft[], fleet: FleetSnapshot): Set<number> {
  const wanted = fleet.edges.map(
    (edge) => new Map(edge.models.filter((model) => model.loaded).map((model) => [model.manifest.id, model.manifest.memoryBytes])),
  );
  for (const { offer, edge, manifest } of drafts.flatMap((draft) => draft.usable)) wanted[edge]?.set(offer.modelId, manifest.memoryBytes);
  const sums = wanted.map((models) => [...models.values()].reduce((sum, bytes) => sum + bytes, 0));
  return new Set(sums.flatMap((sum, number) => (sum > (fleet.edges[number]?.modelMemoryBytes ?? 0) ? [number] : [])));
}

function candidateOf(offer: UsableOffer, step: ResolvedStep, estimator: Estimator, mayBeWarm: (offer: UsableOffer) => boolean): Candidate {
  const task = findTask(step.task);
  const estimate = estimator.estimate(offer.offer.edgeId, offer.manifest, task, step.parameters);
  const cold = estimate.loadSeconds + estimate.coldSeconds;
  // Noise may make a cold run look quicker than a warm one; a bound has to take the smaller.
  const leastSeconds = offer.loaded ? estimate.warmSeconds : mayBeWarm(offer) ? Math.min(estimate.warmSeconds, cold) : cold;
  const outputBytes = Object.fromEntries(Object.keys(task.outputs).map((port) => [port, estimator.outputBytes(offer.offer.modelId, task, port)]));
  return { ...offer, estimate, leastSeconds, outputBytes };
}

interface Surroundings {
  readonly chain: ResolvedChain;
  readonly options: PlanOptions;
  readonly links: LinkTable;
  readonly estimator: Estimator;
}

function problemStep(step: ResolvedStep, candidates: readonly Candidate[], earlier: readonly ProblemStep[], around: Surroundings): ProblemStep {
  const { links } = around;
  const reads: Read[] = [];
  const data: { existing: ExistingData & { bytes: number }; readyAt: number }[] = [];
  for (const [from, ports] of portsRead(step)) {
    const number = earlier.findIndex((other) => other.id === from);
    if (number >= 0) reads.push(readOf(earlier[number] as ProblemStep, number, ports));
    else for (const port of ports) data.push(existingData(from, port, around));
  }
  for (const text of writtenTexts(step)) data.push({ existing: { bytes: text.length, at: [] }, readyAt: 0 });
  const edge = Int32Array.from(candidates, (candidate) => candidate.edge);
  const brought = data.map(({ existing }) => ({ bytes: existing.bytes, from: existing.at.length ? existing.at.map(links.numberOf) : [links.coordinator] }));
  const dataSeconds = Float64Array.from(edge, (to) =>
    brought.reduce((sum, { bytes, from }) => sum + Math.min(...from.map((place) => transferSeconds(links, place, to, 1, bytes))), 0),
  );
  const dataBytes = Float64Array.from(edge, (to) => brought.reduce((sum, { bytes, from }) => sum + (from.includes(to) ? 0 : bytes), 0));
  const least = Float64Array.from(candidates, (candidate, number) => (dataSeconds[number] as number) + candidate.leastSeconds);
  const readyAt = data.reduce((latest, one) => Math.max(latest, one.readyAt), 0);
  return { id: step.id, task: step.task, candidates, reads, readers: [], readyAt, dataSeconds, dataBytes, edge, least };
}

/** Distinct ports by what they belong to; an artifact that feeds two ports is brought once. */
function portsRead(step: ResolvedStep): Map<string, Set<string>> {
  const ports = new Map<string, Set<string>>();
  for (const source of Object.values(step.inputs).flat()) {
    if (typeof source !== 'string') continue;
    const [from, port] = source.split('.') as [string, string];
    ports.set(from, (ports.get(from) ?? new Set()).add(port));
  }
  return ports;
}

function writtenTexts(step: ResolvedStep): string[] {
  const isText = (source: Source): source is { text: string } => typeof source !== 'string';
  return Object.values(step.inputs)
    .flat()
    .filter(isText)
    .map((source) => source.text);
}

function readOf(from: ProblemStep, number: number, ports: ReadonlySet<string>): Read {
  const bytes = Float64Array.from(from.candidates, (candidate) => [...ports].reduce((sum, port) => sum + (candidate.outputBytes[port] ?? 0), 0));
  return { from: number, artifacts: ports.size, bytes };
}

/** A chain's input, or the output of a step that is settled. */
function existingData(
  from: string,
  port: string,
  { chain, options, estimator }: Surroundings,
): { existing: ExistingData & { bytes: number }; readyAt: number } {
  if (from === 'inputs') {
    const given = options.inputs?.[port];
    return { existing: { bytes: given?.bytes ?? priorBytes(chain.inputs[port]?.modality), at: given?.at ?? [] }, readyAt: 0 };
  }
  const settled = options.settled?.get(from) as SettledStep;
  const task = findTask((chain.steps.find((step) => step.id === from) as ResolvedStep).task);
  if (settled.kind === 'finished') {
    const output = settled.outputs[port];
    return { existing: { bytes: output?.bytes ?? priorBytes(task.outputs[port]?.modality), at: output?.at ?? [] }, readyAt: 0 };
  }
  return { existing: { bytes: estimator.outputBytes(settled.modelId, task, port), at: [settled.edgeId] }, readyAt: settled.endSeconds };
}
