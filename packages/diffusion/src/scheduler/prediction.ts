import { AtelierError } from '@atelier/protocol';
import type { PredictionType, SchedulerConfig } from './config.ts';
import { weightedSum } from './scheduler.ts';

/** How a sample is mixed: signal * clean + noise * standard normal noise. */
export interface Mixture {
  readonly signal: number;
  readonly noise: number;
}

/** The mixture whose squares add up to 1 at a noise level sigma, noise to signal. */
export function mixtureAt(sigma: number): Mixture {
  const signal = 1 / Math.hypot(sigma, 1);
  return { signal, noise: sigma * signal };
}

/** The clean sample that a prediction means, for a sample whose squared weights add up to 1. */
export function cleanSample(type: PredictionType, { signal, noise }: Mixture, prediction: Float32Array, sample: Float32Array): Float32Array {
  switch (type) {
    case 'epsilon':
      return weightedSum(1 / signal, sample, -noise / signal, prediction);
    case 'v_prediction':
      return weightedSum(signal, sample, -noise, prediction);
    case 'sample':
      return Float32Array.from(prediction);
  }
}

/** The clean sample that a prediction means, for a sample that is clean + sigma * noise, and a network that saw it scaled to variance 1. */
export function cleanOfLarge(type: PredictionType, sigma: number, prediction: Float32Array, sample: Float32Array): Float32Array {
  const squared = sigma * sigma + 1;
  switch (type) {
    case 'epsilon':
      return weightedSum(1, sample, -sigma, prediction);
    case 'v_prediction':
      return weightedSum(-sigma / Math.sqrt(squared), prediction, 1 / squared, sample);
    case 'sample':
      return Float32Array.from(prediction);
  }
}

/** Holds values within the range that the configuration gives, in place. */
export function clip(values: Float32Array, { clipRange }: SchedulerConfig): void {
  if (clipRange === undefined) return;
  for (let i = 0; i < values.length; i++) values[i] = Math.max(-clipRange, Math.min(clipRange, values[i] as number));
}

/** @throws AtelierError `invalid-input` if a schedule begins without signal and the network predicts noise: it would divide by zero */
export function refuseNoiseWithoutSignal({ predictionType }: SchedulerConfig, firstAlpha: number): void {
  if (predictionType !== 'epsilon' || firstAlpha >= 1e-12) return;
  throw new AtelierError('invalid-input', 'A schedule with zero terminal SNR needs a model that predicts v, not noise.', {
    hint: 'Choose the scheduler euler, or set rescale_betas_zero_snr to false in scheduler_config.json.',
  });
}
