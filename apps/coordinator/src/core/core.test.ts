import { defineTask, GalleryQuery, NewRun, port, type RunView, registerTask } from '@atelier/protocol';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { z } from 'zod';
import { newKey, type TestEdge, type TestStudio, testStudio, textModel } from './studio.test-support.ts';

registerTask(
  defineTask({
    name: 'join-texts',
    title: 'Join texts',
    summary: 'Puts texts one after the other.',
    inputs: { texts: port('text', 'Texts', 'What to join.', { many: true }) },
    outputs: { text: port('text', 'Text', 'The whole.') },
    parameters: z.object({}),
  }),
);
const models = [textModel('writer', ['text-generation', 'join-texts'])];

let studio: TestStudio;
let edge: TestEdge;
const added: TestEdge[] = [];

beforeAll(async () => {
  studio = await testStudio();
});
beforeEach(async () => {
  edge = await another('Server1');
});
afterEach(async () => {
  for (const run of await studio.core.runs.list(studio.owner, { limit: 200 })) await studio.core.runs.cancel(studio.owner, run.id);
  for (const one of added.splice(0)) await studio.core.edges.revoke(one.id);
});
afterAll(() => studio.close());

/** An edge for one test: what another test left cannot reach it. */
async function another(name: string, slots = 2): Promise<TestEdge> {
  const one = await studio.addEdge(name, models, slots);
  added.push(one);
  return one;
}

const line = NewRun.parse({ chain: 'text-generation, text-generation', inputs: { input: { text: 'a red apple' } } });
const diamond = NewRun.parse({
  inputs: { prompt: { text: 'a red apple' } },
  chain: {
    steps: [
      { id: 'top', task: 'text-generation', inputs: { prompt: 'inputs.prompt' } },
      { id: 'left', task: 'text-generation', inputs: { prompt: 'top.text' } },
      { id: 'right', task: 'text-generation', inputs: { prompt: 'top.text' } },
      { id: 'join', task: 'join-texts', inputs: { texts: ['left.text', 'right.text'] } },
    ],
    inputs: { prompt: { modality: 'text' } },
  },
});

test('a run goes from its creation over every step to its end, and each result tells how it was made', async () => {
  const created = await studio.core.runs.create(studio.member, line, {});
  const run = await studio.runUntil(created.id, (view) => view.state === 'succeeded');
  expect(run.steps.map((step) => [step.state, step.attempts.length, step.outputs.length])).toEqual([
    ['succeeded', 1, 1],
    ['succeeded', 1, 1],
  ]);
  const [first, second] = run.steps;
  expect(second?.outputs[0]?.recipe.inputs).toEqual({ prompt: [first?.outputs[0]?.hash] });
  expect(first?.parameters.seed).toEqual(expect.any(Number));
  expect(edge.orders[0]?.inputs[0]?.tickets.map((ticket) => ticket.from)).toEqual(['coordinator']);
});

test('a diamond joins the results of both sides, each made once', async () => {
  const { id } = await studio.core.runs.create(studio.member, diamond, {});
  const run = await studio.runUntil(id, ended);
  expect(run.state).toBe('succeeded');
  expect(edge.orders.map((order) => order.stepId).sort()).toEqual(['join', 'left', 'right', 'top']);
  const join = edge.orders.find((order) => order.stepId === 'join');
  const made = (stepId: string) => run.steps.find((step) => step.id === stepId)?.outputs[0]?.hash;
  expect(join?.inputs.map((input) => [input.port, input.index, input.hash])).toEqual([
    ['texts', 0, made('left')],
    ['texts', 1, made('right')],
  ]);
});

test('concurrent posts with one key make one run, and the same key with another body is refused', async () => {
  const idempotencyKey = newKey();
  const runs = await Promise.all(Array.from({ length: 8 }, () => studio.core.runs.create(studio.member, line, { idempotencyKey })));
  expect(new Set(runs.map((run) => run.id)).size).toBe(1);
  const other = studio.core.runs.create(studio.member, { ...line, priority: 5 }, { idempotencyKey });
  await expect(other).rejects.toMatchObject({ code: 'conflict' });
  const stranger = await studio.core.runs.create(studio.other, line, { idempotencyKey });
  expect(stranger.id).not.toBe(runs[0]?.id);
});

