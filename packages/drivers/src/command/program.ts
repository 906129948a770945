import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { AtelierError, cutText, cutToEnd } from '@atelier/protocol';
import type { StepReport } from '../driver.ts';
import { commandEnvironment } from '../environment.ts';

export interface ProgramOptions {
  readonly argv: readonly string[];
  readonly cwd: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly timeoutMs: number;
  readonly report: StepReport;
  /** Whether the program's output, apart from lines of progress, is the step's text as it grows. */
  readonly streamsText: boolean;
}

const isWindows = process.platform === 'win32';
const running = new Set<ChildProcess>();

/** A group of its own: what the program starts dies with it. Where this process ends first, its programs end too. */
function killGroup(child: ChildProcess, signal: NodeJS.Signals): void {
  if (child.pid === undefined || child.exitCode !== null) return;
  try {
    if (isWindows) child.kill(signal);
    else process.kill(-child.pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

/** Ends every program of this process, with all that they started. */
export function killAllPrograms(): void {
  for (const child of running) killGroup(child, 'SIGKILL');
}

let watches = false;
function watchEnd(): void {
  if (watches) return;
  watches = true;
  process.once('exit', killAllPrograms);
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) {
    process.once(signal, () => {
      killAllPrograms();
      // The signal's own effect, where nobody else waits for it.
      if (process.listenerCount(signal) === 0) process.kill(process.pid, signal);
    });
  }
}

/**
 * A guard that outlives this process by a moment: when the pipe to it closes, as it does when this process is killed, it kills the group.
 * It has no values of a user in it, and is not started on Windows.
 */
function startGuard(child: ChildProcess): ChildProcess | undefined {
  if (isWindows || child.pid === undefined) return undefined;
  const guard = spawn('/bin/sh', ['-c', 'read -r _; kill -s KILL -- "-$1"', 'atelier-guard', String(child.pid)], {
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true,
  });
  guard.on('error', () => undefined);
  guard.stdin.on('error', () => undefined);
  return guard;
}

/**
 * Runs a program without a shell until it ends well.
 * Lines `progress 0.4` or `{"progress": 0.4, "message": "..."}` on its standard output are progress.
 * @returns its standard output without the lines of progress, up to 64 KiB
 * @throws AtelierError `invalid-input` if it cannot be started, `timeout`, `step-failed` with the end of what it said on standard error
 */
export async function runProgram(options: ProgramOptions): Promise<string> {
  watchEnd();
  const [file, ...args] = options.argv as [string, ...string[]];
  const child = spawn(file, args, {
    cwd: options.cwd,
    env: { ...commandEnvironment(process.env), ...options.environment },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: !isWindows,
    shell: false,
  });
  running.add(child);
  const guard = startGuard(child);
  let complaint = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    complaint = cutToEnd(complaint + text, 2000);
  });
  const output = readLines(child, options);
  let isLate = false;
  const clock = setTimeout(() => {
    isLate = true;
    killGroup(child, 'SIGKILL');
  }, options.timeoutMs);
  try {
    const [code, signal] = await ended(child, file);
    if (isLate)
      throw new AtelierError('timeout', `${file} ran longer than ${options.timeoutMs / 1000} s.`, { hint: 'The limit stands in options.timeoutSeconds.' });
    if (code !== 0) throw new AtelierError('step-failed', `${file} ended with ${signal ?? `code ${code}`}. ${complaint.trim()}`.trim());
    return await output;
  } finally {
    clearTimeout(clock);
    // What it left running in its group has no business any more.
    killLeftovers(child);
    guard?.kill('SIGKILL');
    running.delete(child);
  }
}

function killLeftovers(child: ChildProcess): void {
  if (isWindows || child.pid === undefined) return;
  try {
    process.kill(-child.pid, 'SIGKILL');
  } catch (error) {
    if (!['ESRCH', 'EPERM'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error;
  }
}

function ended(child: ChildProcess, file: string): Promise<[number | null, NodeJS.Signals | null]> {
  return new Promise((resolve, reject) => {
    child.once('error', (cause) => {
      reject(new AtelierError('invalid-input', `${file} cannot be started: ${cause.message}.`, { hint: "Correct options.command in the edge's file.", cause }));
    });
    child.once('close', (code, signal) => resolve([code, signal]));
  });
}

async function readLines(child: ChildProcess, { report, streamsText }: ProgramOptions): Promise<string> {
  if (!child.stdout) return '';
  let text = '';
  let last = 0;
  for await (const line of createInterface({ input: child.stdout, crlfDelay: Number.POSITIVE_INFINITY })) {
    const progress = readProgress(line);
    if (progress) {
      last = Math.max(last, Math.min(0.99, progress.fraction));
      report.progress(last, progress.message);
    } else if (text.length < 64 * 1024) {
      const delta = text === '' ? line : `\n${line}`;
      text += delta;
      if (streamsText) report.text(delta);
    }
  }
  return text;
}

function readProgress(line: string): { fraction: number; message?: string } | undefined {
  const plain = /^progress\s+(\d*\.?\d+)(?:\s+(.{1,100}))?\s*$/.exec(line);
  if (plain) return { fraction: Number(plain[1]), ...(plain[2] ? { message: plain[2] } : {}) };
  if (!line.startsWith('{"progress"')) return undefined;
  try {
    const { progress, message } = JSON.parse(line) as { progress: unknown; message?: unknown };
    return typeof progress === 'number' ? { fraction: progress, ...(typeof message === 'string' ? { message: cutText(message, 100) } : {}) } : undefined;
  } catch {
    return undefined; // Not progress, then: a line of text that looks like it.
  }
}
