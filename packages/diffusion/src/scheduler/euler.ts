import type { SchedulerConfig } from './config.ts';
import { cumulativeAlphas, spacedTimesteps } from './noise-schedule.ts';
import { type Scheduler, type SchedulerStep, weightedSum } from './scheduler.ts';

/** What stands for zero signal at the last timestep, so that its noise level stays finite: diffusers' own choice, sigma 4096. */
const leastAlpha = 2 ** -24;

/**
 * Euler's method on the probability-flow equation in noise levels sigma: Karras et al., arXiv 2206.00364, algorithm 2 without churn.
 * Samples are clean + sigma * noise, so that they are large at the start.
 */
export function eulerScheduler(config: SchedulerConfig, steps: number): Scheduler {
  const alphas = cumulativeAlphas(config);
  if (config.zeroTerminalSnr) alphas[alphas.length - 1] = leastAlpha;
  const trained = alphas.map((alpha) => Math.sqrt((1 - alpha) / alpha));
  const timesteps = spacedTimesteps(config, steps, 'fractional');
  const sigmas = [...timesteps.map((timestep) => interpolated(trained, timestep)), 0];
  const sigmaAt = (index: number) => sigmas[index] as number;
  const greatest = Math.max(...sigmas);
  return {
    timesteps,
    trainTimesteps: config.trainTimesteps,
    initialNoiseScale: config.timestepSpacing === 'leading' ? Math.hypot(greatest, 1) : greatest,
    scaleInput: (sample, index) => {
      const divisor = Math.hypot(sigmaAt(index), 1);
      return sample.map((value) => value / divisor);
    },
    step: (prediction, index, sample) => eulerStep(config, sigmaAt(index), sigmaAt(index + 1), prediction, sample),
    addNoise: (clean, noise, index) => weightedSum(1, clean, sigmaAt(index), noise),
  };
}

function eulerStep(config: SchedulerConfig, sigma: number, sigmaNext: number, prediction: Float32Array, sample: Float32Array): SchedulerStep {
  const squared = sigma * sigma + 1;
  const clean =
    config.predictionType === 'v_prediction'
      ? weightedSum(-sigma / Math.sqrt(squared), prediction, 1 / squared, sample)
      : weightedSum(1, sample, -sigma, prediction);
  const ratio = sigma === 0 ? 0 : sigmaNext / sigma;
  return { sample: weightedSum(ratio, sample, 1 - ratio, clean), clean };
}

/** Linear interpolation between whole timesteps, held at the ends. */
function interpolated(values: Float64Array, position: number): number {
  const below = Math.max(0, Math.min(values.length - 1, Math.floor(position)));
  const above = Math.min(values.length - 1, below + 1);
  const rest = Math.max(0, Math.min(1, position - below));
  return (values[below] as number) * (1 - rest) + (values[above] as number) * rest;
}
