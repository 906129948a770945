/**
 * No-op steps per second with many runs at once, and the processor time that each takes, which does not depend on what else
 * the machine does. See README.md for what this does not measure.
 * Run it with Node 22.18 or newer: `node bench/throughput.ts`. Linux only.
 */
import type { Database } from '@atelier/store';
import { openStudioDatabase } from '../tests/support/studio-database.ts';
import { createNoOpRun, startNoOpStudio } from './support/no-op-studio.ts';
import { processesOf, processorSeconds } from './support/processes.ts';
import { type Figure, median, writeResults } from './support/results.ts';

const slots = 4;
const runs = 200;
const stepsPerRun = 5;
const rounds = 3;
const mostMs = 70_000;

async function waitForAll(database: Database): Promise<void> {
  for (;;) {
    const { rows } = await database.pool.query(
      "SELECT count(*) FILTER (WHERE state <> 'succeeded')::int AS open, count(*) FILTER (WHERE state = 'failed')::int AS failed FROM runs",
    );
    if (rows[0].failed > 0) throw new Error(`${rows[0].failed} runs failed`);
    if (rows[0].open === 0) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

await using studio = await startNoOpStudio(slots);
const database = await openStudioDatabase(studio);
const { rows } = await database.pool.query('SELECT pg_backend_pid() AS pid');

// Every slot's process starts, code is compiled.
await Promise.all(Array.from({ length: 12 }, () => createNoOpRun(studio, stepsPerRun)));
await waitForAll(database);

const created: number[] = [];
const steps: number[] = [];
const processor = { coordinator: [] as number[], database: [] as number[], edges: [] as number[], slots: [] as number[] };
const spent = (pids: ReturnType<typeof processesOf>) =>
  Object.entries(pids).map(([name, list]) => [name as keyof typeof processor, processorSeconds(list)] as const);

const begun = performance.now();
for (let round = 0; round < rounds && (round === 0 || performance.now() - begun < mostMs); round += 1) {
  const processes = processesOf(studio, rows[0].pid);
  const before = new Map(spent(processes));
  const start = performance.now();
  await Promise.all(Array.from({ length: runs }, () => createNoOpRun(studio, stepsPerRun)));
  created.push(runs / ((performance.now() - start) / 1000));
  await waitForAll(database);
  steps.push((runs * stepsPerRun) / ((performance.now() - start) / 1000));
  for (const [name, seconds] of spent(processes)) processor[name].push(((seconds - (before.get(name) ?? 0)) * 1000) / (runs * stepsPerRun));
}
await database.close();

const figures: Figure[] = [
  { name: `no-op steps, ${runs} runs of ${stepsPerRun} steps at once, ${slots} slots: median round`, value: median(steps), unit: 'steps/s' },
  { name: 'no-op steps: slowest round', value: Math.min(...steps), unit: 'steps/s' },
  { name: 'no-op steps: fastest round', value: Math.max(...steps), unit: 'steps/s' },
  { name: `runs created over HTTP, all ${runs} asked for at once while others run: median round`, value: median(created), unit: 'runs/s' },
  ...Object.entries(processor).map(([name, values]) => ({ name: `processor time per step: ${name}`, value: median(values), unit: 'ms' })),
];
writeResults('throughput', figures);
