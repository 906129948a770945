import { readFileSync } from 'node:fs';
import { AtelierError } from '@atelier/protocol';
import { describe, expect, test } from 'vitest';
import { createScheduler, parseSchedulerConfig, type SchedulerName } from './index.ts';

interface Case {
  readonly scheduler: SchedulerName;
  readonly config: Record<string, unknown>;
  readonly steps: number;
  readonly timesteps: number[];
  readonly initialNoiseScale: number;
  readonly noised: number[];
  readonly inputs: number[][];
  readonly samples: number[][];
}

interface Fixtures {
  readonly noise: number[];
  readonly clean: number[];
  readonly predictions: number[][];
  readonly cases: Case[];
}

const fixtures = JSON.parse(readFileSync(new URL('../../fixtures/scheduler-fixtures.json', import.meta.url), 'utf8')) as Fixtures;

/**
 * diffusers computes in float32, from cumulative alphas that have lost about a digit near zero signal; where large values cancel
 * (Euler's first sigma is 4096), the rounding error is that of the `operands`.
 */
function expectClose(actual: Iterable<number>, expected: readonly number[], operands: Iterable<number> = []): void {
  const allowed = 5e-5 * largest(expected) + 1e-7 * largest(operands);
  for (const [i, value] of [...actual].entries()) expect(Math.abs(value - (expected[i] as number))).toBeLessThan(allowed);
}

const largest = (values: Iterable<number>) => Math.max(1, ...[...values].map(Math.abs));

function nameOf({ scheduler, config, steps }: Case): string {
  return `${scheduler}, ${steps} steps, ${Object.entries(config)
    .map(([key, value]) => `${key} ${value}`)
    .join(', ')}`;
}

describe('a schedule gives the numbers that diffusers gives', () => {
  test.each(fixtures.cases.map((one) => [nameOf(one), one] as const))('%s', (_name, one) => {
    const scheduler = createScheduler(one.scheduler, one.config, one.steps);
    const noise = Float32Array.from(fixtures.noise);
    expectClose(scheduler.timesteps, one.timesteps);
    expectClose([scheduler.initialNoiseScale / one.initialNoiseScale], [1]);
    expectClose(scheduler.addNoise(Float32Array.from(fixtures.clean), noise, Math.floor(one.steps / 2)), one.noised);
    let sample: Float32Array = noise.map((value) => value * scheduler.initialNoiseScale);
    for (let i = 0; i < one.steps; i++) {
      expectClose(scheduler.scaleInput(sample, i), one.inputs[i] as number[]);
      const next = scheduler.step(Float32Array.from(fixtures.predictions[i] as number[]), i, sample).sample;
      expectClose(next, one.samples[i] as number[], sample);
      sample = next;
    }
  });
});

test('every offered combination of scheduler, prediction, spacing and terminal SNR is among the fixtures', () => {
  const covered = new Set(
    fixtures.cases.map(({ scheduler, config: c }) => [scheduler, c.prediction_type, c.timestep_spacing, c.beta_schedule, c.rescale_betas_zero_snr].join()),
  );
  for (const scheduler of ['ddim', 'euler'])
    for (const prediction of ['epsilon', 'v_prediction'])
      for (const spacing of ['leading', 'trailing', 'linspace'])
        for (const zero of [false, true]) {
          const refused = scheduler === 'ddim' && prediction === 'epsilon' && zero && spacing !== 'leading';
          expect(covered.has([scheduler, prediction, spacing, 'scaled_linear', zero].join())).toBe(!refused);
        }
});

test('DDIM refuses noise prediction from zero terminal SNR, which would divide by zero', () => {
  const config = { prediction_type: 'epsilon', rescale_betas_zero_snr: true, timestep_spacing: 'trailing' };
  expect(() => createScheduler('ddim', config, 10)).toThrow(AtelierError);
});

test('a setting that is not offered is refused by name', () => {
  expect(() => parseSchedulerConfig('euler', { use_karras_sigmas: true })).toThrow(/use_karras_sigmas/);
  expect(() => parseSchedulerConfig('ddim', { beta_schedule: 'squaredcos_cap_v2' })).toThrow(/squaredcos_cap_v2/);
});

test('a trailing schedule ends on a clean sample when the network is right', () => {
  const clean = Float32Array.from(fixtures.clean);
  for (const name of ['ddim', 'euler'] as const) {
    const scheduler = createScheduler(
      name,
      { beta_schedule: 'scaled_linear', timestep_spacing: 'trailing', prediction_type: 'epsilon', clip_sample: false },
      10,
    );
    const noise = Float32Array.from(fixtures.noise);
    let sample = scheduler.addNoise(clean, noise, 3);
    for (let i = 3; i < 10; i++) sample = scheduler.step(noise, i, sample).sample;
    expectClose(sample, fixtures.clean);
  }
});
