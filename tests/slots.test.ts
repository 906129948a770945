import { rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { digestFleet, digestModel, digestOf, giveModels } from './support/digest-fleet.ts';
import { Studio, temporaryFolder } from './support/studio.ts';
import { toyModel, toyTasks } from './support/toys.ts';

const abortWhile = path.join(temporaryFolder('flaky'), 'abort');
let studio: Studio;

beforeAll(async () => {
  writeFileSync(abortWhile, '');
  studio = new Studio({ fleet: digestFleet(['Only'], 2, ['digest', 'flaky-toy']), tasks: [toyTasks] });
  giveModels(studio, 'Only', [digestModel(6000), toyModel('flaky', { abortWhile })]);
  await studio.start();
  await studio.offered('flaky-toy');
});

afterAll(async () => {
  await studio[Symbol.asyncDispose]();
});

test('a step that kills its slot is tried three times and no more, harms no other run, and can be continued afterwards', async () => {
  const chain = {
    inputs: { text: { modality: 'text' as const } },
    steps: [{ id: 'digest', task: 'text-generation', model: 'digest', inputs: { prompt: 'inputs.text' } }],
  };
  const other = await studio.client.api.runs.create({ chain, inputs: { text: { text: 'unharmed' } } });
  await studio.process('digest.mjs');

  const run = await studio.client.api.runs.create({ chain: 'flaky', inputs: { text: { text: 'again' } } });
  const failed = await studio.ended(run.id);
  expect(failed.state).toBe('failed');
  expect(failed.error).toMatchObject({ code: 'slot-crashed', message: expect.stringContaining('SIGABRT') });
  const attempts = failed.steps[0]?.attempts ?? [];
  expect(attempts.map((attempt) => [attempt.state, attempt.error?.code])).toEqual(Array.from({ length: 3 }, () => ['failed', 'slot-crashed']));
  for (const attempt of attempts) expect(attempt.log).toContain('the toy has had enough');

  const unharmed = await studio.ended(other.id);
  expect(unharmed.state).toBe('succeeded');
  const [step] = unharmed.steps;
  expect(step?.attempts).toHaveLength(1);
  expect(Date.parse(step?.endedAt ?? '')).toBeGreaterThan(Date.parse(failed.endedAt ?? ''));
  expect(await (await studio.client.download(step?.outputs[0]?.id as never)).text()).toBe(digestOf('unharmed'));

  rmSync(abortWhile);
  await studio.client.api.runs.continue({ id: run.id });
  const continued = await studio.ended(run.id);
  expect(continued.state, JSON.stringify(continued.error)).toBe('succeeded');
  expect(continued.steps[0]?.attempts.map(({ state }) => state)).toEqual(['failed', 'failed', 'failed', 'succeeded']);
});