test('a step that fails three times stops its run with the reason, and continue takes up where it stopped', async () => {
  edge.behave = (order) => (order.stepId === 'text-generation-2' ? edge.fail(order) : edge.succeed(order));
  const { id } = await studio.core.runs.create(studio.member, line, {});
  const failed = await studio.runUntil(id, ended);
  expect(failed.state).toBe('failed');
  expect(failed.error).toMatchObject({ code: 'step-failed', message: 'text-generation-2: It did not work.' });
  expect(failed.steps.map((step) => step.attempts.map((attempt) => attempt.state))).toEqual([['succeeded'], ['failed', 'failed', 'failed']]);
  edge.behave = (order) => edge.succeed(order);
  await studio.core.runs.continue(studio.member, id);
  const run = await studio.runUntil(id, ended);
  expect([run.state, run.error, run.steps[0]?.attempts.length]).toEqual(['succeeded', null, 1]);
});

test('damaged media is not tried three times', async () => {
  edge.behave = (order) => edge.fail(order, 'damaged-media');
  const { id } = await studio.core.runs.create(studio.member, line, {});
  const run = await studio.runUntil(id, ended);
  expect([run.state, run.steps[0]?.attempts.length]).toEqual(['failed', 1]);
});

test('a result that only a vanished edge had is made again elsewhere, once the edge counts as gone', async () => {
  edge.keepsResults = true;
  // It goes with the order of the next step, which it gets at once.
  edge.behave = async (order) => {
    if (order.stepId === 'text-generation') await edge.succeed(order);
    await edge.disconnect();
  };
  const { id } = await studio.core.runs.create(studio.member, line, {});
  await studio.runUntil(id, (run) => run.steps[0]?.state === 'succeeded');
  const second = await another('Server2');
  const run = await studio.runUntil(id, ended);
  expect(run.state).toBe('succeeded');
  expect(second.orders.map((order) => order.stepId)).toEqual(['text-generation', 'text-generation-2']);
  expect(run.steps.map((step) => [step.outputs.length, step.attempts.at(-1)?.edgeId])).toEqual([
    [1, second.id],
    [1, second.id],
  ]);
  const uploads = await studio.core.gallery.list(studio.member, GalleryQuery.parse({ uploads: true }));
  expect(uploads.items.filter((item) => item.stepId !== null)).toEqual([]);
});

test('texts with characters that a database does not keep are refused, wherever they stand', async () => {
  const written = (text: string) => ({ chain: { steps: [{ task: 'text-generation', inputs: { prompt: { text } } }] } });
  for (const text of ['a\u0000b', 'half \ud83c']) {
    const given = { chain: 'text-generation', inputs: { input: { text } } };
    for (const request of [given, written(text), { ...written('fine'), name: text }]) {
      await expect(studio.core.runs.create(studio.member, NewRun.parse(request), {})).rejects.toMatchObject({
        code: 'invalid-input',
        hint: expect.any(String),
      });
    }
  }
  const { id } = await studio.core.runs.create(studio.member, NewRun.parse(written('a whole \u{1f34e}, and \\u0000 as it is typed')), {});
  expect((await studio.runUntil(id, ended)).state).toBe('succeeded');
});

test('results and failures with characters that a database does not keep are committed without them', async () => {
  edge.behave = (order) => {
    if (order.stepId !== 'text-generation') return edge.fail(order, 'damaged-media');
    return edge.succeed(order, 'one\u0000two \ud83c');
  };
  edge.failureText = 'It\u0000 did not \udf4e work.';
  const { id } = await studio.core.runs.create(studio.member, { ...line, fresh: true }, {});
  const run = await studio.runUntil(id, ended);
  expect([run.state, run.error?.message, run.steps[1]?.attempts[0]?.log]).toEqual([
    'failed',
    'text-generation-2: It did not \ufffd work.',
    'a line of its log: It did not \ufffd work.',
  ]);
  const { rows } = await studio.database.pool.query('SELECT text FROM outputs WHERE id = $1', [run.steps[0]?.outputs[0]?.id]);
  expect(rows[0].text).toBe('onetwo \ufffd');
});

