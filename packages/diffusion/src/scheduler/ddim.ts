import { AtelierError } from '@atelier/protocol';
import type { SchedulerConfig } from './config.ts';
import { cumulativeAlphas, spacedTimesteps } from './noise-schedule.ts';
import { type Scheduler, type SchedulerStep, weightedSum } from './scheduler.ts';

/**
 * Denoising diffusion implicit model, deterministic (eta 0): Song et al., arXiv 2010.02502, formula 12.
 * As in diffusers, a step goes down by trainTimesteps / steps rounded down, also where the timesteps are spaced a little wider.
 * @throws AtelierError `invalid-input` where the schedule begins without signal and the network predicts noise: it would divide by zero
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
  if (config.predictionType === 'epsilon' && alphaAt(0) < 1e-12) {
    throw new AtelierError('invalid-input', 'A schedule with zero terminal SNR needs a model that predicts v, not noise.', {
      hint: 'Choose the scheduler euler, or set rescale_betas_zero_snr to false in scheduler_config.json.',
    });
  }
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
  const signal = Math.sqrt(alpha);
  const noise = Math.sqrt(1 - alpha);
  const isV = config.predictionType === 'v_prediction';
  const clean = isV ? weightedSum(signal, sample, -noise, prediction) : weightedSum(1 / signal, sample, -noise / signal, prediction);
  const epsilon = isV ? weightedSum(signal, prediction, noise, sample) : prediction;
  const { clipRange } = config;
  if (clipRange !== undefined) for (let i = 0; i < clean.length; i++) clean[i] = Math.max(-clipRange, Math.min(clipRange, clean[i] as number));
  return { sample: weightedSum(Math.sqrt(alphaNext), clean, Math.sqrt(1 - alphaNext), epsilon), clean };
}
