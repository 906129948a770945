import { newId, type RunId, type RunView } from '@atelier/protocol';
import { expect, test } from 'vitest';
import { endWords, longSeconds } from './run-end.ts';

const id = newId<RunId>();
const run = (state: RunView['state'], seconds: number | null): Parameters<typeof endWords>[0] => ({
  id,
  name: 'a red apple',
  state,
  createdAt: '2026-11-28T10:00:00.000Z',
  endedAt: seconds === null ? null : new Date(Date.parse('2026-11-28T10:00:00.000Z') + seconds * 1000).toISOString(),
  error: state === 'failed' ? { code: 'step-failed', message: 'text-to-image: It did not work.' } : null,
});
const none = { asked: [] };

test('a long run that ended is told by its name, and why where it failed', () => {
  expect(endWords(run('succeeded', 80), none)).toEqual({ title: 'Done · a red apple', body: 'It took 1 min 20 s.' });
  expect(endWords(run('failed', 80), none)).toEqual({ title: 'Failed · a red apple', body: 'text-to-image: It did not work.' });
});

test('a quick run is told only to whoever asked for it', () => {
  expect(endWords(run('succeeded', longSeconds - 1), none)).toBeNull();
  expect(endWords(run('succeeded', longSeconds), none)).not.toBeNull();
  expect(endWords(run('succeeded', 1), { asked: [id] })).not.toBeNull();
});

test('a run that goes on, waits, or was stopped by hand is not told', () => {
  for (const state of ['running', 'paused', 'planning'] as const) expect(endWords(run(state, null), { asked: [id] })).toBeNull();
  expect(endWords(run('cancelled', 80), { asked: [id] })).toBeNull();
});
