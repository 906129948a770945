import { type EdgeView, listTasks, type RecipeDocument, resolveChain, taskView } from '@atelier/protocol';
import { expect, test } from 'vitest';
import { filesOf, stepReports, textsOf } from './recipe-report.ts';

const tasks = listTasks().map(taskView);
const recipe: RecipeDocument = {
  atelier: 1,
  chain: resolveChain({ steps: ['text-to-image', { task: 'inpainting', parameters: { seed: 7 } }] }),
  inputs: { prompt: { text: 'a red apple' }, mask: { hash: 'a'.repeat(64), mediaType: 'image/png', sizeBytes: 900 } },
  modelHashes: { 'text-to-image': { modelId: 'one', modelHash: 'h1' }, inpainting: { modelId: 'two', modelHash: 'h2' } },
  result: { stepId: 'inpainting', port: 'image', index: 0 },
};
const edge = (state: EdgeView['state'], ...models: Array<[id: string, hash: string, state?: string]>) =>
  ({ state, models: models.map(([id, modelHash, standing = 'ready']) => ({ manifest: { id }, modelHash, state: standing })) }) as unknown as EdgeView;
const models = (...edges: EdgeView[]) => stepReports(recipe, tasks, edges).map((report) => report.model);

test('a model counts as the same only with the same files, on a machine that is here', () => {
  expect(models(edge('online', ['one', 'h1'], ['two', 'h2']))).toEqual(['same', 'same']);
  expect(models(edge('online', ['one', 'other']), edge('draining', ['two', 'h2']))).toEqual(['other-weights', 'same']);
  expect(models(edge('online', ['one', 'h1', 'pulling']), edge('revoked', ['two', 'h2']))).toEqual(['not-here', 'not-here']);
});

test('a task that this studio does not know is said before anything else', () => {
  const [report] = stepReports(recipe, [], [edge('online', ['one', 'h1'])]);
  expect(report).toMatchObject({ model: 'unknown-task', title: 'text-to-image' });
});

test('seeds, texts and files are told apart', () => {
  expect(stepReports(recipe, tasks, []).map((report) => report.seed)).toEqual([null, 7]);
  expect(textsOf(recipe)).toEqual([{ name: 'prompt', text: 'a red apple' }]);
  expect(filesOf(recipe)).toEqual([{ name: 'mask', hash: 'a'.repeat(64), mediaType: 'image/png', sizeBytes: 900 }]);
});

test('the prompts of a walk are texts too, also those written into the chain', () => {
  const walk = resolveChain({ steps: [{ task: 'latent-walk', parameters: { keyframes: [{ prompt: 'an owl' }, { picture: 0 }] } }] });
  expect(textsOf({ ...recipe, chain: walk, inputs: {} })).toEqual([{ name: 'Keyframe 1', text: 'an owl' }]);
  const written = resolveChain({ steps: [{ task: 'text-to-image', inputs: { prompt: { text: 'a castle' } } }] });
  expect(textsOf({ ...recipe, chain: written, inputs: {} })).toEqual([{ name: 'prompt', text: 'a castle' }]);
});
