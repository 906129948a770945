import { AtelierError } from '@atelier/protocol';
import type { SchedulerConfig } from './config.ts';
import { cumulativeAlphas } from './noise-schedule.ts';
import { cleanSample, clip, refuseNoiseWithoutSignal } from './prediction.ts';
import { type Scheduler, stepNoise, weightedSum } from './scheduler.ts';

/** The spread of clean samples that consistency models are conditioned by: Song et al., arXiv 2303.01469, appendix C. */
const dataSpread = 0.5;

/**
 * Multistep sampling from a latent consistency model: Luo et al., arXiv 2310.04378, algorithm 3. Every step goes all the way to a clean
 * sample, to which fresh noise is added for the next one.
 * @throws AtelierError `parameter-out-of-bounds` for more steps than the model was distilled with, `invalid-input` as ddim
 */
export function lcmScheduler(config: SchedulerConfig, steps: number): Scheduler {
  const alphas = cumulativeAlphas(config);
  const timesteps = distilledTimesteps(config, steps);
  const alphaAt = (index: number) => alphas[timesteps[index] as number] as number;
  const mixture = (index: number) => ({ signal: Math.sqrt(alphaAt(index)), noise: Math.sqrt(1 - alphaAt(index)) });
  const addNoise = (clean: Float32Array, noise: Float32Array, index: number) => weightedSum(mixture(index).signal, clean, mixture(index).noise, noise);
  refuseNoiseWithoutSignal(config, alphaAt(0));
  return {
    timesteps,
    trainTimesteps: config.trainTimesteps,
    initialNoiseScale: 1,
    scaleInput: (sample) => sample,
    step: (prediction, index, sample, noise) => {
      const predicted = cleanSample(config.predictionType, mixture(index), prediction, sample);
      clip(predicted, config);
      const scaled = (timesteps[index] as number) * config.timestepScaling;
      const spread = Math.hypot(scaled, dataSpread);
      const clean = weightedSum(scaled / spread, predicted, (dataSpread / spread) ** 2, sample);
      return { sample: index === steps - 1 ? clean : addNoise(clean, stepNoise('lcm', noise, index), index + 1), clean };
    },
    addNoise,
  };
}

/** Evenly spread among the timesteps of the distillation, from the greatest. */
function distilledTimesteps({ trainTimesteps, distilledSteps }: SchedulerConfig, steps: number): number[] {
  if (steps > distilledSteps) {
    throw new AtelierError('parameter-out-of-bounds', `The scheduler lcm takes at most ${distilledSteps} steps with this model.`, {
      hint: 'A latent consistency model needs 1 to 8 steps; choose fewer, or another scheduler.',
    });
  }
  const stride = Math.floor(trainTimesteps / distilledSteps);
  const skipped = distilledSteps / steps;
  return Array.from({ length: steps }, (_, index) => (distilledSteps - Math.floor(index * skipped)) * stride - 1);
}
