import type { SchedulerConfig } from './config.ts';
import { cumulativeAlphas, spacedTimesteps } from './noise-schedule.ts';
import { cleanSample, clip, refuseNoiseWithoutSignal } from './prediction.ts';
import { type Scheduler, type SchedulerStep, weightedSum } from './scheduler.ts';

/**
 * Denoising diffusion implicit model, deterministic (eta 0): Song et al., arXiv 2010.02502, formula 12.
 * As in diffusers, a step goes down by trainTimesteps / steps rounded down, also where the timesteps are spaced a little wider.
 * @throws AtelierError `invalid-input` if the schedule begins without signal and the network predicts noise: it would divide by zero
 */
export function ddimScheduler(config: SchedulerConfig, steps: number): Scheduler {
  const alphas = cumulativeAlphas(config);
  const stride = Math.floor(config.trainTimesteps / steps);
  const timesteps = spacedTimesteps(config, steps, 'whole').map((timestep) => Math.min(timestep, config.trainTimesteps - 1));
  const alphaAt = (index: number) => alphas[timesteps[index] as number] as number;
  const alphaAfter = (index: number): number => {
    const next = (timesteps[index] as number) - stride;
    return next >= 0 ? (alphas[next] as number) : config.setAlphaToOne ? 1 : (alphas[0] as number);
  };
  refuseNoiseWithoutSignal(config, alphaAt(0));
  return {
    timesteps,
    trainTimesteps: config.trainTimesteps,
    initialNoiseScale: 1,
    scaleInput: (sample) => sample,
    step: (prediction, index, sample) => ddimStep(config, alphaAt(index), alphaAfter(index), prediction, sample),
    addNoise: (clean, noise, index) => weightedSum(Math.sqrt(alphaAt(index)), clean, Math.sqrt(1 - alphaAt(index)), noise),
  };
}

function ddimStep(config: SchedulerConfig, alpha: number, alphaNext: number, prediction: Float32Array, sample: Float32Array): SchedulerStep {
  const mixture = { signal: Math.sqrt(alpha), noise: Math.sqrt(1 - alpha) };
  const clean = cleanSample(config.predictionType, mixture, prediction, sample);
  const epsilon = noiseOf(config, mixture, prediction, sample);
  clip(clean, config);
  return { sample: weightedSum(Math.sqrt(alphaNext), clean, Math.sqrt(1 - alphaNext), epsilon), clean };
}

/** The noise that a prediction means, before anything is clipped. */
function noiseOf({ predictionType }: SchedulerConfig, { signal, noise }: { signal: number; noise: number }, prediction: Float32Array, sample: Float32Array) {
  if (predictionType === 'epsilon') return prediction;
  if (predictionType === 'v_prediction') return weightedSum(signal, prediction, noise, sample);
  return weightedSum(1 / noise, sample, -signal / noise, prediction);
}
