import type { SchedulerConfig } from './config.ts';

/** What stands for zero signal at the last timestep, so that its noise level stays finite: diffusers' own choice, sigma 4096. */
const leastAlpha = 2 ** -24;

/** A value as float32 would hold it. The schedules below are rounded where diffusers rounds them, so that its timesteps come out to the last one. */
const float32 = Math.fround;

/** The share of signal at every training timestep: cumulative products of 1 - beta, from near 1 down to near or exactly 0. */
export function cumulativeAlphas(config: SchedulerConfig): Float64Array {
  const alphas = Float64Array.from({ length: config.trainTimesteps }, (_, t) => float32(1 - beta(config, t)));
  return cumulativeProducts(config.zeroTerminalSnr ? withZeroTerminalSnr(cumulativeProducts(alphas)) : alphas);
}

/** Noise to signal at every training timestep, sigma in Karras et al., arXiv 2206.00364: growing, and always finite. */
export function trainedSigmas(config: SchedulerConfig): Float64Array {
  const alphas = cumulativeAlphas(config);
  if (config.zeroTerminalSnr) alphas[alphas.length - 1] = leastAlpha;
  return alphas.map((alpha) => float32(Math.sqrt(float32(float32(1 - alpha) / alpha))));
}

function cumulativeProducts(factors: Float64Array): Float64Array {
  let product = 1;
  return factors.map((factor) => {
    product *= factor;
    return float32(product);
  });
}

function beta({ betaSchedule, betaStart, betaEnd, trainTimesteps }: SchedulerConfig, t: number): number {
  if (betaSchedule === 'linear') return evenly(betaStart, betaEnd, trainTimesteps, t);
  return float32(evenly(Math.sqrt(betaStart), Math.sqrt(betaEnd), trainTimesteps, t) ** 2);
}

/** Point number `index` of `points` from `start` to `end`, counted from the nearer of the two as PyTorch does. */
function evenly(start: number, end: number, points: number, index: number): number {
  const [from, to] = [float32(start), float32(end)];
  const stride = points === 1 ? 0 : float32(float32(to - from) / (points - 1));
  return index < points / 2 ? float32(from + stride * index) : float32(to - stride * (points - 1 - index));
}

/**
 * Shifts and scales the square roots so that the first stays and the last is 0 (Lin et al., arXiv 2305.08891, algorithm 1).
 * @returns the factors of which these are the cumulative products
 */
function withZeroTerminalSnr(alphas: Float64Array): Float64Array {
  const roots = alphas.map((alpha) => float32(Math.sqrt(alpha)));
  const [first, last] = [roots[0] as number, roots[roots.length - 1] as number];
  const scale = float32(first / float32(first - last));
  const shares = roots.map((root) => float32(float32(float32(root - last) * scale) ** 2));
  const factors = shares.map((share, t) => (t === 0 ? share : float32(share / (shares[t - 1] as number))));
  return factors.map((factor) => float32(1 - float32(1 - factor)));
}

/**
 * How a scheduler spaces its timesteps. `whole`: rounded, down to timestep 0; `fractional`: the same without rounding where the spacing
 * is linspace; `spare`: rounded, and spaced for one step more, of which the last, at timestep 0, is not taken.
 */
export type Spacing = 'whole' | 'fractional' | 'spare';

/**
 * The training timesteps that a picture of `steps` steps visits, from noise to picture.
 * The three spacings are those of table 2 in Lin et al., arXiv 2305.08891, in diffusers' rounding, which is NumPy's: products of a stride that
 * has been rounded to float64 decide on which side of a half a timestep falls.
 */
export function spacedTimesteps(config: SchedulerConfig, steps: number, spacing: Spacing): number[] {
  const { trainTimesteps, timestepSpacing, stepsOffset } = config;
  const points = spacing === 'spare' && timestepSpacing !== 'trailing' ? steps + 1 : steps;
  const at = (index: number): number => {
    switch (timestepSpacing) {
      case 'linspace': {
        const exact = linearPoint(trainTimesteps - 1, points, points - 1 - index);
        return spacing === 'fractional' ? exact : roundHalfToEven(exact);
      }
      case 'leading':
        return (points - 1 - index) * Math.floor(trainTimesteps / points) + stepsOffset;
      case 'trailing':
        return roundHalfToEven(trainTimesteps + index * (trainTimesteps - trainTimesteps / points - trainTimesteps)) - 1;
    }
  };
  return Array.from({ length: steps }, (_, index) => at(index));
}

/** Point number `index` of `points` evenly from 0 to `end`. */
function linearPoint(end: number, points: number, index: number): number {
  return index === points - 1 && points > 1 ? end : index * (end / Math.max(1, points - 1));
}

/** Rounds as NumPy does, which decides between neighbours at halves. */
export function roundHalfToEven(value: number): number {
  const below = Math.floor(value);
  const rest = value - below;
  if (rest !== 0.5) return Math.round(value);
  return below % 2 === 0 ? below : below + 1;
}
