/**
 * Planner time for a chain of 10 tasks where each has 1,000 offers (10^30 plans), and for a diamond.
 * Not measured: reading fleet and history from the database, and answering over HTTP.
 * Run it with Node 22.18 or newer: `node bench/planner.ts`. Writes bench/results/planner.json, a JSON object a line.
 */

import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { randomFrom } from '@atelier/seeded';
import { type FleetSnapshot, planChain } from '../packages/planner/src/index.ts';
import { diamond, randomFleet } from '../packages/planner/src/random-fleet.ts';
import { type ResolvedChain, resolveChain } from '../packages/protocol/src/index.ts';

const offers = 1000;
const tasks = ['automatic-speech-recognition', 'text-generation', 'text-to-image', 'image-to-video'];
const tenTasks = ['automatic-speech-recognition', ...Array.from({ length: 7 }, () => 'text-generation'), 'text-to-image', 'image-to-video'];

const shape = { edges: offers, tasks, models: 1, density: 1, linkDensity: 0.02, queues: 'some', memory: 'plenty' } as const;
const unloaded = randomFleet(randomFrom(7), shape);
const loaded: FleetSnapshot = {
  ...unloaded,
  edges: unloaded.edges.map((edge) => ({ ...edge, models: edge.models.map((model) => ({ ...model, loaded: true })) })),
};
const dense = { ...loaded, links: randomFleet(randomFrom(7), { ...shape, linkDensity: 0.7 }).links };
const chain = resolveChain({ steps: tenTasks });

function measure(name: string, chain: ResolvedChain, fleet: FleetSnapshot): { name: string; value: number } {
  const times: number[] = [];
  for (let round = 0; round < 15; round += 1) {
    const started = performance.now();
    planChain(chain, fleet, { count: 3 });
    times.push(performance.now() - started);
  }
  const value = times.slice(5).sort((a, b) => a - b)[5] as number;
  process.stdout.write(`${name}: ${value.toFixed(1)} ms, first time ${(times[0] as number).toFixed(1)} ms\n`);
  return { name, value: Math.round(value * 100) / 100 };
}

const small = randomFleet(randomFrom(3), { edges: 3, tasks, models: 1, density: 1, queues: 'none', memory: 'plenty' });
const results = [
  measure('planner: 10 tasks x 1,000 offers, 20,000 links measured', chain, loaded),
  measure('planner: 10 tasks x 1,000 offers, 700,000 links measured', chain, dense),
  measure('planner: 10 tasks x 1,000 offers, most models not in memory and shared by seven steps', chain, unloaded),
  measure('planner: diamond of 4 tasks x 1,000 offers', diamond, loaded),
  measure('planner: 4 tasks x 3 offers', resolveChain({ steps: tasks }), small),
];
const folder = join(import.meta.dirname, 'results');
mkdirSync(folder, { recursive: true });
const commit = execFileSync('git', ['rev-parse', '--short', 'HEAD'], { encoding: 'utf8', cwd: import.meta.dirname }).trim();
const about = { unit: 'ms', machine: `${cpus().length} x ${cpus()[0]?.model ?? 'unknown'}`, date: new Date().toISOString().slice(0, 10), commit };
writeFileSync(join(folder, 'planner.json'), results.map((one) => `${JSON.stringify({ ...one, ...about })}\n`).join(''));
