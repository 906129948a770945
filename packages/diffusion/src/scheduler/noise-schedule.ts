import type { SchedulerConfig } from './config.ts';

/** What stands for zero signal at the last timestep, so that its noise level stays finite: diffusers' own choice, sigma 4096. */
const leastAlpha = 2 ** -24;

/**
 * The share of signal at every training timestep: cumulative products of 1 - beta, from near 1 down to near or exactly 0.
 * Computed in float64; diffusers does it in float32, which differs by about one part in a million.
 */
export function cumulativeAlphas(config: SchedulerConfig): Float64Array {
  const alphas = new Float64Array(config.trainTimesteps);
  let product = 1;
  for (let t = 0; t < alphas.length; t++) {
    product *= 1 - beta(config, t);
    alphas[t] = product;
  }
  return config.zeroTerminalSnr ? withZeroTerminalSnr(alphas) : alphas;
}

/** Noise to signal at every training timestep, sigma in Karras et al., arXiv 2206.00364: growing, and always finite. */
export function trainedSigmas(config: SchedulerConfig): Float64Array {
  const alphas = cumulativeAlphas(config);
  if (config.zeroTerminalSnr) alphas[alphas.length - 1] = leastAlpha;
  return alphas.map((alpha) => Math.sqrt((1 - alpha) / alpha));
}

function beta({ betaSchedule, betaStart, betaEnd, trainTimesteps }: SchedulerConfig, t: number): number {
  const along = trainTimesteps === 1 ? 0 : t / (trainTimesteps - 1);
  if (betaSchedule === 'linear') return betaStart + along * (betaEnd - betaStart);
  return (Math.sqrt(betaStart) + along * (Math.sqrt(betaEnd) - Math.sqrt(betaStart))) ** 2;
}

/** Shifts and scales the square roots so that the first stays and the last is 0 (Lin et al., arXiv 2305.08891, algorithm 1). */
function withZeroTerminalSnr(alphas: Float64Array): Float64Array {
  const first = Math.sqrt(alphas[0] as number);
  const last = Math.sqrt(alphas[alphas.length - 1] as number);
  return alphas.map((alpha) => ((Math.sqrt(alpha) - last) * (first / (first - last))) ** 2);
}

/**
 * How a scheduler spaces its timesteps. `whole`: rounded, down to timestep 0; `fractional`: the same without rounding where the spacing
 * is linspace; `spare`: rounded, and spaced for one step more, of which the last, at timestep 0, is not taken.
 */
export type Spacing = 'whole' | 'fractional' | 'spare';

/**
 * The training timesteps that a picture of `steps` steps visits, from noise to picture.
 * The three spacings are those of table 2 in Lin et al., arXiv 2305.08891, in diffusers' rounding.
 */
export function spacedTimesteps(config: SchedulerConfig, steps: number, spacing: Spacing): number[] {
  const { trainTimesteps, timestepSpacing, stepsOffset } = config;
  const points = spacing === 'spare' && timestepSpacing !== 'trailing' ? steps + 1 : steps;
  const at = (index: number): number => {
    switch (timestepSpacing) {
      case 'linspace': {
        const exact = points === 1 ? 0 : ((trainTimesteps - 1) * (points - 1 - index)) / (points - 1);
        return spacing === 'fractional' ? exact : roundHalfToEven(exact);
      }
      case 'leading':
        return (points - 1 - index) * Math.floor(trainTimesteps / points) + stepsOffset;
      case 'trailing':
        return roundHalfToEven(trainTimesteps - index * (trainTimesteps / points)) - 1;
    }
  };
  return Array.from({ length: steps }, (_, index) => at(index));
}

/** Rounds as NumPy does, which decides between neighbours at halves. */
export function roundHalfToEven(value: number): number {
  const below = Math.floor(value);
  const rest = value - below;
  if (rest !== 0.5) return Math.round(value);
  return below % 2 === 0 ? below : below + 1;
}
