import type { SchedulerConfig } from './config.ts';

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
 * The training timesteps that a picture of `steps` steps visits, from noise to picture. Only Euler's linspace gives fractions.
 * The three spacings are those of table 2 in Lin et al., arXiv 2305.08891, in diffusers' rounding.
 */
export function spacedTimesteps(config: SchedulerConfig, steps: number, rounding: 'whole' | 'fractional'): number[] {
  const { trainTimesteps, timestepSpacing, stepsOffset } = config;
  const at = (index: number): number => {
    switch (timestepSpacing) {
      case 'linspace': {
        const exact = steps === 1 ? 0 : ((trainTimesteps - 1) * (steps - 1 - index)) / (steps - 1);
        return rounding === 'whole' ? roundHalfToEven(exact) : exact;
      }
      case 'leading':
        return (steps - 1 - index) * Math.floor(trainTimesteps / steps) + stepsOffset;
      case 'trailing':
        return roundHalfToEven(trainTimesteps - index * (trainTimesteps / steps)) - 1;
    }
  };
  return Array.from({ length: steps }, (_, index) => at(index));
}

/** Rounds as NumPy does, which decides between neighbours at halves. */
function roundHalfToEven(value: number): number {
  const below = Math.floor(value);
  const rest = value - below;
  if (rest !== 0.5) return Math.round(value);
  return below % 2 === 0 ? below : below + 1;
}
