import { expect, test } from 'vitest';
import { weighStates } from './weigh-states.ts';

const mean = (values: Float32Array, of = (value: number) => value) => values.reduce((sum, value) => sum + of(value), 0) / values.length;

test('without weights the states are untouched', () => {
  const states = Float32Array.of(1, 2, 3, 4);
  expect(weighStates(states, [1, 1])).toBe(states);
});

test('a weighed token gains on the others by its weight, and the mean stays', () => {
  const states = Float32Array.of(1, 2, 3, 4);
  const weighed = weighStates(states, [1, 1.5]);
  expect(mean(weighed)).toBeCloseTo(mean(states), 6);
  expect((weighed[2] as number) / (weighed[0] as number)).toBeCloseTo((3 / 1) * 1.5, 5);
});

test('states with a mean of nearly zero keep their mean magnitude and their signs', () => {
  const states = Float32Array.of(1, -1, 2, -2.001);
  const weighed = weighStates(states, [1, 1.5]);
  expect(mean(weighed, Math.abs)).toBeCloseTo(mean(states, Math.abs), 5);
  expect([...weighed].map(Math.sign)).toEqual([1, -1, 1, -1]);
});

test('a prompt of weight 0 gives zeros, not values that are no numbers', () => {
  expect([...weighStates(Float32Array.of(1, 2), [0, 0])]).toEqual([0, 0]);
});
