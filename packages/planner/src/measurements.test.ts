import { findTask } from '@atelier/protocol';
import { expect, test } from 'vitest';
import { createEstimator } from './estimate.ts';
import type { Measurement } from './fleet.ts';
import { summariseMeasurements } from './measurements.ts';
import { edgeId, manifest } from './random-fleet.ts';

const one = (runSeconds: number, more: Partial<Measurement> = {}): Measurement => ({
  edgeId: edgeId(1),
  modelId: 'sd',
  task: 'text-to-image',
  work: 20,
  cold: false,
  runSeconds,
  loadSeconds: 0,
  outputBytes: { image: 1000 },
  ...more,
});
const task = findTask('text-to-image');
const sd = manifest('sd', ['text-to-image'], { prior: { loadSeconds: 2, runSeconds: 1 } });
const parameters = { steps: 10, guidanceScale: 4 };

function estimate(measurements: Measurement[], edge = 1) {
  return createEstimator({ edges: [], links: [], ...summariseMeasurements(measurements) }).forModel(sd, task, task.work(parameters, {}))(edgeId(edge));
}

test('one bad run among many does not move the prediction', () => {
  const steady = Array.from({ length: 9 }, () => one(2));
  expect(estimate([one(100), ...steady]).warmSeconds).toBeLessThan(2.2);
});

test('the more is measured, the less the prior counts', () => {
  const few = estimate([one(20)]).warmSeconds;
  const many = estimate(Array.from({ length: 20 }, () => one(20))).warmSeconds;
  expect(few).toBeGreaterThan(1);
  expect(many).toBeGreaterThan(few);
  expect(many).toBeLessThan(20.0001);
  expect(many).toBeGreaterThan(18);
});

test('a prediction grows with the work of the step', () => {
  const estimator = createEstimator({ edges: [], links: [], ...summariseMeasurements([one(4)]) });
  const seconds = (steps: number) => estimator.forModel(sd, task, task.work({ steps, guidanceScale: 4 }, {}))(edgeId(1)).warmSeconds;
  expect(seconds(40)).toBeCloseTo(4 * seconds(10), 6);
});

test('an edge without measurements borrows from the others and says so', () => {
  const borrowed = estimate([one(6), one(6)], 2);
  expect(borrowed).toMatchObject({ basis: 'borrowed', samples: 0 });
  expect(borrowed.warmSeconds).toBeCloseTo((6 / 20) * 20, 5);
  expect(estimate([], 2)).toMatchObject({ basis: 'prior', samples: 0 });
});

test('cold and warm runs are kept apart', () => {
  const mixed = [one(2), one(2), one(9, { cold: true, loadSeconds: 3 })];
  const { histories } = summariseMeasurements(mixed);
  expect(histories[0]).toMatchObject({ warm: { median: 0.1, samples: 2 }, cold: { median: 0.45, samples: 1 }, load: { median: 3, samples: 1 } });
});

test('before the first warm run the cold one is what a warm run is expected to take', () => {
  const cold = estimate([one(40, { cold: true, loadSeconds: 3 })]);
  expect(cold).toMatchObject({ basis: 'measured', samples: 1 });
  expect(cold.warmSeconds).toBeGreaterThan(5);
});
