import { limits } from '@atelier/protocol';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { errorOf, joinEdge, keepAtWork, openEdge, type SocketEdge, type TestCoordinator, testCoordinator, testModel } from '../coordinator.test-support.ts';
import { countWatchers } from './watchers.ts';

let coordinator: TestCoordinator;
let edge: SocketEdge;

beforeAll(async () => {
  coordinator = await testCoordinator();
  edge = await openEdge(coordinator, await joinEdge(coordinator, 'Slow'), [testModel('slow', ['text-generation'])]);
  keepAtWork(edge);
});
afterAll(async () => {
  await edge.close();
  await coordinator.close();
});

test('one person more than the most event streams is refused with what to do, others are not, and a closed one makes room', async () => {
  const person = await coordinator.person('member');
  const body = { chain: 'text-generation', inputs: { input: { text: 'never' } } };
  const { id } = (await (await coordinator.call('/api/runs', { token: person.token, body })).json()) as { id: string };
  const watch = async (token: string) => {
    const stop = new AbortController();
    const answer = await fetch(`${coordinator.url}/api/runs/${id}/events`, { headers: { authorization: `Bearer ${token}` }, signal: stop.signal });
    return { answer, stop };
  };
  const open = await Promise.all(Array.from({ length: limits.eventStreamsPerPerson }, () => watch(person.token)));
  expect(open.map(({ answer }) => answer.status)).toEqual(open.map(() => 200));
  const over = await watch(person.token);
  expect(over.answer.status).toBe(429);
  expect(await errorOf(over.answer)).toMatchObject({ code: 'rate-limited', hint: expect.stringContaining('Close') });
  const other = await watch(coordinator.ownerToken);
  expect(other.answer.status).toBe(200);
  open[0]?.stop.abort();
  await expect.poll(async () => (await watch(person.token)).answer.status).toBe(200);
  for (const { stop } of [...open, other]) stop.abort();
});

test('all together have a bound, and leaving twice counts once', () => {
  const watchers = countWatchers();
  const leave = Array.from({ length: limits.eventStreams }, (_, index) => watchers.enter(`person ${index}`));
  expect(() => watchers.enter('one more')).toThrow(/most/);
  leave[0]?.();
  leave[0]?.();
  watchers.enter('one more');
  expect(() => watchers.enter('another')).toThrow(/most/);
});
