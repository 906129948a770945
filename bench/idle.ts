/**
 * Memory of a studio that waits, and seconds until it is ready, the first and the second time.
 * See README.md for what this does not measure. Run it with Node 22.18 or newer: `node bench/idle.ts`. Linux only.
 */
import type { Studio } from '../tests/support/studio.ts';
import { openStudioDatabase } from '../tests/support/studio-database.ts';
import { newStudio } from './support/no-op-studio.ts';
import { processesOf, proportionalBytes } from './support/processes.ts';
import { median, writeResults } from './support/results.ts';

const rounds = 3;
const settleMs = 8_000;
const memory = { coordinator: [] as number[], database: [] as number[], edges: [] as number[], together: [] as number[] };
const firstStart: number[] = [];
const secondStart: number[] = [];

/** From spawning the process to `GET /healthz` answering 200. */
async function secondsToReady(studio: Studio): Promise<number> {
  const begun = performance.now();
  await studio.start();
  await studio.ready();
  return (performance.now() - begun) / 1000;
}

/** Megabytes of each kind of process, after the studio has had some seconds to come to rest. */
async function noteMemory(studio: Studio): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, settleMs));
  const database = await openStudioDatabase(studio);
  const { rows } = await database.pool.query('SELECT pg_backend_pid() AS pid');
  const found = processesOf(studio, rows[0].pid);
  let together = 0;
  for (const kind of ['coordinator', 'database', 'edges'] as const) {
    // The connection that asks is ours, not the studio's.
    const megabytes = proportionalBytes(found[kind].filter((pid) => pid !== rows[0].pid)) / 1e6;
    memory[kind].push(megabytes);
    together += megabytes;
  }
  memory.together.push(together);
  await database.close();
}

for (let round = 0; round < rounds; round += 1) {
  await using studio = newStudio();
  firstStart.push(await secondsToReady(studio));
  await studio.stop();
  secondStart.push(await secondsToReady(studio));
  await noteMemory(studio);
}

const spread = (name: string, values: readonly number[], unit: string) => [
  { name: `${name}: median of ${values.length}`, value: median(values), unit },
  { name: `${name}: lowest`, value: Math.min(...values), unit },
  { name: `${name}: highest`, value: Math.max(...values), unit },
];
writeResults('idle', [
  ...spread('first start to ready, models already there', firstStart, 's'),
  ...spread('second start to ready', secondStart, 's'),
  ...Object.entries(memory).flatMap(([kind, values]) => spread(`idle memory, ${kind}`, values, 'MB')),
]);
