import { limits, newId, type RunId } from '@atelier/protocol';
import { expect, test } from 'vitest';
import { readNotification, writeNotification } from './notifications.ts';

const from = newId<string>();
const runId = newId<RunId>();

test('a notification is read as it was written', () => {
  const notification = { kind: 'run', runId, version: 3, steps: ['a'], resting: [['walk', 12]] } as const;
  expect(readNotification(writeNotification(from, { ...notification, steps: ['a'], resting: [['walk', 12]] }))).toEqual({ from, notification });
});

test('a run of very many steps is told as one to look at whole, within the bound of a notification', () => {
  const steps = Array.from({ length: 2_000 }, (_, index) => `step-${index}`);
  const text = writeNotification(from, { kind: 'run', runId, version: 3, steps, resting: [] });
  expect(Buffer.byteLength(text)).toBeLessThanOrEqual(limits.notificationBytes);
  expect(readNotification(text)?.notification).toEqual({ kind: 'run', runId, version: 3, steps: null, resting: [] });
});

test.each([
  '',
  'null',
  '{',
  '[]',
  '{"from":"x"}',
  JSON.stringify({ from, notification: { kind: 'later' } }),
  JSON.stringify({ from, notification: { kind: 'edge', edgeId: '..' } }),
])('what is no notification is none: %s', (text) => expect(readNotification(text)).toBeUndefined());
