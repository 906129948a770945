/**
 * Seconds of each starter model through an edge: cold (its slot's process is new, its files may be in the system's cache) and warm.
 * See README.md for what this does not measure. Run it with Node 22.18 or newer: `node bench/models.ts`.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { NewRun, RunView } from '@atelier/protocol';
import type { Studio } from '../tests/support/studio.ts';
import { newStudio } from './support/no-op-studio.ts';
import { type Figure, median, writeResults } from './support/results.ts';

const mostMs = 95_000;
const warmRuns = 2;
const chain = 'automatic-speech-recognition,text-generation,text-to-image,image-to-video';
const recording = join(import.meta.dirname, '../examples/audio/jfk.wav');

interface Times {
  readonly load: number[];
  readonly cold: number[];
  readonly warm: number[];
}

/** By model, as its edge measured it. */
const times = new Map<string, Times>();

function note(view: RunView): void {
  for (const step of view.steps) {
    const attempt = step.attempts.at(-1);
    if (!attempt?.timings) throw new Error(`${step.id} was not measured`);
    const known = times.get(attempt.modelId) ?? { load: [], cold: [], warm: [] };
    times.set(attempt.modelId, known);
    const { cold, loadSeconds, runSeconds } = attempt.timings;
    if (cold) known.load.push(loadSeconds);
    (cold ? known.cold : known.warm).push(runSeconds);
  }
}

async function run(studio: Studio, inputs: NewRun['inputs']): Promise<void> {
  const { id } = await studio.client.api.runs.create({ chain, inputs, set: { instruction: 'picture-prompt' }, fresh: true });
  const ended = await studio.ended(id);
  if (ended.state !== 'succeeded') throw new Error(`the run ended as ${ended.state}: ${ended.error?.message}`);
  note(ended);
}

/** Ends the slots' processes, so that every model has to be loaded again. */
async function forgetModels(studio: Studio): Promise<void> {
  for (const { pid } of studio.slots()) process.kill(pid, 'SIGKILL');
  while (studio.slots().length > 0) await new Promise((resolve) => setTimeout(resolve, 50));
}

{
  await using studio = newStudio();
  await studio.start();
  await studio.ready();
  const uploaded = await studio.client.upload(readFileSync(recording), { name: 'jfk.wav', mediaType: 'audio/wav' });
  const inputs = { input: { outputId: uploaded.outputId } };
  const begun = performance.now();
  let longestMs = 0;
  for (let round = 0; round < 3 && (round === 0 || performance.now() - begun + longestMs < mostMs); round += 1) {
    const roundBegun = performance.now();
    await forgetModels(studio);
    for (let again = 0; again <= warmRuns; again += 1) await run(studio, inputs);
    longestMs = Math.max(longestMs, performance.now() - roundBegun);
  }
}

const figures = [...times].flatMap(([model, { load, cold, warm }]): Figure[] => [
  { name: `${model}: loading`, value: median(load), unit: 's' },
  { name: `${model}: first step after loading`, value: median(cold), unit: 's' },
  { name: `${model}: later steps`, value: median(warm), unit: 's' },
  { name: `${model}: later steps, quickest`, value: Math.min(...warm), unit: 's' },
  { name: `${model}: later steps, slowest`, value: Math.max(...warm), unit: 's' },
]);
writeResults('models', figures);
