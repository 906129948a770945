import { execFileSync } from 'node:child_process';
import { until } from './deadline.ts';

export interface RunningProcess {
  readonly pid: number;
  readonly parent: number;
  readonly command: string;
}

/** Every process of this machine, by `ps`. */
export function listProcesses(): RunningProcess[] {
  const table = execFileSync('ps', ['-A', '-ww', '-o', 'pid=,ppid=,command='], { encoding: 'utf8' });
  return table
    .split('\n')
    .map((line) => /^\s*(\d+)\s+(\d+)\s+(.*)$/.exec(line))
    .filter((match) => match !== null)
    .map(([, pid, parent, command]) => ({ pid: Number(pid), parent: Number(parent), command: command as string }));
}

/** Those whose command line has all of these words; the words must be unlikely elsewhere, such as a temporary folder's name. */
export function processesWith(...words: string[]): RunningProcess[] {
  return listProcesses().filter(({ command }) => words.every((word) => command.includes(word)));
}

export function childrenOf(pid: number): RunningProcess[] {
  return listProcesses().filter(({ parent }) => parent === pid);
}

/** Whether a process of this number lives. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

/** A process and everything that it started, itself first; other process groups too, which a signal to the group would miss. */
export function treeOf(pid: number): number[] {
  const all = listProcesses();
  const below = (parent: number): number[] => [parent, ...all.filter((child) => child.parent === parent).flatMap((child) => below(child.pid))];
  return below(pid);
}

/** Waits until a process is gone; a zombie that nobody has waited for yet counts as gone. */
export async function gone(pid: number): Promise<void> {
  await until(() => !isAlive(pid) || isZombie(pid));
}

function isZombie(pid: number): boolean {
  try {
    return execFileSync('ps', ['-o', 'stat=', '-p', String(pid)], { encoding: 'utf8' })
      .trim()
      .startsWith('Z');
  } catch {
    return true;
  }
}

/** Memory that a process has in RAM now. */
export function residentBytes(pid: number): number {
  return Number(execFileSync('ps', ['-o', 'rss=', '-p', String(pid)], { encoding: 'utf8' })) * 1024;
}
