import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { removeEmbeddedServer, startEmbeddedServer } from '@atelier/store';
import { afterAll, expect, test } from 'vitest';
import { createBells } from './bells.ts';

const dataFolder = await mkdtemp(path.join(tmpdir(), 'atelier-bells-'));
const server = await startEmbeddedServer(dataFolder);
const log = { warn: (fields: object, message: string) => console.warn(message, fields) };

afterAll(async () => {
  await removeEmbeddedServer(dataFolder);
  await rm(dataFolder, { recursive: true, force: true });
});

test('ringing twice for an attempt that still waits answers it once', async () => {
  const bells = await createBells({ databaseUrl: server.url, log });
  await bells.ring('twice', 'first', 0);
  await bells.ring('twice', 'first', 0);
  await bells.ring('twice', 'last', -1);
  const answered: string[] = [];
  const lastCame = Promise.withResolvers<void>();
  await bells.answer('twice', 1, async (attemptId) => {
    answered.push(attemptId);
    if (attemptId === 'last') lastCame.resolve();
  });
  await lastCame.promise;
  expect(answered).toEqual(['first', 'last']);
  await bells.close();
});

test('as many bells are answered at a time as the edge has slots, and no more', async () => {
  const bells = await createBells({ databaseUrl: server.url, log });
  let atOnce = 0;
  let most = 0;
  let done = 0;
  const all = Promise.withResolvers<void>();
  const both = Promise.withResolvers<void>();
  await bells.answer('slots', 2, async () => {
    atOnce += 1;
    most = Math.max(most, atOnce);
    if (atOnce === 2) both.resolve();
    await both.promise;
    await new Promise((resolve) => setImmediate(resolve));
    atOnce -= 1;
    done += 1;
    if (done === 12) all.resolve();
  });
  await Promise.all(Array.from({ length: 12 }, (_, index) => bells.ring('slots', `attempt-${index}`, 0)));
  await all.promise;
  expect(most).toBe(2);
  await bells.close();
});

test('a higher priority is answered first', async () => {
  const bells = await createBells({ databaseUrl: server.url, log });
  await bells.ring('priority', 'low', -5);
  await bells.ring('priority', 'high', 5);
  const answered: string[] = [];
  const both = Promise.withResolvers<void>();
  await bells.answer('priority', 1, async (attemptId) => {
    answered.push(attemptId);
    if (answered.length === 2) both.resolve();
  });
  await both.promise;
  expect(answered).toEqual(['high', 'low']);
  await bells.close();
});
