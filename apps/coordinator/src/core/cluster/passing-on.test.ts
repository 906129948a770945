import { limits, newId, type RunId } from '@atelier/protocol';
import { beforeEach, expect, test } from 'vitest';
import type { Notification } from './notifications.ts';
import { PassingOn } from './passing-on.ts';

const runId = newId<RunId>();
const attempt = (attemptId: string) => ({ runId, stepId: 'a', shard: 0, attemptId, fraction: 0.5, remainingSeconds: null });
const believedMs = 10_000;
let now = 0;
let told: string[] = [];
let alive = true;
let passing: PassingOn;

beforeEach(() => {
  now = 1;
  told = [];
  alive = true;
  const tellLater = (notification: Notification, to?: string) => void told.push(`${notification.kind} to ${to}`);
  passing = new PassingOn({ tellLater, isOther: (id): id is string => id !== null && alive }, believedMs, () => now);
});

test('progress goes only to coordinators at which its run is watched, for as long as they say so and live', () => {
  passing.progress(attempt('x'));
  passing.watched([runId], 'B');
  passing.progress(attempt('y'));
  expect(told).toEqual(['progress to B']);
  now += believedMs + 1;
  passing.progress(attempt('z'));
  passing.watched([runId], 'B');
  alive = false;
  passing.progress(attempt('z'));
  expect(told).toHaveLength(1);
});

test('however much an edge says, few of it are passed on in a second', () => {
  passing.watched([runId], 'B');
  for (let count = 0; count < 1_000; count += 1) passing.progress(attempt('x'));
  expect(told).toHaveLength(1);
  for (let count = 0; count < 1_000; count += 1) passing.progress(attempt(`${count}`));
  expect(told).toHaveLength(limits.progressPassedOn.inAll);
  now += 1_000;
  passing.progress(attempt('x'));
  expect(told).toHaveLength(limits.progressPassedOn.inAll + 1);
});
