import { limits, newId, type RunId } from '@atelier/protocol';
import { expect, test } from 'vitest';
import { readNotice, writeNotice } from './notices.ts';

const from = newId<string>();
const runId = newId<RunId>();

test('a notice is read as it was written', () => {
  const notice = { kind: 'run', runId, version: 3, steps: ['a'], resting: [['walk', 12]] } as const;
  expect(readNotice(writeNotice(from, { ...notice, steps: ['a'], resting: [['walk', 12]] }))).toEqual({ from, notice });
});

test('a run of very many steps is told as one to look at whole, within the bound of a notice', () => {
  const steps = Array.from({ length: 2_000 }, (_, index) => `step-${index}`);
  const text = writeNotice(from, { kind: 'run', runId, version: 3, steps, resting: [] });
  expect(Buffer.byteLength(text)).toBeLessThanOrEqual(limits.noticeBytes);
  expect(readNotice(text)?.notice).toEqual({ kind: 'run', runId, version: 3, steps: null, resting: [] });
});

test.each([
  '',
  'null',
  '{',
  '[]',
  '{"from":"x"}',
  JSON.stringify({ from, notice: { kind: 'later' } }),
  JSON.stringify({ from, notice: { kind: 'edge', edgeId: '..' } }),
])('what is no notice is none: %s', (text) => expect(readNotice(text)).toBeUndefined());
