import type { SchedulerConfig } from './config.ts';
import { cleanSample, mixtureAt } from './prediction.ts';
import { type Scheduler, weightedSum } from './scheduler.ts';
import { sigmaSchedule } from './sigma-schedule.ts';

/** What a step leaves for the one after it. */
interface Past {
  readonly index: number;
  /** The sample that the step began with, corrected. */
  readonly sample: Float32Array;
  /** The clean samples that the network predicted, the newest first: of this step and of the one before it. */
  readonly cleans: readonly Float32Array[];
  readonly order: 1 | 2;
}

/**
 * UniPC of second order, B2(h), on the predicted clean sample: Zhao et al., arXiv 2302.04867, algorithms 1 and 2.
 * A prediction first corrects the step that led to it and then leads the next one.
 */
export function unipcScheduler(config: SchedulerConfig, steps: number): Scheduler {
  const { timesteps, sigmas } = sigmaSchedule(config, steps, 'spare');
  const sigmaAt = (index: number) => sigmas[index] as number;
  let past: Past | undefined;
  return {
    timesteps,
    trainTimesteps: config.trainTimesteps,
    initialNoiseScale: 1,
    scaleInput: (sample) => sample,
    step: (prediction, index, given) => {
      const before = past?.index === index - 1 ? past : undefined;
      const clean = cleanSample(config.predictionType, mixtureAt(sigmaAt(index)), prediction, given);
      const sample = before === undefined ? given : corrected(sigmas, before, clean);
      const order = before === undefined || index === steps - 1 ? 1 : 2;
      past = { index, sample, order, cleans: before === undefined ? [clean] : [clean, before.cleans[0] as Float32Array] };
      return { sample: predicted(sigmas, past), clean };
    },
    addNoise: (clean, noise, index) => {
      const { signal, noise: share } = mixtureAt(sigmaAt(index));
      return weightedSum(signal, clean, share, noise);
    },
  };
}

/** Of a step in the logarithm of the noise level: its own length `h`, and that of the one before it over its own, negative. */
function lengths(sigmas: readonly number[], index: number): { readonly h: number; readonly ratio: number } {
  const level = (at: number) => -Math.log(sigmas[at] as number);
  const h = level(index + 1) - level(index);
  return { h, ratio: index === 0 ? 0 : (level(index - 1) - level(index)) / h };
}

/** The step of first order from `index`, exact where the clean sample stays the same. */
function firstOrder(sigmas: readonly number[], index: number, sample: Float32Array, clean: Float32Array): { sample: Float32Array; weight: number } {
  const [from, to] = [mixtureAt(sigmas[index] as number), mixtureAt(sigmas[index + 1] as number)];
  const weight = to.signal * (1 - (sigmas[index + 1] as number) / (sigmas[index] as number));
  return { sample: weightedSum(to.noise / from.noise, sample, weight, clean), weight };
}

function predicted(sigmas: readonly number[], { index, sample, cleans, order }: Past): Float32Array {
  const [now, before] = cleans as [Float32Array, Float32Array | undefined];
  const first = firstOrder(sigmas, index, sample, now);
  if (order === 1 || before === undefined) return first.sample;
  const slope = (0.5 * first.weight) / lengths(sigmas, index).ratio;
  return weightedSum(1, first.sample, slope, weightedSum(1, before, -1, now));
}

/** The sample that the step `past` would have led to, had it known what the network says at its end. */
function corrected(sigmas: readonly number[], { index, sample, cleans, order }: Past, next: Float32Array): Float32Array {
  const [now, before] = cleans as [Float32Array, Float32Array | undefined];
  const first = firstOrder(sigmas, index, sample, now);
  const change = weightedSum(1, next, -1, now);
  if (order === 1 || before === undefined) return weightedSum(1, first.sample, 0.5 * first.weight, change);
  const { h, ratio } = lengths(sigmas, index);
  const [older, newer] = correctorWeights(h, ratio);
  const withOlder = weightedSum(1, first.sample, (first.weight * older) / ratio, weightedSum(1, before, -1, now));
  return weightedSum(1, withOlder, first.weight * newer, change);
}

/** Solves the two equations of theorem 3.1 for the weights of the older and of the newer difference. */
function correctorWeights(h: number, ratio: number): readonly [number, number] {
  const whole = Math.expm1(-h);
  const phi = whole / -h - 1;
  const first = phi / whole;
  const second = (2 * (phi / -h - 0.5)) / whole;
  const older = (second - first) / (ratio - 1);
  return [older, first - older];
}
