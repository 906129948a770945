import type { RunEvent, RunView, ShardView, StepView } from '@atelier/protocol';
import { expect, test } from 'vitest';
import { applyRunEvent, applyRunEvents, type WatchedRun } from './run-progress.ts';

const step = (id: string, state: StepView['state']) => ({ id, state }) as StepView;
const run = { state: 'running', steps: [step('draw', 'running'), step('film', 'waiting')] } as RunView;
const text = (attemptId: string, delta: string) => ({ kind: 'text', stepId: 'draw', attemptId, delta }) as RunEvent;
const after = (...events: RunEvent[]) => events.reduce<WatchedRun | null>((watched, event) => applyRunEvent(watched, event, 1000), null);

test('nothing is known before the snapshot', () => {
  expect(after(text('a', 'x'))).toBeNull();
});

test('a step event replaces that step and no other', () => {
  const watched = after({ kind: 'snapshot', run }, { kind: 'step', step: step('draw', 'succeeded') });
  expect(watched?.run.steps.map((one) => one.state)).toEqual(['succeeded', 'waiting']);
});

test('text of one attempt grows, and another attempt begins again', () => {
  const watched = after({ kind: 'snapshot', run }, text('a', 'red '), text('a', 'apple'));
  expect(watched?.live.draw?.text).toBe('red apple');
  expect(applyRunEvent(watched, text('b', 'a'), 0)?.live.draw?.text).toBe('a');
});

test('a second snapshot keeps the preview on show', () => {
  const preview = { kind: 'preview', stepId: 'draw', attemptId: 'a', mediaType: 'image/png', base64: 'AA==' } as RunEvent;
  expect(after({ kind: 'snapshot', run }, preview, { kind: 'snapshot', run })?.live.draw?.preview).toBe('data:image/png;base64,AA==');
});

test('the end closes the run with its last state', () => {
  expect(after({ kind: 'snapshot', run }, { kind: 'ended', state: 'failed' })).toMatchObject({ ended: 'failed', run: { state: 'failed' } });
});

const frames: StepView = {
  ...step('walk', 'running'),
  attempts: [{ id: 'a', shard: 2 }] as unknown as StepView['attempts'],
  shards: { total: 3, done: 0, each: [0, 1, 2].map((index) => ({ index, state: 'waiting', edgeId: null, outputId: null })) },
};
const walk = { state: 'running', steps: [frames] } as RunView;
const moved = (index: number, state: ShardView['state'], done = 0) =>
  ({ kind: 'shard', stepId: 'walk', shard: { index, state, edgeId: 'e', outputId: null }, done, total: 3 }) as unknown as RunEvent;
const states = (watched: WatchedRun | null) => watched?.run.steps[0]?.shards?.each.map((shard) => shard.state);

test('a shard that moves changes itself alone, and the count comes with it', () => {
  const watched = after({ kind: 'snapshot', run: walk }, moved(2, 'running'), moved(0, 'succeeded', 1));
  expect(states(watched)).toEqual(['succeeded', 'waiting', 'running']);
  expect(watched?.run.steps[0]?.shards?.done).toBe(1);
});

test('events that come together give what they give one by one', () => {
  const events: RunEvent[] = [
    { kind: 'snapshot', run: walk },
    moved(2, 'running'),
    { kind: 'preview', stepId: 'walk', attemptId: 'a', mediaType: 'image/png', base64: 'AA==' } as RunEvent,
    moved(1, 'queued'),
    moved(1, 'running'),
    moved(2, 'succeeded', 1),
    { kind: 'ended', state: 'cancelled' },
  ];
  expect(applyRunEvents(null, events, 1000)).toEqual(after(...events));
  expect(applyRunEvents(null, [moved(0, 'running')], 0)).toBeNull();
});

test('a preview goes to the shard of its attempt, and goes when that shard is done', () => {
  const preview = (more: object) =>
    ({ kind: 'preview', stepId: 'walk', attemptId: 'a', mediaType: 'image/png', base64: 'AA==', ...more }) as unknown as RunEvent;
  const watched = after({ kind: 'snapshot', run: walk }, preview({}), preview({ attemptId: 'b', shard: 1 }), preview({ attemptId: 'unknown' }));
  expect(Object.keys(watched?.shards.walk ?? {})).toEqual(['1', '2']);
  expect(Object.keys(applyRunEvent(watched, moved(2, 'succeeded', 1), 0)?.shards.walk ?? {})).toEqual(['1']);
});

test('a step whose shards were not seen yet gets them with the first that moves', () => {
  const bare = { state: 'running', steps: [{ ...frames, shards: null }] } as unknown as RunView;
  expect(states(after({ kind: 'snapshot', run: bare }, moved(1, 'running')))).toEqual(['waiting', 'running', 'waiting']);
});
