import { expect, test } from 'vitest';
import { movedStep, withModel } from './arrange.ts';
import type { Draft, DraftStep } from './draft.ts';

const step = (id: string, inputs?: Record<string, unknown>): DraftStep => ({ id, task: id, parameters: {}, ...(inputs ? { inputs } : {}) });
const draft: Draft = {
  inputs: {},
  steps: [step('draw'), step('enlarge', { image: 'draw.image' }), step('film', { image: ['enlarge.image', 'draw.image'], prompt: 'inputs.prompt' })],
};
const order = ({ steps }: Draft) => steps.map(({ id }) => id);

test('a step moves by one place, and no further than the ends', () => {
  expect(order(movedStep(draft, 'film', -1))).toEqual(['draw', 'film', 'enlarge']);
  expect(movedStep(draft, 'film', 1)).toBe(draft);
  expect(movedStep(draft, 'draw', -1)).toBe(draft);
  expect(movedStep(draft, 'nobody', 1)).toBe(draft);
});

test('a wire that would read what comes later is dropped, all others stay', () => {
  expect(movedStep(draft, 'film', -1).steps.map(({ inputs }) => inputs)).toEqual([undefined, { prompt: 'inputs.prompt' }, { image: 'draw.image' }]);
  const first = movedStep(draft, 'enlarge', -1);
  expect(order(first)).toEqual(['enlarge', 'draw', 'film']);
  expect(first.steps[0]?.inputs).toEqual({});
  expect(first.steps[2]?.inputs).toEqual(draft.steps[2]?.inputs);
});

test('a step is bound to a model and left to the planner again', () => {
  const bound = withModel(draft, 'draw', 'sdxl');
  expect(bound.steps.map(({ model }) => model)).toEqual(['sdxl', undefined, undefined]);
  expect(withModel(bound, 'draw', undefined)).toEqual(draft);
});
