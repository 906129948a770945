import { NewRun } from '@atelier/protocol';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type TestEdge, type TestStudio, testStudio, textModel } from '../studio.test-support.ts';

let studio: TestStudio;
let edge: TestEdge;

beforeAll(async () => {
  studio = await testStudio();
  edge = await studio.addEdge('Only', undefined, 1);
});
afterAll(() => studio.close());

const ask = (text: string, more: Partial<NewRun> = {}) =>
  studio.core.runs.create(studio.member, { ...NewRun.parse({ chain: 'text-generation', inputs: { input: { text } } }), ...more }, {});

test('of three runs on one slot one runs and two wait, each with its place, its prompt as its name, and a time that grows', async () => {
  edge.behave = () => undefined;
  const first = await ask('a red apple');
  await edge.next('work');
  const second = await ask('a green pear');
  const third = await ask('a blue plum');
  const urgent = await ask('a yellow fig', { priority: 10 });
  const queue = await studio.core.runs.queue(studio.member);
  expect(queue.runs.map(({ id, name, state, place, edges }) => ({ id, name, state, place, edges }))).toEqual([
    { id: first.id, name: 'a red apple', state: 'running', place: null, edges: ['Only'] },
    { id: urgent.id, name: 'a yellow fig', state: 'waiting', place: 2, edges: ['Only'] },
    { id: second.id, name: 'a green pear', state: 'waiting', place: 3, edges: ['Only'] },
    { id: third.id, name: 'a blue plum', state: 'waiting', place: 4, edges: ['Only'] },
  ]);
  expect([queue.running, queue.waiting]).toEqual([1, 3]);
  const seconds = queue.runs.map((run) => run.seconds ?? Number.NaN);
  expect(seconds).toEqual(seconds.toSorted((a, b) => a - b));
  expect(queue.seconds).toBe(seconds.at(-1));
  await studio.core.runs.pause(studio.member, third.id);
  const paused = await studio.core.runs.queue(studio.member);
  expect(paused.runs.at(-1)).toMatchObject({ id: third.id, state: 'paused', seconds: null });
  expect((await studio.core.runs.queue(studio.other)).runs).toEqual([]);
  for (const run of [first, second, third, urgent]) await studio.core.runs.cancel(studio.member, run.id);
  expect(await studio.core.runs.queue(studio.member)).toEqual({ running: 0, waiting: 0, seconds: 0, runs: [] });
});

test('a batch of many images is one run to wait for, and what waits behind it waits for all of it', async () => {
  const painter = await studio.addEdge('Painter', [textModel('painter', ['text-to-image'])], 1);
  painter.behave = () => undefined;
  const draw = (text: string) =>
    studio.core.runs.create(studio.member, NewRun.parse({ chain: 'text-to-image', inputs: { input: { text } }, set: { count: 4 } }), {});
  const first = await draw('a lake');
  await painter.next('work');
  const others = [await draw('a wood'), await draw('a field')];
  const { runs } = await studio.core.runs.queue(studio.member);
  expect(runs.map(({ id, place }) => [id, place])).toEqual([
    [first.id, null],
    [others[0]?.id, 2],
    [others[1]?.id, 3],
  ]);
  const seconds = runs.map((run) => run.seconds ?? Number.NaN);
  expect(seconds[1]).toBeGreaterThan(0);
  expect(seconds[2]).toBeGreaterThan(seconds[1] as number);
  for (const run of [first, ...others]) await studio.core.runs.cancel(studio.member, run.id);
});
