import type { SchedulerConfig } from './config.ts';
import { cleanSample, mixtureAt } from './prediction.ts';
import { type Scheduler, weightedSum } from './scheduler.ts';
import { sigmaSchedule } from './sigma-schedule.ts';

/** Schedules below this many steps end with a step of first order, which is steadier: diffusers' own choice. */
const shortSchedule = 15;

/**
 * DPM-Solver++ of second order with two steps (2M), by the midpoint: Lu et al., arXiv 2211.01095, algorithm 2.
 * The first step of a sampling has no step before it and is of first order; so is the last one where it ends at no noise.
 */
export function dpmpp2mScheduler(config: SchedulerConfig, steps: number): Scheduler {
  const { timesteps, sigmas } = sigmaSchedule(config, steps, 'spare');
  const sigmaAt = (index: number) => sigmas[index] as number;
  const endsInFirstOrder = config.eulerAtFinal || config.endsAt === 'zero' || (config.lowerOrderFinal && steps < shortSchedule);
  let before: { readonly index: number; readonly clean: Float32Array } | undefined;
  return {
    timesteps,
    trainTimesteps: config.trainTimesteps,
    initialNoiseScale: 1,
    scaleInput: (sample) => sample,
    step: (prediction, index, sample) => {
      const [from, to] = [mixtureAt(sigmaAt(index)), mixtureAt(sigmaAt(index + 1))];
      const clean = cleanSample(config.predictionType, from, prediction, sample);
      const follows = before !== undefined && before.index === index - 1 && !(index === steps - 1 && endsInFirstOrder);
      const target = follows && before !== undefined ? extrapolated(sigmas, index, before.clean, clean) : clean;
      before = { index, clean };
      const share = to.signal * (1 - sigmaAt(index + 1) / sigmaAt(index));
      return { sample: weightedSum(to.noise / from.noise, sample, share, target), clean };
    },
    addNoise: (clean, noise, index) => {
      const { signal, noise: share } = mixtureAt(sigmaAt(index));
      return weightedSum(signal, clean, share, noise);
    },
  };
}

/** The clean sample in the middle of the coming step, by a straight line through those of the last two, in the logarithm of the noise level. */
function extrapolated(sigmas: readonly number[], index: number, before: Float32Array, now: Float32Array): Float32Array {
  const level = (at: number) => -Math.log(sigmas[at] as number);
  const half = (level(index + 1) - level(index)) / (level(index) - level(index - 1)) / 2;
  return weightedSum(1 + half, now, -half, before);
}
