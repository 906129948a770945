import { readFileSync } from 'node:fs';
import { AtelierError } from '@atelier/protocol';
import { describe, expect, test } from 'vitest';
import {
  createScheduler,
  karrasSchedulers,
  parseSchedulerConfig,
  type SchedulerName,
  schedulerFor,
  schedulerNames,
  seededStepNoise,
  stepAtShare,
  stepAtStrength,
} from './index.ts';

interface Case {
  readonly scheduler: SchedulerName;
  readonly config: Record<string, unknown>;
  readonly steps: number;
  readonly sigmas: 'model' | 'karras';
  readonly firstStep: number;
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
  readonly stepNoise: number[][];
  readonly visited: Omit<Case, 'firstStep' | 'initialNoiseScale' | 'noised' | 'inputs' | 'samples'>[];
  readonly cases: Case[];
}

const fixtures = JSON.parse(readFileSync(new URL('../../fixtures/scheduler-fixtures.json', import.meta.url), 'utf8')) as Fixtures;
const freshNoise = (index: number) => Float32Array.from(fixtures.stepNoise[index] as number[]);
const prediction = (index: number) => Float32Array.from(fixtures.predictions[index] as number[]);

/**
 * diffusers computes in float32; where large values cancel (Euler's first sigma is 4096 without terminal signal), what is left has their
 * rounding error, and so has everything after it: `largestBefore`.
 */
function expectClose(actual: Iterable<number>, expected: readonly number[], largestBefore = 0): void {
  const allowed = 5e-6 * largest(expected) + 2e-7 * largestBefore;
  const values = [...actual];
  expect(values).toHaveLength(expected.length);
  for (const [i, value] of values.entries()) expect(Math.abs(value - (expected[i] as number))).toBeLessThan(allowed);
}

const largest = (values: Iterable<number>) => Math.max(1, ...[...values].map(Math.abs));

function nameOf({ scheduler, config, steps, sigmas, firstStep }: Case): string {
  const settings = Object.entries(config).map(([key, value]) => `${key} ${value}`);
  return `${scheduler}, ${steps} steps from ${firstStep}, ${sigmas} sigmas, ${settings.join(', ')}`;
}

/** Runs a schedule over predictions that were drawn beforehand; what each step sees and gives. */
function* sampling(
  one: Omit<Case, 'timesteps' | 'initialNoiseScale' | 'noised' | 'inputs' | 'samples'>,
  scheduler = createScheduler(one.scheduler, one.config, one.steps, { sigmas: one.sigmas }),
) {
  let sample: Float32Array = Float32Array.from(fixtures.noise, (value) => value * scheduler.initialNoiseScale);
  for (let index = one.firstStep; index < one.steps; index++) {
    const next = scheduler.step(prediction(index), index, sample, freshNoise).sample;
    yield { at: index - one.firstStep, sample, input: scheduler.scaleInput(sample, index), next };
    sample = next;
  }
}

describe('a schedule gives the numbers that diffusers gives', () => {
  test.each(fixtures.cases.map((one) => [nameOf(one), one] as const))('%s', (_name, one) => {
    const scheduler = createScheduler(one.scheduler, one.config, one.steps, { sigmas: one.sigmas });
    expectClose(scheduler.timesteps, one.timesteps);
    expectClose([scheduler.initialNoiseScale / one.initialNoiseScale], [1]);
    const noised = scheduler.addNoise(Float32Array.from(fixtures.clean), Float32Array.from(fixtures.noise), Math.floor(one.steps / 2));
    expectClose(noised, one.noised);
    let largestBefore = 0;
    for (const { at, sample, input, next } of sampling(one, scheduler)) {
      expectClose(input, one.inputs[at] as number[], largestBefore);
      largestBefore = Math.max(largestBefore, largest(sample));
      expectClose(next, one.samples[at] as number[], largestBefore);
    }
  });
});

test.each(fixtures.visited)('$scheduler visits the timesteps of diffusers in $steps steps with $sigmas sigmas, where roundings are close', (one) => {
  const { timesteps } = createScheduler(one.scheduler, one.config, one.steps, { sigmas: one.sigmas });
  expect(timesteps).toEqual(one.timesteps);
});

interface Combination {
  readonly scheduler: SchedulerName;
  readonly sigmas: string;
  readonly prediction: unknown;
  readonly spacing: unknown;
  readonly zero: unknown;
}

const keyOf = ({ scheduler, sigmas, prediction, spacing, zero }: Combination) => [scheduler, sigmas, prediction, spacing, zero].join();

function combinationsOf(scheduler: SchedulerName): Combination[] {
  const predictions = scheduler === 'euler-ancestral' ? ['epsilon', 'v_prediction'] : ['epsilon', 'v_prediction', 'sample'];
  const spacings = scheduler === 'lcm' ? ['leading'] : ['leading', 'trailing', 'linspace'];
  const levels = karrasSchedulers.includes(scheduler) ? ['model', 'karras'] : ['model'];
  return predictions.flatMap((prediction) =>
    spacings.flatMap((spacing) => levels.flatMap((sigmas) => [false, true].map((zero) => ({ scheduler, sigmas, prediction, spacing, zero })))),
  );
}

const dividesByZero = ({ scheduler, prediction, spacing, zero }: Combination) =>
  prediction === 'epsilon' && zero === true && (scheduler === 'lcm' || (scheduler === 'ddim' && spacing !== 'leading'));

test.each(schedulerNames)('every combination that %s offers of noise levels, prediction, spacing and terminal SNR is among the fixtures', (scheduler) => {
  const compared = fixtures.cases.filter(({ config }) => config.beta_schedule === 'scaled_linear');
  const covered = new Set(
    compared.map(({ config: c, ...one }) => keyOf({ ...one, prediction: c.prediction_type, spacing: c.timestep_spacing, zero: c.rescale_betas_zero_snr })),
  );
  const offered = combinationsOf(scheduler).filter((combination) => !dividesByZero(combination));
  expect(offered.map(keyOf).filter((key) => !covered.has(key))).toEqual([]);
});

