import type { RecipeDocument } from '@atelier/protocol';
import { expect, test } from 'vitest';
import { compareRecipes } from './recipe-difference.ts';

const recipe = (prompt: string, steps: Array<{ id: string; task?: string; parameters: object; inputs?: object }>, model = 'toy') =>
  ({
    atelier: 1,
    chain: { steps: steps.map((step) => ({ task: 'text-to-image', inputs: {}, ...step })) },
    inputs: { prompt: { text: prompt } },
    modelHashes: Object.fromEntries(steps.map((step) => [step.id, { modelId: model, modelHash: 'x' }])),
  }) as unknown as RecipeDocument;
const differences = (one: RecipeDocument, other: RecipeDocument) =>
  compareRecipes(one, other)
    .filter(({ differs }) => differs)
    .map(({ stepId, name, one: a, other: b }) => [stepId, name, a, b]);

test('what was made alike has no difference, in whatever order its parameters are written, and all of it is told', () => {
  const one = recipe('an apple', [{ id: 'draw', parameters: { seed: 1, steps: 20 } }]);
  const other = recipe('an apple', [{ id: 'draw', parameters: { steps: 20, seed: 1 } }]);
  expect(differences(one, other)).toEqual([]);
  expect(compareRecipes(one, other).map(({ name }) => name)).toEqual(['prompt', 'task', 'model', 'seed', 'steps']);
});

test('the words, the model and each parameter that differs are told, with both values', () => {
  const one = recipe('an apple', [{ id: 'draw', parameters: { seed: 1, steps: 20, width: 512 } }]);
  const other = recipe('a pear', [{ id: 'draw', parameters: { seed: 2, steps: 20 } }], 'large');
  expect(differences(one, other)).toEqual([
    [null, 'prompt', 'an apple', 'a pear'],
    ['draw', 'model', 'toy', 'large'],
    ['draw', 'seed', 1, 2],
    ['draw', 'width', 512, undefined],
  ]);
});

test('a step that only one of them has is told as such', () => {
  const one = recipe('an apple', [{ id: 'draw', parameters: {} }]);
  const other = recipe('an apple', [
    { id: 'draw', parameters: {} },
    { id: 'enlarge', task: 'image-upscaling', parameters: { scale: 4 } },
  ]);
  expect(differences(one, other)).toEqual([
    ['enlarge', 'task', undefined, 'image-upscaling'],
    ['enlarge', 'model', undefined, 'toy'],
    ['enlarge', 'scale', undefined, 4],
  ]);
});

test('steps of one task that have other names in other chains stand beside each other, those of one name first', () => {
  const one = recipe('an apple', [
    { id: 'sketch', parameters: { seed: 1 } },
    { id: 'draw', parameters: { seed: 2 } },
  ]);
  const other = recipe('an apple', [
    { id: 'draw', parameters: { seed: 2 } },
    { id: 'begin', parameters: { seed: 3 } },
  ]);
  expect(differences(one, other)).toEqual([['sketch', 'seed', 1, 3]]);
});

test('what a step reads is compared, whatever the step is called that made it', () => {
  const steps = (draw: string, read: string) => [
    { id: draw, parameters: {}, inputs: { prompt: ['inputs.prompt'] } },
    { id: 'enlarge', task: 'image-upscaling', parameters: {}, inputs: { image: [read] } },
  ];
  const one = recipe('an apple', steps('draw', 'draw.image'));
  expect(differences(one, recipe('an apple', steps('begin', 'begin.image')))).toEqual([]);
  expect(differences(one, recipe('an apple', steps('draw', 'inputs.image')))).toEqual([['enlarge', 'image', 'draw.image', 'inputs.image']]);
});
