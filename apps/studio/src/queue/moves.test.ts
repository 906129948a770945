import type { QueuedRun } from '@atelier/protocol';
import { expect, test } from 'vitest';
import { movesOf } from './moves.ts';

const run = (id: string, more: Partial<QueuedRun> = {}) =>
  ({ id, name: id, state: 'waiting', place: 2, priority: 0, personId: 'ada', personName: 'Ada', edges: [], seconds: 1, ...more }) as QueuedRun;

test('a waiting run moves by one or to the front, and the last one no further down', () => {
  const runs = [run('r', { state: 'running' }), run('a'), run('b'), run('c')];
  const moves = (id: string) => movesOf(runs, runs.find((one) => one.id === id) as QueuedRun);
  expect(moves('r')).toEqual({});
  expect(moves('a')).toEqual({ down: 'c' });
  expect(moves('b')).toEqual({ front: 'a', up: 'a', down: null });
  expect(moves('c')).toEqual({ front: 'a', up: 'b' });
});

test('runs of other people and other priorities are passed over', () => {
  const mine = run('mine');
  const runs = [run('first'), run('urgent', { priority: 5 }), run('bob', { personId: 'bob' }), mine];
  expect(movesOf(runs, mine)).toEqual({ front: 'first', up: 'first' });
  expect(movesOf([run('bob', { personId: 'bob' }), mine], mine)).toEqual({});
});