test.each(['ddim', 'lcm'] as const)('%s refuses noise prediction from zero terminal SNR, which would divide by zero', (name) => {
  const config = { prediction_type: 'epsilon', rescale_betas_zero_snr: true, timestep_spacing: 'trailing' };
  expect(() => createScheduler(name, config, 10)).toThrow(AtelierError);
});

test.each([
  ['euler', 'use_beta_sigmas', true],
  ['euler', 'interpolation_type', 'log_linear'],
  ['euler', 'sigma_max', 20],
  ['euler-ancestral', 'prediction_type', 'sample'],
  ['ddim', 'beta_schedule', 'squaredcos_cap_v2'],
  ['ddim', 'trained_betas', [0.1, 0.2]],
  ['lcm', 'thresholding', true],
  ['dpmpp-2m', 'algorithm_type', 'sde-dpmsolver++'],
  ['dpmpp-2m', 'solver_order', 3],
  ['dpmpp-2m', 'variance_type', 'learned_range'],
  ['unipc', 'solver_type', 'bh1'],
  ['unipc', 'predict_x0', false],
  ['unipc', 'disable_corrector', [0]],
] as const)('%s refuses %s: %j by name, with what to do', (name, key, value) => {
  const refused = (() => {
    try {
      return parseSchedulerConfig(name, { [key]: value });
    } catch (error) {
      return error;
    }
  })();
  expect(refused).toMatchObject({ code: 'invalid-input', message: expect.stringContaining(key), hint: expect.stringMatching(/choose another/) });
});

test('Karras noise levels are refused for schedulers that have none, and taken from the model where it asks for them', () => {
  for (const name of ['ddim', 'lcm'] as const) expect(() => createScheduler(name, {}, 5, { sigmas: 'karras' })).toThrow(/Karras/);
  const asked = createScheduler('dpmpp-2m', { use_karras_sigmas: true }, 5).timesteps;
  expect(asked).toEqual(createScheduler('dpmpp-2m', {}, 5, { sigmas: 'karras' }).timesteps);
  expect(createScheduler('ddim', { use_karras_sigmas: true }, 5).timesteps).toEqual(createScheduler('ddim', {}, 5).timesteps);
});

test('auto is the scheduler that the model names, or ddim where that is none of ours', () => {
  expect(schedulerFor('auto', { _class_name: 'UniPCMultistepScheduler' })).toBe('unipc');
  expect(schedulerFor('auto', { _class_name: 'PNDMScheduler' })).toBe('ddim');
  expect(schedulerFor('auto', undefined)).toBe('ddim');
  expect(schedulerFor('lcm', { _class_name: 'UniPCMultistepScheduler' })).toBe('lcm');
});

test.each(schedulerNames)('%s gives the same for a second sampling as for the first', (scheduler) => {
  const one = { scheduler, config: { timestep_spacing: 'trailing', clip_sample: false }, steps: 6, sigmas: 'model', firstStep: 1 } as const;
  const reused = createScheduler(scheduler, one.config, one.steps);
  const results = [sampling(one, reused), sampling(one, reused), sampling(one)].map((steps) => [...steps].map(({ next }) => [...next]));
  expect(results[1]).toEqual(results[0]);
  expect(results[2]).toEqual(results[0]);
});

test('only the schedulers that add noise ask for it, and say so where there is none', () => {
  for (const name of schedulerNames) {
    const step = () => createScheduler(name, {}, 4).step(prediction(0), 0, freshNoise(0));
    if (name === 'euler-ancestral' || name === 'lcm') expect(step).toThrow(/fresh noise/);
    else expect(step).not.toThrow();
  }
});

test('fresh noise is the same for a step in whatever order it is drawn, and other for every step and seed', () => {
  const [a, b, other] = [seededStepNoise(7, 8), seededStepNoise(7, 8), seededStepNoise(8, 8)];
  b(5);
  expect(a(3)).toEqual(b(3));
  expect(a(3)).not.toEqual(a(4));
  expect(a(3)).not.toEqual(other(3));
});

test('an LCM schedule of any length visits the timesteps that diffusers takes from the distillation, and no more than those', () => {
  expect(createScheduler('lcm', {}, 4).timesteps).toEqual([999, 759, 499, 259]);
  for (let steps = 1; steps <= 50; steps++) expect(new Set(createScheduler('lcm', {}, steps).timesteps).size).toBe(steps);
  expect(() => createScheduler('lcm', {}, 51)).toThrow(/at most 50 steps/);
});

test('a strength leaves out the first steps, but never all', () => {
  const scheduler = createScheduler('ddim', {}, 10);
  expect([1, 0.6, 0.55, 0.01].map((strength) => stepAtStrength(scheduler, strength))).toEqual([0, 4, 5, 9]);
});

test('a base and a refiner divide the steps between them, by training timesteps', () => {
  const scheduler = createScheduler('ddim', { timestep_spacing: 'leading', steps_offset: 1 }, 10);
  expect(scheduler.timesteps.filter((timestep) => timestep >= 200)).toHaveLength(stepAtShare(scheduler, 0.8));
  expect([stepAtShare(scheduler, 0), stepAtShare(scheduler, 1)]).toEqual([0, 10]);
});

test('a trailing schedule ends on a clean sample when the network is right', () => {
  const clean = Float32Array.from(fixtures.clean);
  for (const name of ['ddim', 'euler', 'dpmpp-2m', 'unipc'] as const) {
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
