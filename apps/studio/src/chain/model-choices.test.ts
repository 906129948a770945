import type { ModelView } from '@atelier/protocol';
import { expect, test } from 'vitest';
import { modelChoices } from './model-choices.ts';

const model = (id: string, tasks: string[], edges: Array<[name: string, state: string]>) =>
  ({ manifest: { id, title: id.toUpperCase(), tasks }, edges: edges.map(([edgeName, state]) => ({ edgeName, state })) }) as unknown as ModelView;
const models = [
  model('away', ['draw'], []),
  model('pulling', ['draw'], [['one', 'pulling']]),
  model(
    'here',
    ['draw', 'write'],
    [
      ['one', 'ready'],
      ['two', 'ready'],
      ['three', 'pulling'],
    ],
  ),
  model('other', ['write'], [['one', 'ready']]),
];

test('models that serve the task are told with the machines where they are ready, those that are nowhere last', () => {
  expect(modelChoices(models, 'draw', undefined)).toEqual([
    { value: 'here', label: 'HERE · on one and two' },
    { value: 'away', label: 'AWAY · on no machine yet' },
    { value: 'pulling', label: 'PULLING · on no machine yet' },
  ]);
});

test('a model that a pasted chain names stays chosen though the studio does not know it', () => {
  expect(modelChoices(models, 'draw', 'gone').at(-1)).toEqual({ value: 'gone', label: 'gone · not in this studio' });
  expect(modelChoices(models, 'draw', 'away')).toHaveLength(3);
});
