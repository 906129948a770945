import { EventEmitter } from 'node:events';
import { expect, test } from 'vitest';
import { interruptible } from './interrupt.ts';

function watched(cancelFirst: boolean) {
  const signals = new EventEmitter();
  const notes: string[] = [];
  let cancelled = 0;
  let finish: () => void = () => undefined;
  const ended = interruptible(
    (signal) =>
      new Promise<string>((resolve) => {
        finish = () => resolve('ended');
        signal.addEventListener('abort', () => resolve('left'));
      }),
    {
      runId: 'r1',
      cancelFirst,
      graceMs: 30,
      signals,
      terminal: { note: (line) => void notes.push(line) },
      cancel: async () => {
        cancelled += 1;
        finish();
      },
    },
  );
  return { press: () => signals.emit('SIGINT'), ended, notes, cancelled: () => cancelled, finish: () => finish() };
}

test('one Ctrl-C detaches, says so, and cancels nothing', async () => {
  const run = watched(false);
  run.press();
  expect(await run.ended).toEqual({ result: 'left', interruption: 'detached' });
  expect(run.cancelled()).toBe(0);
  expect(run.notes[0]).toContain('Detached: run r1 goes on');
});

test('a second Ctrl-C right after cancels and says so', async () => {
  const run = watched(false);
  run.press();
  run.press();
  expect((await run.ended).interruption).toBe('cancelled');
  expect(run.cancelled()).toBe(1);
  expect(run.notes.at(-1)).toContain('Cancelled run r1');
});

test('with cancelling first, one Ctrl-C cancels', async () => {
  const run = watched(true);
  run.press();
  expect(await run.ended).toEqual({ result: 'ended', interruption: 'cancelled' });
});

test('a run that ends by itself is no interruption', async () => {
  const run = watched(false);
  run.finish();
  expect(await run.ended).toEqual({ result: 'ended', interruption: 'none' });
});
