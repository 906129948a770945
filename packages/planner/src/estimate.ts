import type { ModelManifest, TaskDeclaration } from '@atelier/protocol';
import type { FleetSnapshot, OfferHistory, Spread } from './fleet.ts';

/** What one step is expected to take on one offer, transfers apart. */
export interface Estimate {
  /** Run seconds with the model in memory, and for the first run after loading. */
  readonly warmSeconds: number;
  readonly coldSeconds: number;
  readonly loadSeconds: number;
  /** The middle 80 % of what was measured, as factors of the estimate; 1 if nothing was. */
  readonly lowFactor: number;
  readonly highFactor: number;
  readonly basis: 'measured' | 'borrowed' | 'prior';
  readonly samples: number;
}

/** Counts as so many measurements: what other edges took, and what the manifest says, which is often far off. */
const borrowedWeight = 1;
const priorWeight = 0.5;
const tiny = 1e-6;

/** Bytes of one value where nothing was measured. */
const bytesPrior: Record<string, number> = { text: 400, image: 200_000, audio: 500_000, video: 1_000_000, signal: 100_000, tensor: 1_000_000 };

/** Weighted means of logarithms over all edges, from which one edge's own share can be taken out again. */
interface Pool {
  weight: number;
  logs: number;
}

/** Predicts run, load and output bytes from history, from other edges, or from a manifest's prior, in this order of trust. */
export interface Estimator {
  /** For one step and model: the answer by edge. @param work of the step */
  forModel(manifest: ModelManifest, task: TaskDeclaration, work: number): (edgeId: string) => Estimate;
  outputBytes(modelId: string, task: TaskDeclaration, port: string): number;
}

/**
 * Times are means of logarithms: they spread by factors, not by amounts. With n samples of its own, an offer's estimate is
 * the geometric mean of its median (weight n) and of what is borrowed (weight 1) or the manifest's prior (weight 0.5).
 */
export function createEstimator(fleet: FleetSnapshot): Estimator {
  const own = new Map<string, Map<string, OfferHistory>>();
  const run = new Map<string, Pool>();
  const load = new Map<string, Pool>();
  for (const history of fleet.histories) {
    const key = keyOf(history.modelId, history.task);
    const byEdge = own.get(key) ?? new Map<string, OfferHistory>();
    own.set(key, byEdge.set(history.edgeId, history));
    pour(run, key, history.warm ?? history.cold);
    pour(load, history.modelId, history.load);
  }
  const outputs = outputTable(fleet);
  return {
    forModel(manifest, task, work) {
      const key = keyOf(manifest.id, task.name);
      const priorPerWork = manifest.prior.runSeconds / defaultWork(task);
      const pools = { run: run.get(key), load: load.get(manifest.id) };
      const byEdge = own.get(key);
      return (edgeId) => estimateOf(byEdge?.get(edgeId), pools, { work, priorPerWork, loadPrior: manifest.prior.loadSeconds });
    },
    outputBytes(modelId, task, port) {
      return outputs.get(keyOf(modelId, task.name, port)) ?? outputs.get(keyOf('', task.name, port)) ?? priorBytes(task.outputs[port]?.modality);
    },
  };
}

interface Basis {
  readonly work: number;
  readonly priorPerWork: number;
  readonly loadPrior: number;
}

function estimateOf(history: OfferHistory | undefined, pools: { run: Pool | undefined; load: Pool | undefined }, basis: Basis): Estimate {
  // Before the first warm run, the cold ones say more than any guess.
  const runs = history?.warm ?? history?.cold;
  const others = without(pools.run, runs);
  const warm = shrink(runs, others, basis.priorPerWork);
  const cold = shrink(history?.cold, null, warm);
  const measured = runs ?? null;
  return {
    warmSeconds: warm * basis.work,
    coldSeconds: cold * basis.work,
    loadSeconds: shrink(history?.load, without(pools.load, history?.load), basis.loadPrior),
    lowFactor: measured ? measured.low / Math.max(measured.median, tiny) : 1,
    highFactor: measured ? measured.high / Math.max(measured.median, tiny) : 1,
    basis: measured ? 'measured' : others !== null ? 'borrowed' : 'prior',
    samples: samplesOf(history),
  };
}

/** Bytes of a value of this modality where nothing else is known. */
export function priorBytes(modality: string | undefined): number {
  return bytesPrior[modality ?? 'text'] ?? 1000;
}

function samplesOf(history: OfferHistory | undefined): number {
  return (history?.warm?.samples ?? 0) + (history?.cold?.samples ?? 0);
}

function shrink(own: Spread | null | undefined, borrowed: number | null, prior: number): number {
  const base = Math.log(Math.max(borrowed === null ? prior : Math.exp(borrowed), tiny));
  if (!own) return Math.exp(base);
  const weight = borrowed === null ? priorWeight : borrowedWeight;
  return Math.exp((own.samples * Math.log(Math.max(own.median, tiny)) + weight * base) / (own.samples + weight));
}

function pour(pools: Map<string, Pool>, key: string, spread: Spread | null): void {
  if (!spread) return;
  const pool = pools.get(key) ?? { weight: 0, logs: 0 };
  pool.weight += spread.samples;
  pool.logs += spread.samples * Math.log(Math.max(spread.median, tiny));
  pools.set(key, pool);
}

/** The mean logarithm of the others; null if there are none. */
function without(pool: Pool | undefined, own: Spread | null | undefined): number | null {
  if (!pool) return null;
  const weight = pool.weight - (own?.samples ?? 0);
  if (weight < 0.5) return null;
  return (pool.logs - (own ? own.samples * Math.log(Math.max(own.median, tiny)) : 0)) / weight;
}

function defaultWork(task: TaskDeclaration): number {
  const defaults = task.parameters.safeParse({});
  return Math.max(task.work(defaults.success ? defaults.data : {}, {}), tiny);
}

/** Medians by model, task and port; under the empty model's name the largest of a task, for models never measured. */
function outputTable(fleet: FleetSnapshot): Map<string, number> {
  const table = new Map<string, number>();
  for (const { modelId, task, port, bytes } of fleet.outputs) {
    table.set(keyOf(modelId, task, port), bytes.median);
    const any = keyOf('', task, port);
    table.set(any, Math.max(table.get(any) ?? 0, bytes.median));
  }
  return table;
}

const keyOf = (...parts: string[]) => parts.join('\n');
