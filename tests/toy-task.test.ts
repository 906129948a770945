import type { RunId } from '@atelier/protocol';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { launchBrowser } from './support/browser.ts';
import { digestFleet, giveModels } from './support/digest-fleet.ts';
import { becomeOwner } from './support/owner.ts';
import { Studio } from './support/studio.ts';
import { toyModel, toyTasks } from './support/toys.ts';
import { withoutPages } from './support/visited-studio.ts';
import { Visitor } from './support/visitor.ts';

/** Declared in tests/models/toy-tasks.ts, with its driver; offered by a manifest in an edge's own file. Nothing else names it. */
const task = 'text-reversal';
let studio: Studio;

beforeAll(async () => {
  studio = new Studio({ fleet: digestFleet(['Only'], 1, [`${task}-toy`]), tasks: [toyTasks] });
  giveModels(studio, 'Only', [toyModel(task)]);
  await studio.start();
  await studio.offered(`${task}-toy`);
});

afterAll(async () => {
  await studio[Symbol.asyncDispose]();
});

test('the API shows the toy task with its ports and parameters, plans it and runs it', async () => {
  const view = (await studio.client.api.tasks()).find(({ name }) => name === task);
  expect(view).toMatchObject({
    title: 'Text reversal',
    inputs: { text: { modality: 'text', required: true } },
    outputs: { text: { modality: 'text' } },
    parameters: {
      properties: {
        unit: { enum: ['letters', 'words'], default: 'letters', title: 'Unit' },
        times: { minimum: 1, maximum: 9, default: 1, title: 'Times' },
      },
    },
  });
  const run = await studio.client.api.runs.create({ chain: `${task}, ${task}`, inputs: { input: { text: 'one two' } }, set: { [`${task}.unit`]: 'words' } });
  const ended = await studio.ended(run.id);
  expect(ended.state, JSON.stringify(ended.error)).toBe('succeeded');
  const texts = await Promise.all(ended.steps.map(async (step) => (await studio.client.download(step.outputs[0]?.id as never)).text()));
  expect(texts).toEqual(['two one', 'eno owt']);
  const over = studio.client.api.runs.create({ chain: task, inputs: { input: { text: 'x' } }, set: { times: 10 } });
  await expect(over).rejects.toMatchObject({ code: 'parameter-out-of-bounds' });
});

test('the command line runs the toy task, sets its parameters and helps with them', async () => {
  const ran = await studio.cli(['run', task, '--input', 'abc', '--set', 'times=1', '--set', `${task}.mark=!`, '--json']);
  expect(ran.code, ran.error).toBe(0);
  const { steps } = JSON.parse(ran.out) as { steps: { parameters: object; outputs: { id: string }[] }[] };
  expect(steps[0]?.parameters).toEqual({ unit: 'letters', times: 1, mark: '!' });
  expect(await (await studio.client.download(steps[0]?.outputs[0]?.id as never)).text()).toBe('cba!');
  const plan = await studio.cli(['plan', task]);
  expect(plan.out).toContain('toy (Only)');
  const help = await studio.cli(['run', task, '--help']);
  expect(help.out).toMatch(/times\s+1 to 9, default 1\s+How often it is reversed\./);
  const wrong = await studio.cli(['run', task, '--input', 'abc', '--set', 'times=often']);
  expect([wrong.code, wrong.error]).toEqual([2, expect.stringContaining('times is a number')]);
});

describe.skipIf(withoutPages)(`the card of the toy task${withoutPages ? ` (skipped: ${withoutPages})` : ''}`, () => {
  test('the studio offers it, draws its form from the declaration, runs it and shows the result', async () => {
    const browser = await launchBrowser();
    await using _leaving = { [Symbol.asyncDispose]: () => browser.close() };
    const visitor = await Visitor.come(browser);
    const { page } = visitor;
    const press = (name: string | RegExp) => page.getByRole('button', { name, exact: true }).click();
    await becomeOwner(page, studio);
    await press('Choose the first step');
    await page.getByRole('menuitem', { name: 'Text reversal', exact: true }).click();
    await page.getByRole('textbox', { name: /^Text/ }).fill('stressed');
    await press('Text reversal');
    await page.getByRole('textbox', { name: 'Times', exact: true }).first().fill('3');
    await page.getByRole('textbox', { name: 'Mark', exact: true }).fill('?');
    await press('Run');
    await page.waitForURL((url) => url.pathname.startsWith('/runs/'));
    const run = await studio.ended(new URL(page.url()).pathname.split('/')[2] as RunId);
    expect(run.steps[0]?.parameters).toEqual({ unit: 'letters', times: 3, mark: '?' });
    await page.getByText('desserts?').first().waitFor();
    // Asking who is here is how the page learns that nobody is.
    expect(visitor.complaints(/status of 401/)).toEqual([]);
  });
});
