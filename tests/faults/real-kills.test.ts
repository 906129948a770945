import { writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { inspectMp4, readPicture } from '@atelier/media';
import { loadCatalogue } from '@atelier/models';
import { findTask, type OutputId, type RunEvent, type RunView } from '@atelier/protocol';
import { seeded } from '@atelier/seeded';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { RunningProcess } from '../support/processes.ts';
import { Studio, temporaryFolder, withoutModels, writeEdgeSettings } from '../support/studio.ts';

const chain = 'Audio to Text -> Text to Text -> Text to Image -> Image to Video';
const recording = path.resolve(import.meta.dirname, '../../examples/audio/jfk.wav');
const models = ['whisper-tiny.en', 'smollm2-135m-instruct', 'starter-diffusion', 'starter-motion'];
const random = seeded('real-kills');

/** Both edges can do everything, so that what one loses the other can take. */
function fleetFile(): string {
  const file = path.join(temporaryFolder('fleet'), 'fleet.yaml');
  writeFileSync(file, JSON.stringify({ edges: ['North', 'South'].map((name) => ({ name, models })) }));
  return file;
}

/** Only the largest model fits, so that every step of the chain has to make room for its own. */
async function giveRoomForOneModel(studio: Studio): Promise<void> {
  const { entries } = await loadCatalogue();
  const modelMemory = Math.max(...models.map((id) => entries.get(id)?.manifest.memoryBytes ?? 0));
  const file = path.join(temporaryFolder('edge'), 'edge.yaml');
  writeFileSync(file, JSON.stringify({ modelMemory }));
  for (const name of ['North', 'South']) writeEdgeSettings(studio, name, file);
}

describe.skipIf(withoutModels)(`the main job with a kill in mid-run${withoutModels ? ` (skipped: ${withoutModels})` : ''}`, () => {
  let studio: Studio;
  let input: OutputId;

  beforeAll(async () => {
    studio = new Studio({ fleet: fleetFile() });
    await giveRoomForOneModel(studio);
    await studio.start();
    await studio.ready();
    input = (await studio.client.upload(new Uint8Array(await readFile(recording)), { name: 'jfk.wav', mediaType: 'audio/wav' })).outputId;
  });

  afterAll(async () => {
    await studio?.[Symbol.asyncDispose]();
  });

  const bytesOf = async (run: RunView, step: number) => {
    const output = run.steps[step]?.outputs[0];
    return new Uint8Array(await (await studio.client.download(output?.id as OutputId)).arrayBuffer());
  };

  /** Each step's result was committed once, by one attempt, and is what it should be. */
  async function expectWholeRun(run: RunView): Promise<void> {
    expect(run.state, JSON.stringify(run.error)).toBe('succeeded');
    for (const step of run.steps) {
      const ports = step.outputs.map(({ port }) => port);
      expect(ports, `${step.id} made something of a port twice`).toEqual([...new Set(ports)]);
      expect(ports[0], step.id).toBe(Object.keys(findTask(step.task).outputs)[0]);
      expect(step.attempts.filter((attempt) => attempt.state === 'succeeded')).toHaveLength(1);
    }
    expect(new TextDecoder().decode(await bytesOf(run, 0)).toLowerCase()).toContain('ask not what your country can do for you');
    expect((await readPicture(await bytesOf(run, 2))).width).toBe(128);
    expect(inspectMp4(await bytesOf(run, 3)).frames).toBe(24);
  }

  const working = async () => {
    const edge = (await studio.client.api.edges.list()).find(({ running }) => running > 0);
    return edge && studio.edge(edge.name);
  };
  const killProcess = (found: RunningProcess | undefined) => found !== undefined && process.kill(found.pid, 'SIGKILL');
  const kills: Record<string, () => Promise<boolean>> = {
    'a slot that works': async () => killProcess(studio.slots((await working())?.pid)[0]),
    'an edge that works': async () => killProcess(await working()),
    'the coordinator': async () => {
      await studio.kill();
      await studio.start();
      return true;
    },
  };

  test.each(Object.entries(kills))(
    'kill -9 of %s: the chain ends well, each result committed once',
    async (what, kill) => {
      const run = await studio.client.api.runs.create({ chain, inputs: { input: { outputId: input } }, fresh: true });
      // Events with an attempt at work: progress of whichever step is on. Where nothing is at work any more when the kill comes, the next one tries again.
      const at = 1 + random.below(20);
      let seen = 0;
      let killing: Promise<boolean> = Promise.resolve(false);
      let isTrying = false;
      let isKilled = false;
      const tryOnce = async () => {
        isTrying = true;
        try {
          isKilled = await kill();
          return isKilled;
        } finally {
          isTrying = false;
        }
      };
      const ended = await studio.ended(run.id, (event: RunEvent) => {
        if (event.kind !== 'progress' || isTrying || isKilled) return;
        seen += 1;
        if (seen < at) return;
        console.log(`${what}: killed at ${Math.round(event.fraction * 100)} % of ${event.stepId}`);
        killing = tryOnce();
        killing.catch(() => undefined);
      });
      expect(await killing, `${seen} progress events came, the kill was due at ${at}`).toBe(true);
      await expectWholeRun(ended);
      await studio.offered('starter-motion', 2);
    },
    180_000,
  );

  test('kill -9 of a slot that puts one model in the place of another: the chain ends well, each result committed once', async () => {
    const run = await studio.client.api.runs.create({ chain, inputs: { input: { outputId: input } }, fresh: true });
    const steps = ['text-generation', 'text-to-image', 'image-to-video'];
    const wanted = random.pick(steps);
    let killing: Promise<boolean> | undefined;
    let computes = false;
    const ended = await studio.ended(run.id, (event: RunEvent) => {
      if (event.kind === 'progress') computes ||= event.stepId === wanted && event.fraction > 0;
      if (event.kind !== 'step' || event.step.id !== wanted || event.step.state !== 'running' || killing) return;
      console.log(`killed while ${wanted} loads its model: ${!computes}`);
      killing = kills['a slot that works']?.();
      killing?.catch(() => undefined);
    });
    expect(await killing).toBe(true);
    await expectWholeRun(ended);
  });
});
