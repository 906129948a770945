import type { QueuedRun } from '@atelier/protocol';
import { expect, test } from 'vitest';
import { waitingWords } from './waiting-words.ts';

const queued = (state: QueuedRun['state'], place: number | null): QueuedRun => ({
  id: '1' as QueuedRun['id'],
  name: 'a red apple',
  state,
  place,
  priority: 0,
  personId: 'ada',
  personName: 'Ada',
  edges: [],
  seconds: 1,
});

test.each([
  [queued('running', null), null],
  [queued('waiting', 2), 'Waiting, 2nd in line'],
  [queued('waiting', 3), 'Waiting, 3rd in line'],
  [queued('waiting', 11), 'Waiting, 11th in line'],
  [queued('waiting', 21), 'Waiting, 21st in line'],
  [queued('waiting', null), 'Waiting for a machine'],
  [undefined, null],
])('%o is %s', (run, words) => {
  expect(waitingWords(run)).toBe(words);
});
