import { execFile } from 'node:child_process';
import { readFile, stat } from 'node:fs/promises';
import { userInfo } from 'node:os';
import { promisify } from 'node:util';

const run = promisify(execFile);

/**
 * Whether a process of this user runs a program: a number that a socket or a file tells may be another program's by now, or a lie, so
 * this is asked before a signal is sent. Always true on Windows, where only the owner's own named pipes and files tell it.
 * @param words that are arguments of its command line, such as the program's file and its folder
 */
export async function runsProgram(pid: number, words: readonly string[]): Promise<boolean> {
  if (!Number.isSafeInteger(pid) || pid <= 1) return false;
  if (process.platform === 'win32') return true;
  const found = await (process.platform === 'linux' ? fromProc(pid) : fromPs(pid)).catch(() => undefined);
  return found !== undefined && found.uid === userInfo().uid && words.every((word) => found.has(word));
}

async function fromProc(pid: number) {
  const [{ uid }, line] = await Promise.all([stat(`/proc/${pid}`), readFile(`/proc/${pid}/cmdline`, 'utf8')]);
  const words = line.split('\0');
  return { uid, has: (word: string) => words.includes(word) };
}

async function fromPs(pid: number) {
  const { stdout } = await run('ps', ['-ww', '-o', 'uid=,command=', '-p', String(pid)]);
  return { uid: Number.parseInt(stdout, 10), has: (word: string) => `${stdout.trim()} `.includes(` ${word} `) };
}
