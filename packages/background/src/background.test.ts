import { EventEmitter } from 'node:events';
import { expect, test } from 'vitest';
import { guarded, inBackground } from './index.ts';

function listeningLog() {
  const told = Promise.withResolvers<string>();
  return { told: told.promise, error: ({ err }: { err: unknown }, message: string) => told.resolve(`${message}: ${(err as Error).message}`) };
}

test('a listener that throws is logged, and the emitter goes on to the next one', async () => {
  const log = listeningLog();
  const emitter = new EventEmitter();
  const heard: unknown[] = [];
  emitter.on(
    'message',
    guarded(log, 'not read', (text: string) => heard.push(JSON.parse(text))),
  );
  emitter.on('message', (text: string) => heard.push(text.length));
  emitter.emit('message', '{');
  expect(heard).toEqual([1]);
  expect(await log.told).toMatch(/^not read: .*JSON/);
});

test('a listener whose promise is rejected is logged', async () => {
  const log = listeningLog();
  guarded(log, 'not measured', async () => {
    throw new Error('no such disk');
  })();
  expect(await log.told).toBe('not measured: no such disk');
});

test('work in the background that fails is logged', async () => {
  const log = listeningLog();
  inBackground(log, 'not swept', Promise.reject(new Error('away')));
  expect(await log.told).toBe('not swept: away');
});
