import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, open, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { holderOf, runsProgram } from '@atelier/folder-lock';
import type { Logger } from '../../core/index.ts';

const edgeProgram = join(import.meta.dirname, '../../../../edge/src/main.ts');

/** Milliseconds. */
const lookEveryMs = 1_000;
const firstRestartMs = 300;
const longestRestartMs = 15_000;
const stopWithinMs = 8_000;

/** An edge of this machine that the coordinator keeps running. */
export interface LocalEdgeOptions {
  readonly name: string;
  readonly folder: string;
  /** Further arguments for the edge's program. */
  readonly args: readonly string[];
  readonly url: string;
  readonly logFile: string;
  /** A fresh join token; used by the edge only where it is not known to us. */
  readonly joinToken: () => Promise<string>;
  /** Whether an edge was heard since then: it had started well, and what ended it came later. */
  readonly heardSince: (edgeId: string, since: Date) => Promise<boolean>;
  readonly log: Logger;
}

export interface LocalEdge {
  /** Ends the edge gracefully, and for good after a while. */
  close(): Promise<void>;
}

/** Keeps one local edge alive: adopts one that still lives in its folder, else starts one, and starts it again when it dies. */
export function keepLocalEdge(options: LocalEdgeOptions): LocalEdge {
  const stop = new AbortController();
  const kept = keepAlive(options, stop.signal).catch((err) => options.log.error({ err, edge: options.name }, 'A local edge could not be kept.'));
  return {
    async close() {
      stop.abort();
      await kept;
      await endEdge(options.folder);
    },
  };
}

async function keepAlive(options: LocalEdgeOptions, signal: AbortSignal): Promise<void> {
  let waitMs = firstRestartMs;
  while (!signal.aborted) {
    const startedAt = new Date();
    if (await holderOf(options.folder, 'edge')) await adopt(options, signal);
    else await runOnce(options, signal);
    if (signal.aborted) return;
    // Only one that never gets as far as speaking to us is started more and more seldom.
    const { edgeId } = await readIdentity(options.folder);
    waitMs = edgeId && (await options.heardSince(edgeId, startedAt)) ? firstRestartMs : Math.min(waitMs * 2, longestRestartMs);
    options.log.warn({ edge: options.name, waitMs }, 'A local edge ended; it is started again.');
    await pause(waitMs, undefined, { signal }).catch(() => undefined);
  }
}

/** Waits as long as the edge lives that an earlier coordinator left. One that dials another address is ended and replaced. */
async function adopt(options: LocalEdgeOptions, signal: AbortSignal): Promise<void> {
  if ((await readIdentity(options.folder)).coordinatorUrl !== options.url) {
    await endEdge(options.folder);
    return;
  }
  options.log.info({ edge: options.name }, 'A local edge still lives; it is kept.');
  while (!signal.aborted && (await holderOf(options.folder, 'edge'))) await pause(lookEveryMs, undefined, { signal }).catch(() => undefined);
}

/** What the edge keeps of its joining; nothing if it has not joined, or was killed while it wrote. */
async function readIdentity(folder: string): Promise<{ edgeId?: string | null; coordinatorUrl?: string }> {
  const text = await readFile(join(folder, 'edge.json'), 'utf8').catch(() => '{}');
  try {
    return JSON.parse(text);
  } catch {
    return {};
  }
}

async function runOnce(options: LocalEdgeOptions, signal: AbortSignal): Promise<void> {
  await mkdir(options.folder, { recursive: true, mode: 0o700 });
  await using output = await open(options.logFile, 'a', 0o600);
  // In a process group of its own: Ctrl-C is for the coordinator, which ends its edges in order.
  const child = spawn(process.execPath, [edgeProgram, '--folder', options.folder, '--name', options.name, '--join', options.url, ...options.args], {
    detached: true,
    stdio: ['ignore', output.fd, output.fd],
    // By the environment, as other users of the machine can read arguments.
    env: { ...childEnvironment(), ATELIER_JOIN_TOKEN: await options.joinToken() },
  });
  options.log.info({ edge: options.name, pid: child.pid }, 'A local edge was started.');
  const end = () => child.kill('SIGTERM');
  signal.addEventListener('abort', end, { once: true });
  const force = () => setTimeout(() => child.kill('SIGKILL'), stopWithinMs).unref();
  signal.addEventListener('abort', force, { once: true });
  if (signal.aborted) end();
  await once(child, 'exit');
  signal.removeEventListener('abort', end);
  signal.removeEventListener('abort', force);
}

/** An edge holds no password of the database, no key of the storage, and no token of a person. */
function childEnvironment(): NodeJS.ProcessEnv {
  const isOurs = (name: string) => /^(DATABASE_URL$|PG|AWS_|ATELIER_S3_|ATELIER_TOKEN$)/.test(name);
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !isOurs(name)));
}

/** Ends whatever edge lives in a folder. */
export async function endEdge(folder: string): Promise<void> {
  const deadline = performance.now() + stopWithinMs;
  for (;;) {
    const holder = await holderOf(folder, 'edge');
    if (!holder) return;
    const late = performance.now() > deadline;
    // Whoever listens at the socket says any number; only an edge of this folder gets a signal.
    if (holder.pid !== null && (await runsProgram(holder.pid, ['--folder', folder]))) signalProcess(holder.pid, late ? 'SIGKILL' : 'SIGTERM');
    else if (late) return;
    await pause(200);
  }
}

function signalProcess(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    // It ended by itself meanwhile.
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}
