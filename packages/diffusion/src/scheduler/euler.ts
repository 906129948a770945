import type { SchedulerConfig } from './config.ts';
import { cleanOfLarge } from './prediction.ts';
import { type Scheduler, type StepNoise, stepNoise, weightedSum } from './scheduler.ts';
import { sigmaSchedule } from './sigma-schedule.ts';

/**
 * Euler's method on the probability-flow equation in noise levels sigma: Karras et al., arXiv 2206.00364, algorithm 2 without churn.
 * Samples are clean + sigma * noise, so that they are large at the start.
 */
export function eulerScheduler(config: SchedulerConfig, steps: number): Scheduler {
  return largeScheduler(config, steps, ({ sigma, sigmaNext, clean, sample }) => {
    const ratio = sigma === 0 ? 0 : sigmaNext / sigma;
    return weightedSum(ratio, sample, 1 - ratio, clean);
  });
}

/**
 * Ancestral sampling with Euler's method: each step goes down further than it has to and comes back up by fresh noise, so that the noise
 * after it is the next level's (Karras et al., arXiv 2206.00364, section 4, with all the noise that DDPM adds).
 */
export function eulerAncestralScheduler(config: SchedulerConfig, steps: number): Scheduler {
  return largeScheduler({ ...config, endsAt: 'zero' }, steps, ({ sigma, sigmaNext, clean, sample, index, noise }) => {
    const down = (sigmaNext * sigmaNext) / sigma;
    const up = Math.sqrt(Math.max(0, sigmaNext * sigmaNext - down * down));
    const lower = weightedSum(down / sigma, sample, 1 - down / sigma, clean);
    return up === 0 ? lower : weightedSum(1, lower, up, stepNoise('euler-ancestral', noise, index));
  });
}

interface LargeStep {
  readonly sigma: number;
  readonly sigmaNext: number;
  readonly clean: Float32Array;
  readonly sample: Float32Array;
  readonly index: number;
  readonly noise: StepNoise | undefined;
}

/** What both have in common: samples that are clean + sigma * noise. */
function largeScheduler(config: SchedulerConfig, steps: number, next: (step: LargeStep) => Float32Array): Scheduler {
  const { timesteps, sigmas } = sigmaSchedule(config, steps, 'fractional');
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
    step: (prediction, index, sample, noise) => {
      const sigma = sigmaAt(index);
      const clean = cleanOfLarge(config.predictionType, sigma, prediction, sample);
      return { sample: next({ sigma, sigmaNext: sigmaAt(index + 1), clean, sample, index, noise }), clean };
    },
    addNoise: (clean, noise, index) => weightedSum(1, clean, sigmaAt(index), noise),
  };
}
