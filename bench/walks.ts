/**
 * Walks over several edges: real frames of the starter model on one and two edges of one thread, and simulated edges (a model
 * that sleeps) on 1 to 16, of equal and of unequal speed; the time to the first film that plays; a walk that the cache answers.
 * See README.md for what this does not measure. Run it with Node 22.18 or newer: `node bench/walks.ts`, or one part of it: `node bench/walks.ts real|sleeping`.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { RunView, StepView } from '@atelier/protocol';
import { slowModel } from '../tests/models/slow-shards.ts';
import { type Studio, temporaryFolder } from '../tests/support/studio.ts';
import { newStudio, writeEdgeFile } from './support/no-op-studio.ts';
import { type Figure, median, writeResults } from './support/results.ts';

const only = process.argv[2];
const figures: Figure[] = [];
const stepOf = (run: RunView) => run.steps[0] as StepView;

/** Seconds from the first frame's start to the last frame's commit, by the studio's own clock. */
const stepSeconds = (run: RunView) => (Date.parse(stepOf(run).endedAt as string) - Date.parse(stepOf(run).startedAt as string)) / 1000;

function fleetOf(names: readonly string[], edge: (index: number) => object): string {
  const file = join(temporaryFolder('fleet'), 'fleet.yaml');
  writeFileSync(file, JSON.stringify({ edges: names.map((name, index) => ({ name, ...edge(index) })) }));
  return file;
}

async function ended(
  studio: Studio,
  request: Parameters<Studio['client']['api']['runs']['create']>[0],
  onEvent?: Parameters<Studio['ended']>[1],
): Promise<RunView> {
  const run = await studio.client.api.runs.create(request);
  const view = await studio.ended(run.id, onEvent);
  if (view.state !== 'succeeded') throw new Error(`the run ended as ${view.state}: ${view.error?.message}`);
  return view;
}

/** 48 frames of the starter model on edges of one thread each, which coordinator and database share two cores with. */
async function realWalks(): Promise<void> {
  const names = ['Edge1', 'Edge2'];
  await using studio = newStudio({ fleet: fleetOf(names, () => ({ models: ['starter-diffusion', 'film-encoder'] })) });
  for (const name of names) writeEdgeFile(studio, name, { threads: 1 });
  await studio.start();
  await studio.offered('starter-diffusion', 2);
  const walk = (frames: number, seed: number, edge?: string) => ({
    chain: {
      steps: [
        {
          task: 'latent-walk',
          ...(edge ? { edge } : {}),
          parameters: { frames, seed, steps: 20, keyframes: [{ prompt: 'a red apple' }, { prompt: 'a green pear' }] },
        },
        { task: 'frames-to-video', parameters: { format: 'gif' as const } },
      ],
    },
  });
  // Both edges read the model, and their speeds are known.
  await ended(studio, walk(12, 1));
  const seconds = { one: [] as number[], two: [] as number[], playable: [] as number[], cached: [] as number[] };
  for (let round = 0; round < 3; round += 1) {
    seconds.one.push(stepSeconds(await ended(studio, walk(48, 100 + round, 'Edge1'))));
    const begun = performance.now();
    let playable: number | undefined;
    const both = await ended(studio, walk(48, 200 + round), (event) => {
      if (event.kind === 'shard' && event.done >= 5) playable ??= (performance.now() - begun) / 1000;
    });
    seconds.two.push(stepSeconds(both));
    seconds.playable.push(playable ?? Number.NaN);
    const again = performance.now();
    const known = await studio.client.api.runs.create(walk(48, 200 + round));
    seconds.cached.push((performance.now() - again) / 1000);
    if (known.state !== 'succeeded') throw new Error('the cache did not answer');
  }
  const picture = { chain: { steps: [{ task: 'text-to-image', parameters: { seed: 5 } }] }, inputs: { prompt: { text: 'a red apple' } } };
  await ended(studio, picture);
  const hits: number[] = [];
  for (let round = 0; round < 15; round += 1) {
    const asked = performance.now();
    await studio.client.api.runs.create(picture);
    hits.push(performance.now() - asked);
  }
  figures.push(
    { name: 'a picture that is known, from request to its finished run: median of 15', value: median(hits), unit: 'ms' },
    { name: '48 frames of the starter model, 1 edge of 1 thread: median of 3', value: median(seconds.one), unit: 's' },
    { name: '48 frames, 2 edges of 1 thread each: median of 3', value: median(seconds.two), unit: 's' },
    { name: '48 frames: 2 edges over 1, median of 3 pairs', value: median(seconds.one.map((one, index) => one / (seconds.two[index] as number))), unit: 'x' },
    { name: 'time to the first film that plays (5 frames, evenly spread), 2 edges: median of 3', value: median(seconds.playable), unit: 's' },
    { name: 'the same walk and film again, answered by the cache: median of 3', value: median(seconds.cached) * 1000, unit: 'ms' },
  );
}

const sleepMs = 500;
const perEdge = 24;

async function sleepingWalk(speeds: readonly number[]): Promise<number> {
  const names = speeds.map((_, index) => `Edge${index + 1}`);
  const fleet = fleetOf(names, (index) => ({ models: ['slow'], simulate: { speed: speeds[index] } }));
  await using studio = newStudio({ fleet, tasks: [join(import.meta.dirname, '../tests/models/slow-shards.ts')] });
  for (const name of names) writeEdgeFile(studio, name, { models: [slowModel] });
  await studio.start();
  await studio.offered('slow', speeds.length);
  const walk = (count: number, mark: string) => ({
    chain: { steps: [{ task: 'slow-shards', parameters: { count, milliseconds: sleepMs, mark } }] },
    inputs: { text: { text: 'go' } },
  });
  // Slots start, and the speed of each edge is measured.
  await ended(studio, walk(3 * speeds.length, ' warm-up'));
  const together = speeds.reduce((sum, speed) => sum + speed, 0);
  const count = Math.round(perEdge * together);
  const run = await ended(studio, walk(count, ' measured'));
  const ideal = (count * sleepMs) / 1000 / together;
  return ideal / stepSeconds(run);
}

async function sleepingWalks(): Promise<void> {
  for (const edges of [1, 2, 4, 8, 16]) {
    const efficiency = await sleepingWalk(Array.from({ length: edges }, () => 1));
    figures.push({ name: `sleeping model, ${edges} equal edges, ${perEdge} frames of ${sleepMs} ms each: efficiency`, value: 100 * efficiency, unit: '%' });
  }
  for (const speeds of [
    [1, 0.5, 0.25],
    [1, 0.8, 0.6, 0.4, 0.2],
  ]) {
    const efficiency = await sleepingWalk(speeds);
    figures.push({ name: `sleeping model, edges of speed ${speeds.join(', ')}: over the ideal`, value: 100 * (1 / efficiency - 1), unit: '%' });
  }
}

if (only !== 'sleeping') await realWalks();
if (only !== 'real') await sleepingWalks();
writeResults(only ? `walks-${only}` : 'walks', figures);
