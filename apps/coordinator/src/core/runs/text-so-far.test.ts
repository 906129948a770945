import { limits, newId, type RunEvent, type RunId } from '@atelier/protocol';
import { expect, test } from 'vitest';
import { RunFeed } from './feed.ts';
import { TextsSoFar } from './text-so-far.ts';

const runId = newId<RunId>();
const text = (delta: string, attemptId = 'one') => ({ kind: 'text', stepId: 'write', attemptId, delta }) as Extract<RunEvent, { kind: 'text' }>;

test('who begins to watch in the middle of a text hears all of it once, in its order', async () => {
  const events = new RunFeed();
  events.pass(runId, text('Good '));
  const stop = new AbortController();
  const run = { state: 'running' } as never;
  const reader = { whole: async () => run, changes: async () => ({ run, steps: [] }) };
  const watching = events.watch(runId, reader, stop.signal);
  const heard: RunEvent[] = [];
  heard.push((await watching.next()).value as RunEvent);
  events.pass(runId, text('morning'));
  events.pass(runId, text('.'));
  while (heard.filter(({ kind }) => kind === 'text').length < 3) heard.push((await watching.next()).value as RunEvent);
  expect(heard.map((event) => (event.kind === 'text' ? event.delta : event.kind))).toEqual(['snapshot', 'Good ', 'morning', '.']);
  stop.abort();
  await watching.return(undefined);
});

test('a text that is too long, and one that has ended, are not told again', () => {
  const texts = new TextsSoFar();
  texts.add(runId, text('x'.repeat(limits.textBytes)));
  expect(texts.of(runId)).toHaveLength(1);
  texts.add(runId, text('y'));
  texts.add(runId, text('z'));
  expect(texts.of(runId)).toEqual([]);
  texts.add(runId, text('fine', 'two'));
  expect(texts.of(runId)).toEqual([{ ...text('fine', 'two'), soFar: true }]);
  texts.forget(runId, 'two');
  texts.forget(runId, 'one');
  expect(texts.of(runId)).toEqual([]);
});
