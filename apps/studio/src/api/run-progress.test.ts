import type { RunEvent, RunView, StepView } from '@atelier/protocol';
import { expect, test } from 'vitest';
import { applyRunEvent, type WatchedRun } from './run-progress.ts';

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

test('text of one attempt grows, and another attempt begins anew', () => {
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
