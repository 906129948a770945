import { expect, test } from 'vitest';
import { ddimInversion } from './ddim-inversion.ts';
import { createScheduler, parseSchedulerConfig, type Scheduler } from './index.ts';
import { cumulativeAlphas } from './noise-schedule.ts';

const common = { beta_schedule: 'scaled_linear', beta_start: 0.00085, beta_end: 0.012 };
const configs = {
  'v, zero terminal SNR': { ...common, prediction_type: 'v_prediction', rescale_betas_zero_snr: true, timestep_spacing: 'trailing' },
  'noise, as Stable Diffusion 1': { ...common, prediction_type: 'epsilon', timestep_spacing: 'leading', steps_offset: 1, set_alpha_to_one: false },
};

const mean = 0.4;
const deviation = 0.5;

/** The best answer of a network whose pictures are all normal values of one mean and deviation, in closed form. */
function network(config: Record<string, unknown>): (sample: Float32Array, timestep: number) => Float32Array {
  const alphas = cumulativeAlphas(parseSchedulerConfig('ddim', config));
  return (sample, timestep) => {
    const alpha = alphas[timestep] as number;
    const [signal, noise] = [Math.sqrt(alpha), Math.sqrt(1 - alpha)];
    return sample.map((value) => {
      const clean = mean + ((signal * deviation ** 2) / (alpha * deviation ** 2 + 1 - alpha)) * (value - signal * mean);
      return config.prediction_type === 'epsilon' ? (value - signal * clean) / noise : (signal * value - clean) / noise;
    });
  };
}

function follow(scheduler: Scheduler, answer: ReturnType<typeof network>, from: Float32Array): Float32Array {
  return scheduler.timesteps.reduce((sample, timestep, index) => scheduler.step(answer(sample, timestep), index, sample).sample, from);
}

const largest = (a: Float32Array, b: Float32Array) => a.reduce((most, value, i) => Math.max(most, Math.abs(value - (b[i] as number))), 0);

test.each(Object.entries(configs))('what is walked back to noise comes out of it again: a model that predicts %s', (_name, config) => {
  const answer = network(config);
  const clean = Float32Array.of(-0.9, 0.1, 0.4, 0.65, 1.4);
  for (const steps of [20, 50]) {
    const noise = follow(ddimInversion(config, steps), answer, clean);
    const again = follow(createScheduler('ddim', { ...config, clip_sample: false }, steps), answer, noise);
    expect(largest(again, clean), `${steps} steps`).toBeLessThan(0.01);
  }
});

test('a value as many deviations off the mean as others becomes noise of that many deviations', () => {
  const config = configs['v, zero terminal SNR'];
  const noise = follow(ddimInversion(config, 250), network(config), Float32Array.of(mean - 2 * deviation, mean, mean + deviation));
  for (const [i, wanted] of [-2, 0, 1].entries()) expect(Math.abs((noise[i] as number) - wanted)).toBeLessThan(0.05);
});

test('an inversion takes no fewer steps than it needs, however few the walk takes', () => {
  const config = configs['v, zero terminal SNR'];
  expect(ddimInversion(config, 2).timesteps).toEqual(ddimInversion(config, 20).timesteps);
});
