/**
 * What a step costs beside its own work: from being runnable (the transaction that committed the step before it, or the run) to
 * the commit of its own result, less the time that the driver itself took. See README.md for what this does not measure.
 * Run it with Node 22.18 or newer: `node bench/overhead.ts`.
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { RunId } from '@atelier/protocol';
import type { Database } from '@atelier/store';
import type { Studio } from '../tests/support/studio.ts';
import { openStudioDatabase } from '../tests/support/studio-database.ts';
import { createNoOpRun, startNoOpStudio } from './support/no-op-studio.ts';
import type { ProbeEvent } from './support/probe.ts';
import { type Figure, median, quantile, writeResults } from './support/results.ts';
import { splitSteps } from './support/split.ts';

const measuringMs = 40_000;
const lengths = [5, 20, 100];

/** Milliseconds of each step but the last: the next step's transaction begins where this one's ends. */
async function overheads(database: Database, runId: RunId): Promise<number[]> {
  const { rows } = await database.pool.query(
    `SELECT extract(epoch FROM a.queued_at)::float8 * 1000 AS queued, (a.timings ->> 'runSeconds')::float8 * 1000 AS own
    FROM attempts a JOIN steps s ON s.run_id = a.run_id AND s.step_id = a.step_id WHERE a.run_id = $1 ORDER BY s.position`,
    [runId],
  );
  return rows.slice(0, -1).map(({ queued, own }, index) => rows[index + 1].queued - queued - own);
}

/** Asks with one small query, so that the waiting itself costs next to nothing. */
async function ended(database: Database, runId: RunId): Promise<void> {
  for (;;) {
    const { rows } = await database.pool.query('SELECT state FROM runs WHERE id = $1', [runId]);
    if (rows[0].state === 'succeeded') return;
    if (rows[0].state === 'failed') throw new Error(`the run ${runId} failed`);
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
}

interface Measured {
  readonly steps: Map<string, number[]>;
  readonly rounds: number[];
  readonly creating: number[];
  /** The machine's own speed at the same time: committing one row, and bringing a small file to the disk itself. */
  readonly committing: number[];
  readonly syncing: number[];
}

async function noteMachine(database: Database, measured: Measured): Promise<void> {
  await database.pool.query('CREATE TABLE IF NOT EXISTS bench_commits (at timestamptz NOT NULL DEFAULT now())');
  const folder = mkdtempSync(join(tmpdir(), 'atelier-sync-'));
  for (let round = 0; round < 10; round += 1) {
    const begun = performance.now();
    await database.pool.query('INSERT INTO bench_commits DEFAULT VALUES');
    const committed = performance.now();
    await writeFile(join(folder, String(round)), 'a few bytes', { flush: true });
    measured.committing.push(committed - begun);
    measured.syncing.push(performance.now() - committed);
  }
  rmSync(folder, { recursive: true });
}

async function measureRounds(studio: Studio, database: Database): Promise<Measured> {
  const measured: Measured = { steps: new Map(), rounds: [], creating: [], committing: [], syncing: [] };
  const note = (name: string, values: readonly number[]) => measured.steps.set(name, [...(measured.steps.get(name) ?? []), ...values]);
  const begun = performance.now();
  for (let round = 0; round < 3 || performance.now() - begun < measuringMs; round += 1) {
    for (const length of lengths) {
      const asked = performance.now();
      const run = await createNoOpRun(studio, length);
      if (length === 5) measured.creating.push(performance.now() - asked);
      await ended(database, run.id);
      const values = await overheads(database, run.id);
      if (round === 0) continue; // The slot's process starts, code is compiled, statements are prepared.
      note(`chain of ${length}`, values);
      if (length === 20) measured.rounds.push(median(values));
    }
    await noteMachine(database, measured);
    const watched = await createNoOpRun(studio, 20);
    await studio.ended(watched.id);
    if (round > 0) note('chain of 20, watched', await overheads(database, watched.id));
  }
  return measured;
}

async function measureWhole(): Promise<Figure[]> {
  await using studio = await startNoOpStudio(1);
  const database = await openStudioDatabase(studio);
  try {
    const { steps, rounds, creating, committing, syncing } = await measureRounds(studio, database);
    const figures: Figure[] = [];
    for (const [name, values] of steps) {
      for (const [label, share] of Object.entries({ p50: 0.5, p90: 0.9, p99: 0.99 })) {
        figures.push({ name: `overhead per step, ${name}: ${label}`, value: quantile(values, share), unit: 'ms' });
      }
    }
    figures.push({ name: 'overhead per step, chain of 20: p50 of the quietest round', value: Math.min(...rounds), unit: 'ms' });
    figures.push({ name: 'overhead per step, chain of 20: p50 of the noisiest round', value: Math.max(...rounds), unit: 'ms' });
    figures.push({ name: 'creating a run of 5 steps over HTTP, planned and committed: p50', value: median(creating), unit: 'ms' });
    figures.push({ name: 'for comparison, one row inserted and committed at the same time: p50', value: median(committing), unit: 'ms' });
    figures.push({ name: 'for comparison, one small file written and synchronised: p50', value: median(syncing), unit: 'ms' });
    return figures;
  } finally {
    await database.close();
  }
}

/** A studio of its own with the probe in it: where the time of a step goes. */
async function measureSplit(): Promise<Figure[]> {
  const folder = mkdtempSync(join(tmpdir(), 'atelier-probe-'));
  const file = join(folder, 'events');
  const probe = join(import.meta.dirname, 'support/probe.ts');
  {
    await using studio = await startNoOpStudio(1, { NODE_OPTIONS: `--import ${probe}`, ATELIER_BENCH_PROBE: file });
    const database = await openStudioDatabase(studio);
    for (let round = 0; round < 8; round += 1) await ended(database, (await createNoOpRun(studio, 20)).id);
    await database.close();
  }
  const read = (where: string) => readFileSync(`${file}.${where}`, 'utf8').trim().split('\n');
  const parse = (where: string) => read(where).map((line) => JSON.parse(line) as ProbeEvent);
  const phases = splitSteps(parse('coordinator'), parse('edge'));
  rmSync(folder, { recursive: true });
  return [...phases].map(([name, values]) => ({ name: `part of a step: ${name}: p50`, value: median(values), unit: 'ms' }));
}

writeResults('overhead', [...(await measureWhole()), ...(await measureSplit())]);