test('an artifact that the coordinator lacks is brought by an edge that has it', async () => {
  edge.keepsResults = true;
  const { id } = await studio.core.runs.create(studio.member, line, {});
  const run = await studio.runUntil(id, ended);
  const hash = run.steps[1]?.outputs[0]?.hash as string;
  expect([studio.core.bytes.awaits(edge.id, hash), await studio.artifacts.has(hash)]).toEqual([true, false]);
  edge.keepsResults = false;
  await edge.disconnect();
  await expect(studio.core.bytes.ensureStored(hash)).rejects.toMatchObject({ code: 'unavailable' });
  await edge.connect();
  await studio.core.bytes.ensureStored(hash);
  expect(await studio.artifacts.has(hash)).toBe(true);
});

test('at creation a step that nobody offers is an error that says what to pull', async () => {
  await studio.core.edges.revoke(edge.id);
  await expect(studio.core.runs.create(studio.member, line, {})).rejects.toMatchObject({ code: 'no-offer', hint: expect.stringContaining('writer') });
});

test('cancel stops a run in every state that it can be in, and does nothing after the end', async () => {
  edge.behave = () => undefined;
  const queued = await studio.core.runs.create(studio.member, line, {});
  const running = await studio.core.runs.create(studio.member, line, {});
  const alsoRunning = await studio.core.runs.create(studio.member, line, {});
  await edge.next('work', 1);
  const paused = await studio.core.runs.create(studio.member, line, {});
  await studio.core.runs.pause(studio.member, paused.id);
  for (const run of [queued, running, alsoRunning, paused]) {
    const cancelled = await studio.core.runs.cancel(studio.member, run.id);
    expect(cancelled.steps.map((step) => step.state)).toEqual(['cancelled', 'cancelled']);
    expect(cancelled.state).toBe('cancelled');
  }
  await edge.next('cancel', 1);
  edge.behave = (order) => edge.succeed(order);
  const done = await studio.core.runs.create(studio.member, line, {});
  await studio.runUntil(done.id, ended);
  expect((await studio.core.runs.cancel(studio.member, done.id)).state).toBe('succeeded');
});

test('a paused run starts nothing until it is resumed, and pausing twice is a conflict', async () => {
  edge.behave = () => undefined;
  const { id } = await studio.core.runs.create(studio.member, line, {});
  const { order } = await edge.next('work');
  await studio.core.runs.pause(studio.member, id);
  await expect(studio.core.runs.pause(studio.member, id)).rejects.toMatchObject({ code: 'conflict' });
  await edge.succeed(order);
  expect((await studio.core.runs.get(studio.member, id)).steps.map((step) => step.state)).toEqual(['succeeded', 'ready']);
  edge.behave = (next) => edge.succeed(next);
  await studio.core.runs.resume(studio.member, id);
  expect((await studio.runUntil(id, ended)).state).toBe('succeeded');
});

test('a member sees their own runs and outputs only, an owner all', async () => {
  const { id } = await studio.core.runs.create(studio.member, line, {});
  const run = await studio.runUntil(id, ended);
  const outputId = run.steps[0]?.outputs[0]?.id as never;
  expect((await studio.core.bytes.readable(studio.member, outputId)).name).toMatch(/^a-red-apple-[0-9a-z]{4}\.txt$/);
  await expect(studio.core.bytes.readable(studio.other, outputId)).rejects.toMatchObject({ code: 'not-found' });
  for (const call of ['get', 'cancel', 'pause'] as const) {
    await expect(studio.core.runs[call](studio.other, id)).rejects.toMatchObject({ code: 'not-found' });
  }
  const page = { limit: 50 };
  expect((await studio.core.runs.list(studio.owner, page)).map((summary) => summary.id)).toContain(id);
  expect((await studio.core.runs.list(studio.other, page)).map((summary) => summary.id)).not.toContain(id);
});

test('a list of runs is narrowed to those with a step of one task, each with the first result of its last step', async () => {
  const { id } = await studio.core.runs.create(studio.member, line, {});
  const run = await studio.runUntil(id, ended);
  const [summary] = await studio.core.runs.list(studio.member, { limit: 1, task: run.steps.at(-1)?.task });
  expect([summary?.id, summary?.lastOutput?.id]).toEqual([id, run.steps.at(-1)?.outputs[0]?.id]);
  expect(await studio.core.runs.list(studio.member, { limit: 50, task: 'automatic-speech-recognition' })).toEqual([]);
});

