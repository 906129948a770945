import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { join } from 'node:path';

/** One figure. Names are stable, so that later results can be compared. */
export interface Figure {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
}

/** Prints the figures and writes bench/results/NAME.json: a JSON object a line, each with machine, date and commit. */
export function writeResults(name: string, figures: readonly Figure[]): void {
  const folder = join(import.meta.dirname, '../results');
  const commit = execFileSync('git', ['rev-parse', '--short', 'HEAD'], { encoding: 'utf8', cwd: folder }).trim();
  const about = { machine: `${cpus().length} x ${cpus()[0]?.model ?? 'unknown'}`, date: new Date().toISOString().slice(0, 10), commit };
  const rounded = figures.map((figure) => ({ name: figure.name, value: Number(figure.value.toPrecision(4)), unit: figure.unit }));
  const width = Math.max(...rounded.map((figure) => figure.name.length));
  for (const figure of rounded) process.stdout.write(`${figure.name.padEnd(width)}  ${String(figure.value).padStart(10)} ${figure.unit}\n`);
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, `${name}.json`), rounded.map((figure) => `${JSON.stringify({ ...figure, ...about })}\n`).join(''));
}

/** The value under which this share of the values lies, by nearest rank. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  if (sorted.length === 0) throw new Error('nothing was measured');
  return sorted[Math.min(sorted.length - 1, Math.max(0, Math.ceil(share * sorted.length) - 1))] as number;
}

export const median = (values: readonly number[]) => quantile(values, 0.5);
