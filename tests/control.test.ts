/** The lane to running steps, over the real API, edges and slots. Kills are in tests/faults/control-kills.test.ts. */
import type { RunView } from '@atelier/protocol';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { countOf } from './models/count.ts';
import { applied, beginCount, countByRecord, counted, countIn, countingStudio, eventOf, setSize } from './support/counters.ts';
import type { Studio } from './support/studio.ts';

let studio: Studio;

beforeAll(async () => {
  studio = countingStudio(['Only'], 2);
  await studio.start();
  await studio.offered('counter');
});

afterAll(async () => {
  await studio[Symbol.asyncDispose]();
});

const cancel = ({ id }: RunView) => studio.client.api.runs.cancel({ id });
const openEnd = { iterations: 1_000_000, everyMs: 2 };

test('a running step follows what it is told, in the order in which it was told, and comes to what its record says', async () => {
  const run = await beginCount(studio, { iterations: 400, everyMs: 10, size: 3 });
  await counted(studio, run.id);
  const told = await setSize(studio, run.id, 50);
  expect(told).toMatchObject({ number: 1, kind: 'size', value: { size: 50 }, state: 'sent', at: [] });
  for (const size of [-7, 12, 400]) await setSize(studio, run.id, size);
  await applied(studio, run.id, 1, 2, 3, 4);
  const ended = await studio.ended(run.id);
  const [step] = ended.steps;
  expect(step?.controls).toMatchObject({ total: 4, newest: [1, 2, 3, 4].map((number) => ({ number, state: 'applied' })) });
  const positions = (step?.controls?.newest ?? []).map(({ at }) => at[0]?.position ?? -1);
  expect(positions).toEqual(positions.toSorted((a, b) => a - b));
  expect(positions[0]).toBeGreaterThan(0);
  expect(await countIn(studio, ended)).toBe(countByRecord(step as never));
  expect(await countIn(studio, ended)).not.toBe(String(countOf({ iterations: 400, size: 3 }, [])));
});

test('a steered run that runs again comes to the same bytes, its recipe says how, and the result cache has nothing of it', async () => {
  const plain = { iterations: 150, everyMs: 5, size: 3 };
  const unsteered = await studio.ended((await beginCount(studio, plain)).id);
  const cached = await studio.ended((await beginCount(studio, plain)).id);
  expect(cached.steps[0]?.cached).toBe(1);
  const run = await beginCount(studio, plain, { fresh: true });
  await counted(studio, run.id);
  await setSize(studio, run.id, 77);
  await applied(studio, run.id, 1);
  const steered = await studio.ended(run.id);
  const position = steered.steps[0]?.controls?.newest[0]?.at[0]?.position;
  const [output] = steered.steps[0]?.outputs ?? [];
  expect(output?.recipe.controls).toEqual([{ at: position, kind: 'size', value: { size: 77 } }]);
  const again = await studio.ended((await studio.client.api.runs.again({ id: run.id })).id);
  expect([again.steps[0]?.cached, again.steps[0]?.outputs[0]?.hash]).toEqual([0, output?.hash]);
  expect(again.steps[0]?.controls?.newest).toMatchObject([{ state: 'applied', at: [{ shard: 0, position }] }]);
  // Without the controls the cache still has what was made without them.
  const later = await studio.ended((await beginCount(studio, plain)).id);
  expect([later.steps[0]?.cached, later.steps[0]?.outputs[0]?.hash]).toEqual([1, unsteered.steps[0]?.outputs[0]?.hash]);
  // The recipe makes it again, in whatever studio it is read.
  const { chain, controls } = await studio.client.api.gallery.recipe({ id: output?.id as never });
  expect(controls).toEqual({ count: [{ at: position, kind: 'size', value: { size: 77 } }] });
  const byRecipe = await studio.ended((await studio.client.api.runs.create({ chain, ...(controls && { controls }) })).id);
  expect(byRecipe.steps[0]?.outputs[0]?.hash).toBe(output?.hash);
});

test('every part of a shared step is told, and each comes to what its own record says', async () => {
  const run = await beginCount(studio, { iterations: 150, everyMs: 10, parts: 3 });
  await counted(studio, run.id);
  await setSize(studio, run.id, 9);
  const ended = await studio.ended(run.id);
  const at = ended.steps[0]?.controls?.newest[0]?.at ?? [];
  expect(at.map(({ shard }) => shard)).toEqual([0, 1, 2]);
  // The third began when one of the others had ended: it was told before its first iteration.
  expect(at[2]?.position).toBe(0);
  for (const shard of [0, 1, 2]) expect(await countIn(studio, ended, shard)).toBe(countByRecord(ended.steps[0] as never, shard));
  const again = await studio.ended((await studio.client.api.runs.again({ id: run.id })).id);
  expect(again.steps[0]?.outputs.map(({ hash }) => hash)).toEqual(ended.steps[0]?.outputs.map(({ hash }) => hash));
});

