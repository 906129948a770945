import { type ChildProcess, fork } from 'node:child_process';
import { join } from 'node:path';
import { type FailureLog, guarded } from '@atelier/background';
import { slotEnvironment } from '@atelier/drivers/environment';
import type { LastWords } from '../child/last-words.ts';
import { signalGroup } from '../child/process-group.ts';
import type { FromService, ToService } from './service-ipc.ts';

export interface ServiceProcessOptions {
  /** Modules of the owner's, as absolute paths. */
  readonly taskModules: readonly string[];
  /** Names of environment variables that are passed on beside the usual ones. */
  readonly environment: { readonly further: readonly string[] };
  readonly log: FailureLog;
}

const graceMs = 5_000;
const lastWordsMs = 200;

/** A child process for one life of one service, in a process group of its own: it ends with all that it started, and with the agent. */
export class ServiceProcess {
  readonly #child: ChildProcess;
  /** How it ended: `by SIGKILL`, `with status 1`. */
  readonly ended: Promise<string>;

  constructor(options: ServiceProcessOptions & { readonly memoryBytes: number }, words: LastWords, onMessage: (message: FromService) => void) {
    const heapMegabytes = Math.max(16, Math.ceil(options.memoryBytes / 1024 ** 2));
    this.#child = fork(join(import.meta.dirname, 'process/main.ts'), [...options.taskModules], {
      detached: process.platform !== 'win32',
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
      execArgv: [`--max-old-space-size=${heapMegabytes}`],
      env: slotEnvironment(process.env, options.environment.further, []),
    });
    this.#child.stdout?.on('data', (chunk: Buffer) => words.keep(chunk));
    this.#child.stderr?.on('data', (chunk: Buffer) => words.keep(chunk));
    this.#child.on('message', guarded(options.log, 'a message of a service could not be followed', onMessage));
    this.ended = new Promise((resolve) => {
      this.#child.once('error', (error) => resolve(`before it began: ${error.message}`));
      this.#child.once('exit', (code, signal) => {
        signalGroup(this.#child, 'SIGKILL');
        const end = () => resolve(signal ? `by ${signal}` : `with status ${code}`);
        // `close` comes after the last of its words; a stray child that holds the pipe open is not waited for.
        this.#child.once('close', end);
        setTimeout(end, lastWordsMs);
      });
    });
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  /** A process that has just died is told of by its end. */
  tell(message: ToService): void {
    if (this.#child.connected) this.#child.send(message, () => undefined);
  }

  /** Lets it end in order for a few seconds, then ends it and all that it started. */
  async stop(): Promise<void> {
    signalGroup(this.#child, 'SIGTERM');
    const force = setTimeout(() => this.kill(), graceMs);
    await this.ended;
    clearTimeout(force);
  }

  kill(): void {
    signalGroup(this.#child, 'SIGKILL');
  }
}
