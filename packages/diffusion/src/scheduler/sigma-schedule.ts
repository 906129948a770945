import type { SchedulerConfig } from './config.ts';
import { roundHalfToEven, type Spacing, spacedTimesteps, trainedSigmas } from './noise-schedule.ts';

/** Noise levels in the place of timesteps. */
export interface SigmaSchedule {
  readonly timesteps: readonly number[];
  /** Noise to signal before each step, and after the last: one more than there are steps. */
  readonly sigmas: readonly number[];
}

/** The exponent of Karras et al., arXiv 2206.00364, formula 5: how strongly steps gather at low noise. */
const rho = 7;

/**
 * The noise levels that a picture of `steps` steps visits.
 * As in diffusers, Karras levels lie between those of the first and the last timestep where the spacing is `fractional`, else between the
 * greatest and the least that were trained.
 */
export function sigmaSchedule(config: SchedulerConfig, steps: number, spacing: Spacing): SigmaSchedule {
  const trained = trainedSigmas(config);
  const timesteps = spacedTimesteps(config, steps, spacing);
  const sigmas = timesteps.map((timestep) => interpolated(trained, timestep));
  const least = trained[0] as number;
  if (!config.usesKarrasSigmas) return { timesteps, sigmas: [...sigmas, config.endsAt === 'zero' ? 0 : least] };
  const isFractional = spacing === 'fractional';
  const karras = isFractional ? karrasSigmas(sigmas[0] as number, sigmas.at(-1) as number, steps) : karrasSigmas(trained.at(-1) as number, least, steps);
  const logs = trained.map((sigma) => Math.fround(Math.log(sigma)));
  const visited = karras.map((sigma) => timestepOf(logs, sigma));
  return { timesteps: isFractional ? visited : visited.map(roundHalfToEven), sigmas: [...karras, config.endsAt === 'zero' ? 0 : least] };
}

function karrasSigmas(greatest: number, least: number, steps: number): number[] {
  const from = greatest ** (1 / rho);
  const to = least ** (1 / rho);
  return Array.from({ length: steps }, (_, index) => (from + (steps === 1 ? 0 : index / (steps - 1)) * (to - from)) ** rho);
}

/** The timestep, with its fraction, at which a noise level was trained: linear between the logarithms. */
function timestepOf(logs: Float64Array, sigma: number): number {
  const log = Math.log(Math.max(sigma, 1e-10));
  const above = logs.findIndex((value) => value > log);
  const low = Math.max(0, Math.min(logs.length - 2, above === -1 ? logs.length - 2 : above - 1));
  const [a, b] = [logs[low] as number, logs[low + 1] as number];
  return low + Math.max(0, Math.min(1, (a - log) / Math.fround(a - b)));
}

/** Linear interpolation between whole timesteps, held at the ends. */
function interpolated(values: Float64Array, position: number): number {
  const below = Math.max(0, Math.min(values.length - 1, Math.floor(position)));
  const above = Math.min(values.length - 1, below + 1);
  const rest = Math.max(0, Math.min(1, position - below));
  return (values[below] as number) * (1 - rest) + (values[above] as number) * rest;
}
