import { NewRun, type RunView } from '@atelier/protocol';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { type TestEdge, type TestStudio, testStudio, textModel } from '../studio.test-support.ts';

const text = NewRun.parse({ chain: 'text-generation', inputs: { input: { text: 'a' } }, fresh: true });
const ended = (run: RunView) => ['succeeded', 'failed', 'cancelled'].includes(run.state);

let studio: TestStudio;
let edge: TestEdge;

beforeAll(async () => {
  studio = await testStudio();
});
beforeEach(async () => {
  edge = await studio.addEdge('Server1', [textModel('writer', ['text-generation'])], 1);
  edge.behave = () => undefined;
});
afterEach(async () => {
  for (const run of await studio.core.runs.list(studio.owner, { limit: 200 })) await studio.core.runs.cancel(studio.owner, run.id);
  await studio.core.edges.revoke(edge.id);
});
afterAll(() => studio.close());

/** Starts runs one after the other; the first of them takes the only slot. */
async function started(viewers: ReadonlyArray<TestStudio['member']>): Promise<RunView[]> {
  const runs: RunView[] = [];
  for (const viewer of viewers) {
    runs.push(await studio.core.runs.create(viewer, text, {}));
    if (runs.length === 1) await edge.next('work');
  }
  return runs;
}

/** Lets the edge work, and tells in which order it was given the runs. */
async function worked(runs: readonly RunView[]): Promise<string[]> {
  edge.behave = (order) => edge.succeed(order);
  await edge.succeed(edge.orders[0] as never);
  for (const run of runs) await studio.runUntil(run.id, ended);
  return edge.orders.map((order) => order.runId);
}

test('a run that was put before another one starts before it, also after a restart', async () => {
  const runs = await started([studio.member, studio.member, studio.member, studio.member]);
  const [first, second, third, fourth] = runs.map((run) => run.id) as [never, never, never, never];
  await studio.core.runs.move(studio.member, { id: fourth, before: second });
  const queue = await studio.core.runs.move(studio.member, { id: second, before: null });
  expect(queue.runs.map((run) => run.id)).toEqual([first, fourth, third, second]);
  expect(queue.runs.map((run) => run.place)).toEqual([null, 2, 3, 4]);
  await studio.restart();
  await edge.connect(edge.orders);
  expect(await worked(runs)).toEqual([first, fourth, third, second]);
});

test('whoever orders their own runs gets nobody else’s turn', async () => {
  const runs = await started([studio.member, studio.member, studio.other, studio.member]);
  const [first, second, others, fourth] = runs.map((run) => run.id) as [never, never, never, never];
  await studio.core.runs.move(studio.member, { id: fourth, before: first });
  await studio.core.runs.move(studio.member, { id: fourth, before: second });
  expect((await studio.core.runs.queue(studio.owner)).runs.map((run) => run.id)).toEqual([first, fourth, others, second]);
  expect(await worked(runs)).toEqual([first, fourth, others, second]);
});

test('a member sees and moves their own runs alone, and is told how many are ahead', async () => {
  const [first, mine] = (await started([studio.member, studio.other])) as [RunView, RunView];
  const queue = await studio.core.runs.queue(studio.other);
  expect(queue.runs.map(({ id, place }) => [id, place])).toEqual([[mine.id, 2]]);
  await expect(studio.core.runs.move(studio.other, { id: first.id, before: null })).rejects.toMatchObject({ code: 'not-found' });
  await expect(studio.core.runs.move(studio.other, { id: mine.id, before: first.id })).rejects.toMatchObject({ code: 'not-found' });
  await expect(studio.core.runs.move(studio.owner, { id: mine.id, before: first.id })).rejects.toMatchObject({ code: 'conflict' });
});

test('a run that has ended cannot be moved', async () => {
  const [first, second] = (await started([studio.member, studio.member])) as [RunView, RunView];
  await studio.core.runs.cancel(studio.member, second.id);
  await expect(studio.core.runs.move(studio.member, { id: second.id, before: first.id })).rejects.toMatchObject({ code: 'conflict' });
});
