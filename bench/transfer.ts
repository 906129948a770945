/**
 * Bytes per second from one edge to another by ticket, against plain HTTP of as many bytes on the same loopback, in turns.
 * See README.md for what this does not measure. Run it with Node 22.18 or newer: `node bench/transfer.ts`.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Chain, NewRun, RunView } from '@atelier/protocol';
import type { Database } from '@atelier/store';
import type { Studio } from '../tests/support/studio.ts';
import { openStudioDatabase } from '../tests/support/studio-database.ts';
import { bytesModel } from './support/bytes-tasks.ts';
import { newStudio, writeEdgeFile } from './support/no-op-studio.ts';
import { startPlainTransfer } from './support/plain-transfer.ts';
import { median, writeResults } from './support/results.ts';

const bytes = 64 * 1024 ** 2;
const rounds = 6;
const mostMs = 70_000;

const making: Chain = { inputs: { text: { modality: 'text' } }, steps: [{ id: 'make', task: 'make-bytes', parameters: { count: bytes } }] };
const counting: Chain = { inputs: { bytes: { modality: 'tensor' } }, steps: [{ id: 'count', task: 'count-bytes', inputs: { bytes: 'inputs.bytes' } }] };
const both: Chain = { ...making, steps: [...making.steps, { id: 'count', task: 'count-bytes', inputs: { bytes: 'make.bytes' } }] };

async function run(studio: Studio, chain: Chain, inputs: NewRun['inputs']): Promise<RunView> {
  const { id } = await studio.client.api.runs.create({ chain, inputs });
  const ended = await studio.ended(id);
  if (ended.state !== 'succeeded') throw new Error(`a run ended as ${ended.state}: ${ended.error?.message}`);
  return ended;
}

/** Bytes per second as the taking edge measured them: from asking until all is hashed, written and on the disk itself. */
function rateOf(view: RunView): number {
  const timings = view.steps.find((step) => step.id === 'count')?.attempts.at(-1)?.timings;
  if (timings?.transferBytes !== bytes) throw new Error(`${timings?.transferBytes} bytes were transferred instead of ${bytes}`);
  return timings.transferBytes / timings.transferSeconds;
}

/** Until the coordinator has its own copy, so that its fetching does not share the link with what is measured. */
async function copied(database: Database, hash: string): Promise<void> {
  for (;;) {
    const { rowCount } = await database.pool.query("SELECT 1 FROM replicas WHERE hash = $1 AND place = 'coordinator'", [hash]);
    if (rowCount === 1) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

async function alone(studio: Studio, database: Database): Promise<number> {
  const made = await run(studio, making, { text: { text: 'go' } });
  const output = made.steps[0]?.outputs[0];
  if (output === undefined) throw new Error('nothing was made');
  await copied(database, output.hash);
  return rateOf(await run(studio, counting, { bytes: { outputId: output.id } }));
}

const folder = mkdtempSync(join(tmpdir(), 'atelier-fleet-'));
const fleet = join(folder, 'fleet.json');
const edges = { Giver: 'make-bytes', Taker: 'count-bytes' } as const;
writeFileSync(fleet, JSON.stringify({ edges: Object.entries(edges).map(([name, model]) => ({ name, models: [model] })) }));
const byTicket: number[] = [];
const inChain: number[] = [];
const kept: number[] = [];
const thrownAway: number[] = [];
{
  await using studio = newStudio({ fleet, tasks: [join(import.meta.dirname, 'support/bytes-tasks.ts')] });
  for (const [name, model] of Object.entries(edges)) writeEdgeFile(studio, name, { models: [bytesModel(model)] });
  await using plain = await startPlainTransfer(bytes);
  await studio.start();
  for (const model of Object.values(edges)) await studio.offered(model);
  const database = await openStudioDatabase(studio);
  const begun = performance.now();
  for (let round = 0; round <= rounds && (round < 3 || performance.now() - begun < mostMs); round += 1) {
    const rates = [
      await alone(studio, database),
      bytes / (await plain.seconds('kept')),
      rateOf(await run(studio, both, { text: { text: 'go' } })),
      bytes / (await plain.seconds('thrown away')),
    ];
    if (round === 0) continue; // Code is compiled, connections are made.
    for (const [index, list] of [byTicket, kept, inChain, thrownAway].entries()) list.push(rates[index] as number);
  }
  await database.close();
}
rmSync(folder, { recursive: true });

const megabytes = (values: readonly number[]) => median(values) / 1e6;
const ratios = (values: readonly number[]) => byTicket.map((rate, index) => rate / (values[index] as number));
writeResults('transfer', [
  { name: '64 MiB from edge to edge by ticket, hashed and written', value: megabytes(byTicket), unit: 'MB/s' },
  { name: 'the same within a chain, while the coordinator takes its own copy', value: megabytes(inChain), unit: 'MB/s' },
  { name: 'plain HTTP, hashed and written', value: megabytes(kept), unit: 'MB/s' },
  { name: 'plain HTTP, thrown away', value: megabytes(thrownAway), unit: 'MB/s' },
  { name: 'by ticket against plain HTTP, hashed and written: median ratio', value: median(ratios(kept)), unit: '' },
  { name: 'by ticket against plain HTTP, hashed and written: lowest ratio', value: Math.min(...ratios(kept)), unit: '' },
  { name: 'by ticket against plain HTTP, hashed and written: highest ratio', value: Math.max(...ratios(kept)), unit: '' },
  { name: 'by ticket against plain HTTP, thrown away: median ratio', value: median(ratios(thrownAway)), unit: '' },
]);
