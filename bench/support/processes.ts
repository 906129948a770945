import { readdirSync, readFileSync } from 'node:fs';
import type { Studio } from '../../tests/support/studio.ts';

/** Processor time is counted in these (getconf CLK_TCK is 100 on every Linux that Node runs on). */
const ticksPerSecond = 100;

/** The processes of a studio, by what they are; each list has all that belong to it. */
export interface StudioProcesses {
  readonly coordinator: readonly number[];
  readonly database: readonly number[];
  readonly edges: readonly number[];
  readonly slots: readonly number[];
}

/** @param anyBackend process id of some connection to the studio's database, as `pg_backend_pid()` gives it */
export function processesOf(studio: Studio, anyBackend: number): StudioProcesses {
  const postmaster = parentOf(anyBackend);
  const edges = studio.edges().map(({ pid }) => pid);
  const slots = studio.slots().map(({ pid }) => pid);
  return { coordinator: [studio.pid], database: [postmaster, ...childrenOf(postmaster)], edges, slots };
}

/** Linux only: the fields behind the command's name, which may have spaces and brackets (proc_pid_stat(5)). */
const statOf = (pid: number) =>
  readFileSync(`/proc/${pid}/stat`, 'utf8')
    .replace(/^.*\) /s, '')
    .split(' ');

const parentOf = (pid: number) => Number(statOf(pid)[1]);

function childrenOf(parent: number): number[] {
  const all = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  return all.map(Number).filter((pid) => quietly(() => parentOf(pid)) === parent);
}

/** Seconds of processor time that processes have used, with those of their children that have ended. */
export function processorSeconds(pids: readonly number[]): number {
  const ticks = pids.map(
    (pid) =>
      quietly(() =>
        statOf(pid)
          .slice(11, 15)
          .reduce((sum, field) => sum + Number(field), 0),
      ) ?? 0,
  );
  return ticks.reduce((sum, value) => sum + value, 0) / ticksPerSecond;
}

/** Bytes of memory in proportion: what several processes share is divided among them (PSS). */
export function proportionalBytes(pids: readonly number[]): number {
  const sizes = pids.map((pid) => quietly(() => Number(/^Pss:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8'))?.[1]) * 1024) ?? 0);
  return sizes.reduce((sum, size) => sum + size, 0);
}

/** Undefined if the process has ended meanwhile. */
function quietly<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (['ENOENT', 'ESRCH'].includes((error as NodeJS.ErrnoException).code ?? '')) return undefined;
    throw error;
  }
}
