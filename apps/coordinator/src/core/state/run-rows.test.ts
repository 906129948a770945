import { newId, type RunId } from '@atelier/protocol';
import { beginRun } from '@atelier/runs';
import { expect, test } from 'vitest';
import type { LoadedRun } from './loaded-run.ts';
import { RunStates } from './run-rows.ts';

function walkOf(shards: number): LoadedRun {
  const id = newId<RunId>();
  const machine = beginRun([{ id: 'walk', reads: [], shards, done: false }]);
  const row = { task: 'latent-walk', parameters: {}, inputs: {}, work: 1, dimensions: {}, predictedSeconds: 0, sharing: [] };
  const nothing = { attempts: new Map(), facts: new Map() };
  return { id, userId: 'somebody', priority: 0, fresh: false, error: null, version: 1, machine, steps: new Map([['walk', row]]), ...nothing };
}

test('runs are kept in memory up to a number of shards, those that were used last, and the newest however large it is', () => {
  const states = new RunStates(1_000);
  const kept = (runs: LoadedRun[]) => runs.map((run) => states.stepOf(run.id, 'walk') !== undefined);
  const [a, b, c, large] = [walkOf(400), walkOf(400), walkOf(400), walkOf(5_000)] as const;
  for (const run of [a, b, a, c]) states.keep(run, false);
  expect(kept([a, b, c])).toEqual([true, false, true]);
  states.keep(a, true);
  states.keep(b, false);
  expect(kept([a, b, c])).toEqual([false, true, true]);
  states.keep(large, false);
  expect(kept([b, c, large])).toEqual([false, false, true]);
  states.keep(b, false);
  expect(kept([b, large])).toEqual([true, false]);
});
