import { type ExpectedStep, findTask, type RejectedOffer, type ResolvedChain, type ResolvedStep, readsFrom, type Source, shardCount } from '@atelier/protocol';
import { createEstimator, type Estimate, type Estimator, priorBytes } from './estimate.ts';
import { expectSteps } from './expect-steps.ts';
import type { ExistingData, FleetSnapshot, PlanOptions, SettledStep } from './fleet.ts';
import { type LinkTable, linkTable, transferSeconds } from './links.ts';
import { offersFor, type UsableOffer } from './offers.ts';
import { byModel, type Team, teamOf } from './team.ts';

export interface Candidate extends UsableOffer {
  readonly estimate: Estimate;
  /** Load and run seconds at best, see `costAtBest`. Exact where memory does not matter. */
  readonly leastSeconds: number;
  /** In a sequence where the model serves several steps: its share of loading in `leastSeconds` and the numbers of those steps. */
  readonly shared: Shared | null;
  /** Bytes by output port. */
  readonly outputBytes: Readonly<Record<string, number>>;
  /** Who shares the step, where it has several shards; then `estimate` is that of all together, and the offer the quickest. */
  readonly team: Team | null;
}

export interface Shared {
  readonly loadShare: number;
  readonly uses: readonly number[];
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
  readonly work: number;
  readonly usable: readonly UsableOffer[];
}

/** @throws AtelierError `no-offer` */
export function poseProblem(chain: ResolvedChain, fleet: FleetSnapshot, options: PlanOptions): Problem {
  const links = linkTable(fleet);
  const estimator = createEstimator(fleet);
  const refused: RejectedOffer[] = [];
  const expected = expectSteps(chain, fleet, options.inputs ?? {});
  const open = chain.steps.filter((step) => !options.settled?.has(step.id));
  const drafts: Draft[] = open.map((step) => {
    const offers = offersFor(step, fleet, options);
    refused.push(...offers.refused);
    return { step, work: (expected.get(step.id) as ExpectedStep).work, usable: offers.usable };
  });
  const uses = usesOfUnloaded(drafts);
  const crowded = crowdedEdges(drafts, fleet);
  const repeats = [...uses.values()].some((numbers) => numbers.length > 1);
  const sequential = open.every((step, number) => number === 0 || readsFrom(step).includes(open[number - 1]?.id as string));
  const steps: ProblemStep[] = [];
  for (const draft of drafts) {
    const { step } = draft;
    const shards = shardCount(findTask(step.task), step.parameters);
    const candidates = shards > 1 ? teamsOf(draft, { estimator, fleet, shards, sequential, uses }) : candidatesOf(draft, estimator, sequential, uses);
    steps.push(problemStep(step, candidates, steps, { chain, options, links, estimator }));
  }
  const readers = steps.map((_, number) => steps.flatMap((step, reader) => (step.reads.some((read) => read.from === number) ? [reader] : [])));
  return {
    steps: steps.map((step, number) => ({ ...step, readers: readers[number] as number[] })),
    fleet,
    links,
    free: Float64Array.from(fleet.edges, (edge) => edge.queuedSeconds / edge.slots),
    slots: Int32Array.from(fleet.edges, (edge) => edge.slots),
    sequential,
    memoryMatters: repeats || drafts.some(({ usable }) => usable.some((offer) => crowded.has(offer.edge))),
    refused,
  };
}

const offerKey = (offer: UsableOffer) => `${offer.edge}\n${offer.offer.modelId}`;

/** By offers not in memory: the steps that they serve. From the second use on they may be warm. */
function usesOfUnloaded(drafts: readonly Draft[]): Map<string, number[]> {
  const uses = new Map<string, number[]>();
  for (const [number, { usable }] of drafts.entries()) {
    for (const offer of usable) {
      if (offer.loaded) continue;
      const key = offerKey(offer);
      const known = uses.get(key);
      if (known) known.push(number);
      else uses.set(key, [number]);
    }
  }
  return uses;
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

function candidatesOf({ step, work, usable }: Draft, estimator: Estimator, sequential: boolean, uses: ReadonlyMap<string, number[]>): Candidate[] {
  const task = findTask(step.task);
  const models = new Map<string, { estimate: (edgeId: string) => Estimate; outputBytes: Record<string, number> }>();
  return usable.map((offer) => {
    const { modelId, edgeId } = offer.offer;
    let model = models.get(modelId);
    if (!model) {
      const outputBytes = Object.fromEntries(Object.keys(task.outputs).map((port) => [port, estimator.outputBytes(modelId, task, port)]));
      model = { estimate: estimator.forModel(offer.manifest, task, work), outputBytes };
      models.set(modelId, model);
    }
    const estimate = model.estimate(edgeId);
    return { ...offer, estimate, outputBytes: model.outputBytes, ...costAtBest(offer, estimate, sequential, uses.get(offerKey(offer)) ?? []), team: null };
  });
}

interface TeamContext {
  readonly estimator: Estimator;
  readonly fleet: FleetSnapshot;
  readonly shards: number;
  readonly sequential: boolean;
  readonly uses: ReadonlyMap<string, number[]>;
}

/**
 * For a step with several shards: one candidate for each model, on all edges that have it. Its place is the quickest of them, and
 * the step is taken to begin at once there: what else of this plan runs on the others is left out of account, and so are
 * their transfers. So such plans are good ones; exactness is claimed for steps of one shard only.
 */
function teamsOf({ step, work, usable }: Draft, { estimator, fleet, shards, sequential, uses }: TeamContext): Candidate[] {
  const task = findTask(step.task);
  return byModel(usable).map((offers) => {
    const [{ manifest, offer }] = offers as [UsableOffer];
    const team = teamOf(offers, estimator.forModel(manifest, task, work), fleet.edges, shards);
    const [first] = team.members;
    const runSeconds = Math.max(first.secondsPerShard, team.totalSeconds - first.readySeconds);
    const estimate = { ...first.estimate, warmSeconds: runSeconds, coldSeconds: runSeconds };
    const outputBytes = Object.fromEntries(Object.keys(task.outputs).map((port) => [port, shards * estimator.outputBytes(offer.modelId, task, port)]));
    return { ...first.offer, estimate, outputBytes, ...costAtBest(first.offer, estimate, sequential, uses.get(offerKey(first.offer)) ?? []), team };
  });
}

/**
 * A bound on load and run seconds. Where a model that is not in memory serves several steps of a sequence, each carries its share of
 * loading: over a whole plan these add up to no more than loading once. In a graph another branch may load it, so there it is free.
 */
function costAtBest(offer: UsableOffer, estimate: Estimate, sequential: boolean, uses: readonly number[]): Pick<Candidate, 'leastSeconds' | 'shared'> {
  if (offer.loaded) return { leastSeconds: estimate.warmSeconds, shared: null };
  if (uses.length < 2) return { leastSeconds: estimate.loadSeconds + estimate.coldSeconds, shared: null };
  // Noise may make a cold run look quicker than a warm one; a bound has to take the smaller.
  const run = Math.min(estimate.warmSeconds, estimate.coldSeconds);
  if (!sequential) return { leastSeconds: run, shared: null };
  const loadShare = estimate.loadSeconds / uses.length;
  return { leastSeconds: run + loadShare, shared: { loadShare, uses } };
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

/** A way to bind all steps, and what it takes. */
export interface Found {
  readonly binding: Int32Array;
  readonly totalSeconds: number;
}
