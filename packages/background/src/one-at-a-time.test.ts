import { expect, test } from 'vitest';
import { OneAtATime } from './one-at-a-time.ts';

test('work about one thing waits for what came before it, also where that failed, and no other work does', async () => {
  const turns = new OneAtATime();
  const log: string[] = [];
  const gate = Promise.withResolvers<void>();
  const first = turns.run('ada', async () => {
    await gate.promise;
    log.push('ada 1');
    throw new Error('no');
  });
  const second = turns.run('ada', async () => void log.push('ada 2'));
  await turns.run('bob', async () => void log.push('bob'));
  gate.resolve();
  await expect(first).rejects.toThrow('no');
  await second;
  expect(log).toEqual(['bob', 'ada 1', 'ada 2']);
});
