import { modalities, type TaskView } from '@atelier/protocol';
import { Puzzle } from 'lucide-react';
import { expect, test } from 'vitest';
import type { Family, Load } from './family.ts';
import { inputViewsOf, loadsOf, placesOf, registryOf, runPageOf, usesOf, viewsOf } from './registry.ts';

const drawn: Load<object> = async () => ({ Component: () => null });
const puzzle: Family = {
  name: 'puzzle',
  tasks: { jigsaw: { result: drawn, parameters: { pieces: drawn }, runPage: { path: (id) => `/puzzles/${id}`, view: 'View puzzle', icon: Puzzle } } },
  inputs: [{ fits: (_, port) => port === 'board', title: 'Board', input: drawn }],
  place: { path: '/puzzles', name: 'Puzzles', icon: Puzzle, key: 'p' },
  pages: [{ path: '/puzzles', page: drawn }],
  uses: [{ modality: 'image', title: 'A puzzle', hint: 'Cut it.', icon: Puzzle, makes: 'image', path: (id) => `/puzzles?image=${id}` }],
};

test('a family is found by its task, its ports and what its uses take; a task of no family brings nothing', () => {
  const registry = registryOf([puzzle]);
  expect(viewsOf(registry, 'jigsaw').result).toBe(drawn);
  expect([viewsOf(registry, 'text-to-image'), viewsOf(registry, undefined), viewsOf(registry, 'constructor')]).toEqual([{}, {}, {}]);
  const task = { name: 'other', inputs: {} } as unknown as TaskView;
  expect([inputViewsOf(registry, task, 'board')?.title, inputViewsOf(registry, task, 'image')]).toEqual(['Board', undefined]);
  expect(modalities.filter((modality) => usesOf(registry, modality).length > 0)).toEqual(['image']);
  expect(placesOf(registry).map(({ name }) => name)).toEqual(['Puzzles']);
  expect(loadsOf(registry)).toHaveLength(3);
});

test('a run is seen on the page of its first task that has one, else on that of all runs', () => {
  const registry = registryOf([puzzle]);
  expect(runPageOf(registry, [{ task: 'text-to-image' }, { task: 'jigsaw' }])?.path('r1')).toBe('/puzzles/r1');
  expect(runPageOf(registry, [{ task: 'text-to-image' }])).toBeUndefined();
});

test('two families that bring the same task, page, key or name are refused', () => {
  const other: Family = { name: 'other' };
  const page = { path: '/puzzles', page: drawn };
  const place = { path: '/elsewhere', name: 'Elsewhere', icon: Puzzle, key: 'p' };
  expect(() => registryOf([puzzle, { ...other, tasks: { jigsaw: {} } }])).toThrow('The families puzzle and other both bring views of jigsaw.');
  expect(() => registryOf([puzzle, { ...other, pages: [page] }])).toThrow('both bring the page /puzzles');
  expect(() => registryOf([puzzle, { ...other, place }])).toThrow('both bring the key p');
  expect(() => registryOf([puzzle, puzzle])).toThrow('both bring the name puzzle');
});
