import { writeFileSync } from 'node:fs';
import { availableParallelism, loadavg } from 'node:os';
import path from 'node:path';
import type { RunId } from '@atelier/protocol';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { within } from './support/deadline.ts';
import { digestFleet, digestModel, digestOf, giveModels } from './support/digest-fleet.ts';
import { gone } from './support/processes.ts';
import { Studio, temporaryFolder } from './support/studio.ts';

const minutesMs = 600_000;
let studio: Studio;

beforeAll(async () => {
  studio = new Studio({ fleet: digestFleet(['Only'], 1, ['slow', 'quick']) });
  giveModels(studio, 'Only', [digestModel(minutesMs, 'slow'), digestModel(40, 'quick')]);
  await studio.start();
  await studio.offered('quick');
});

afterAll(async () => {
  await studio[Symbol.asyncDispose]();
});

const oneStep = (model: string) => ({
  name: model,
  inputs: { text: { modality: 'text' as const } },
  steps: [{ id: 'digest', task: 'text-generation', model, inputs: { prompt: 'inputs.text' } }],
});

function chainFile(): string {
  const file = path.join(temporaryFolder('chain'), 'slow.json');
  writeFileSync(file, JSON.stringify(oneStep('slow')));
  return file;
}

/** The promise is one second. Only where more wants to run than there are cores, three are allowed, and it says so. */
async function expectGoneInTime(pid: number): Promise<void> {
  const answeredAt = performance.now();
  await within(`the end of process ${pid}`, gone(pid));
  const tookMs = performance.now() - answeredAt;
  const load = loadavg()[0] as number;
  const isLoaded = load > availableParallelism();
  if (tookMs > 1000) console.log(`the process was gone ${tookMs.toFixed(0)} ms later, at a load of ${load} on ${availableParallelism()} cores`);
  expect(tookMs).toBeLessThan(isLoaded ? 3000 : 1000);
}

async function expectSlotIsUsable(): Promise<void> {
  const next = await studio.client.api.runs.create({ chain: oneStep('quick'), inputs: { text: { text: 'next' } } });
  const ended = await studio.ended(next.id);
  expect(ended.state).toBe('succeeded');
  const [output] = ended.steps[0]?.outputs ?? [];
  expect(await (await studio.client.download(output?.id as never)).text()).toBe(digestOf('next'));
}

test('a step that would take minutes is gone within a second of the cancelling answer, and its slot works on', async () => {
  const run = await studio.client.api.runs.create({ chain: oneStep('slow'), inputs: { text: { text: 'never' } } });
  const program = await studio.process('digest.mjs');
  const cancelled = await studio.client.api.runs.cancel({ id: run.id });
  await expectGoneInTime(program.pid);
  expect(cancelled.state).toBe('cancelled');
  expect((await studio.ended(run.id)).steps[0]).toMatchObject({ state: 'cancelled', outputs: [] });
  await expectSlotIsUsable();
});

const runIdIn = (text: string) => /run ([0-9a-f-]{36})/.exec(text)?.[1] as RunId;

test('Ctrl-C leaves the run alone and says so', async () => {
  const command = studio.command(['run', chainFile(), '--input', 'detached']);
  const program = await studio.process('digest.mjs');
  await command.says('digest runs');
  command.interrupt();
  const { code, error } = await command.ended;
  expect(code, error).toBe(0);
  expect(error).toContain('Detached: run ');
  expect(error).not.toContain('Cancelled');
  const id = runIdIn(error);
  expect((await studio.client.api.runs.get({ id })).state).toBe('running');
  expect(studio.processes('digest.mjs').map(({ pid }) => pid)).toEqual([program.pid]);
  await studio.client.api.runs.cancel({ id });
  await within('the end of the program', gone(program.pid));
});

test.each([
  ['a second Ctrl-C', [], 2],
  ['Ctrl-C with --cancel-on-interrupt', ['--cancel-on-interrupt'], 1],
])(
  '%s cancels the run and says so',
  async (_, flags, times) => {
    const command = studio.command(['run', chainFile(), '--input', 'cancelled', ...flags]);
    const program = await studio.process('digest.mjs');
    await command.says('digest runs');
    command.interrupt();
    if (times === 2) {
      await command.says('Detached: run ');
      command.interrupt();
    }
    await command.says('Cancelled run ');
    await expectGoneInTime(program.pid);
    const { code, error } = await command.ended;
    expect(code, error).toBe(1);
    expect((await studio.client.api.runs.get({ id: runIdIn(error) })).state).toBe('cancelled');
    await expectSlotIsUsable();
  },
  60_000,
);