test('again from a step takes over what comes before it, and runs the rest with the changed parameter', async () => {
  const { id } = await studio.core.runs.create(studio.member, line, {});
  const first = await studio.runUntil(id, ended);
  const before = edge.orders.length;
  const again = await studio.core.runs.again(
    studio.member,
    {
      id,
      seed: 'same',
      fresh: false,
      fromStep: 'text-generation-2',
      set: { 'text-generation-2.maxTokens': 7 },
    },
    {},
  );
  const second = await studio.runUntil(again.id, ended);
  expect(second.state).toBe('succeeded');
  expect(second.steps.map((step) => [step.reused, step.parameters.maxTokens])).toEqual([
    [true, 64],
    [false, 7],
  ]);
  expect(second.steps[0]?.outputs[0]?.hash).toBe(first.steps[0]?.outputs[0]?.hash);
  expect(edge.orders.slice(before).map((order) => order.stepId)).toEqual(['text-generation-2']);
  expect(second.steps[1]?.parameters.seed).toBe(first.steps[1]?.parameters.seed);
});

test('again with one key, also at once, makes one run, and the same key with another body is refused', async () => {
  const { id } = await studio.core.runs.create(studio.member, line, {});
  await studio.runUntil(id, ended);
  const keyed = { idempotencyKey: newKey() };
  const request = { id, seed: 'new', fresh: false, set: {} } as const;
  const made = await Promise.all(Array.from({ length: 4 }, () => studio.core.runs.again(studio.member, request, keyed)));
  expect(new Set(made.map((run) => run.id)).size).toBe(1);
  expect(made[0]?.id).not.toBe(id);
  await expect(studio.core.runs.again(studio.member, { ...request, seed: 'same' }, keyed)).rejects.toMatchObject({ code: 'conflict' });
  await expect(studio.core.runs.create(studio.member, line, keyed)).rejects.toMatchObject({ code: 'conflict' });
});

test('again with new seeds draws new ones', async () => {
  const { id } = await studio.core.runs.create(studio.member, line, {});
  const first = await studio.runUntil(id, ended);
  const again = await studio.core.runs.again(studio.member, { id, seed: 'new', fresh: false, set: {} }, {});
  expect(again.steps[0]?.parameters.seed).not.toBe(first.steps[0]?.parameters.seed);
  await studio.runUntil(again.id, ended);
});

test('the events of a run open with a snapshot, pass previews on, and end with its end', async () => {
  const go = Promise.withResolvers<void>();
  edge.behave = async (order) => {
    await go.promise;
    const { attemptId, fence } = order;
    await edge.say({ kind: 'progress', attemptId, fence, fraction: 0.5, message: 'half' });
    await edge.say({ kind: 'text', attemptId, fence, delta: 'so ' });
    await edge.succeed(order);
  };
  const { id } = await studio.core.runs.create(studio.member, line, {});
  const kinds: string[] = [];
  for await (const event of studio.core.runs.watch(studio.member, id, AbortSignal.timeout(300_000))) {
    kinds.push(event.kind);
    go.resolve();
  }
  expect(kinds[0]).toBe('snapshot');
  expect(kinds.at(-1)).toBe('ended');
  expect(kinds).toEqual(expect.arrayContaining(['progress', 'text', 'step', 'run']));
});

test('a reader that never reads holds back neither the run nor other readers', async () => {
  const go = Promise.withResolvers<void>();
  edge.behave = async (order) => {
    await go.promise;
    for (let count = 0; count < 2_000; count += 1) {
      await edge.say({ kind: 'text', attemptId: order.attemptId, fence: order.fence, delta: 'x'.repeat(1000) });
    }
    await edge.succeed(order);
  };
  const { id } = await studio.core.runs.create(studio.member, line, {});
  const silent = studio.core.runs.watch(studio.member, id, AbortSignal.timeout(300_000))[Symbol.asyncIterator]();
  expect((await silent.next()).value.kind).toBe('snapshot');
  go.resolve();
  expect((await studio.runUntil(id, ended)).state).toBe('succeeded');
  let kept = 0;
  for (let event = await silent.next(); !event.done; event = await silent.next()) kept += 1;
  expect(kept).toBeLessThan(300);
});

function ended(run: RunView): boolean {
  return ['succeeded', 'failed', 'cancelled'].includes(run.state);
}