test('a number makes a control repeatable; another content or a gap names the next number', async () => {
  const run = await beginCount(studio, openEnd);
  await counted(studio, run.id);
  const first = await setSize(studio, run.id, 5, 1);
  expect((await setSize(studio, run.id, 5, 1)).createdAt).toBe(first.createdAt);
  await expect(setSize(studio, run.id, 6, 1)).rejects.toMatchObject({ code: 'conflict', hint: expect.stringContaining('next number is 2') });
  await expect(setSize(studio, run.id, 6, 3)).rejects.toMatchObject({ code: 'conflict', hint: expect.stringContaining('next number is 2') });
  const racing = await Promise.allSettled([7, 8, 9].map((size) => setSize(studio, run.id, size, 2)));
  expect(racing.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
  const unnumbered = await Promise.all([1, 2, 3, 4].map((size) => setSize(studio, run.id, size)));
  expect(unnumbered.map(({ number }) => number).sort()).toEqual([3, 4, 5, 6]);
  await cancel(run);
  // Sent again after the end, it is answered as before; a new one is refused.
  expect((await setSize(studio, run.id, 5, 1)).number).toBe(1);
  await expect(setSize(studio, run.id, 5)).rejects.toMatchObject({ code: 'conflict', message: expect.stringContaining('cancelled') });
});

test('bad controls get clear errors, and the step goes on', async () => {
  const run = await beginCount(studio, openEnd);
  await counted(studio, run.id);
  const send = (kind: string, value: Record<string, unknown>, stepId = 'count') => studio.client.api.runs.control({ id: run.id, stepId, kind, value });
  await expect(send('colour', {})).rejects.toMatchObject({ code: 'invalid-input', hint: expect.stringContaining('size, nothing') });
  await expect(send('size', { size: 5000 })).rejects.toMatchObject({ code: 'parameter-out-of-bounds', message: expect.stringContaining('counter.size.size') });
  await expect(send('size', { size: 'much' })).rejects.toMatchObject({ code: 'invalid-input' });
  await expect(send('size', { size: 5, pace: 1 })).rejects.toMatchObject({ code: 'invalid-input', message: expect.stringContaining('"pace"') });
  await expect(send('size', { size: 5 }, 'paint')).rejects.toMatchObject({ code: 'not-found', message: expect.stringContaining('no step "paint"') });
  await expect(send('size', { text: 'x'.repeat(10_000) })).rejects.toMatchObject({ code: 'too-large' });
  const elsewhere = studio.client.api.runs.control({ id: '019300aa-0000-7000-8000-000000000000' as never, stepId: 'count', kind: 'size', value: { size: 1 } });
  await expect(elsewhere).rejects.toMatchObject({ code: 'not-found' });
  const before = await counted(studio, run.id, 10);
  expect(before.kind).toBe('progress');
  await cancel(run);
});

test('a step that waits cannot be told anything yet', async () => {
  const steps = [
    { id: 'first', task: 'counter', parameters: openEnd },
    { id: 'count', task: 'counter', parameters: openEnd, inputs: { text: 'first.text' } },
  ];
  const run = await studio.client.api.runs.create({ chain: { steps } });
  await eventOf(studio, run.id, 'progress', ({ kind }) => kind === 'progress');
  await expect(setSize(studio, run.id, 5)).rejects.toMatchObject({ code: 'conflict', message: expect.stringContaining('is waiting') });
  await cancel(run);
});

test('ten thousand controls in a second are bounded, which is said, and the step and the studio go on', async () => {
  const run = await beginCount(studio, openEnd);
  await counted(studio, run.id);
  const { pid } = studio;
  const answers: string[] = [];
  const sent = Array.from({ length: 10_000 }, (_, index) => index);
  const send = async () => {
    for (let next = sent.pop(); next !== undefined; next = sent.pop()) {
      answers.push(
        await setSize(studio, run.id, next % 1000).then(
          () => 'accepted',
          (error: { code: string }) => error.code,
        ),
      );
    }
  };
  await Promise.all(Array.from({ length: 16 }, send));
  expect([...new Set(answers)].filter((answer) => !['accepted', 'rate-limited', 'too-large'].includes(answer))).toEqual([]);
  expect(answers.filter((answer) => answer === 'rate-limited').length).toBeGreaterThan(5000);
  const { steps } = await studio.client.api.runs.get({ id: run.id });
  const { total = 0, newest = [] } = steps[0]?.controls ?? {};
  expect([total, newest.length]).toEqual([answers.filter((answer) => answer === 'accepted').length, 100]);
  await applied(studio, run.id, total);
  expect(studio.pid).toBe(pid);
  await cancel(run);
});

test('the command line tells a running step something, and shows what a task takes', async () => {
  const help = await studio.cli(['run', 'counter', '--help']);
  expect(help.out).toMatch(/size\s+size\s+-1000 to 1000\s+What is added from now on\./);
  const run = await beginCount(studio, openEnd);
  await counted(studio, run.id);
  const told = await studio.cli(['runs', 'control', run.id, 'count', 'size', 'size=12']);
  expect([told.code, told.out]).toEqual([0, expect.stringContaining('control 1')]);
  const asJson = await studio.cli(['runs', 'control', run.id, 'count', 'size', '{"size": 13}', '--json']);
  expect(JSON.parse(asJson.out)).toMatchObject({ number: 2, value: { size: 13 } });
  await applied(studio, run.id, 1, 2);
  const shown = await studio.cli(['runs', 'show', run.id]);
  expect(shown.out).toMatch(/count\s+2 controls/);
  const wrong = await studio.cli(['runs', 'control', run.id, 'count', 'size', 'size=much']);
  expect([wrong.code, wrong.error]).toEqual([2, expect.stringContaining('size')]);
  await cancel(run);
});
