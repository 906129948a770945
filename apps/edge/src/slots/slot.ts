import { type ChildProcess, fork } from 'node:child_process';
import { join } from 'node:path';
import { type FailureLog, guarded } from '@atelier/background';
import { slotEnvironment } from '@atelier/drivers/environment';
import { AtelierError, cutToEnd } from '@atelier/protocol';
import { LastWords } from '../child/last-words.ts';
import { signalGroup } from '../child/process-group.ts';
import type { DeviceReport, FromSlot, SlotJob, SlotReport, SlotResult, ToSlot } from './slot-messages.ts';
import type { Steering } from './steering.ts';

/** A step that failed, with the last words of its process. */
export class StepFailure extends Error {
  readonly error: AtelierError;
  readonly log: string;

  constructor(error: AtelierError, log: string) {
    super(error.message, { cause: error });
    this.error = error;
    this.log = log;
  }
}

export interface SlotOptions {
  /** Modules of extra tasks and drivers, as absolute paths. */
  readonly taskModules: readonly string[];
  readonly log: FailureLog;
  /** Names of environment variables that are passed on beside the usual ones. */
  readonly environment: { readonly further: readonly string[]; readonly keys: readonly string[] };
}

/** What a slot tells of the step that it runs. */
export interface SlotEvents {
  onReport(report: SlotReport): void;
  onLoaded(modelId: string, bytes: number): void;
}

const ended = () => 'ended' as const;

/** For a step to end by itself, and for a process to. */
const graceMs = 300;
const lastWordsMs = 200;
const logBytes = 16 * 1024;
type Settle = { readonly kinds: readonly FromSlot['kind'][]; readonly resolve: (message: FromSlot) => void; readonly reject: (error: StepFailure) => void };

/**
 * A child process that runs one step at a time, in a process group of its own: ending it ends the commands that it started.
 * Calls wait for each other; `run`, `unload` and `describe` reject with {@link StepFailure} where the process ends meanwhile.
 */
export class Slot {
  readonly #child: ChildProcess;
  readonly #words = new LastWords(logBytes);
  #waiting: Settle | undefined;
  #onReport: ((report: SlotReport) => void) | undefined;
  #onLoaded: ((modelId: string, bytes: number) => void) | undefined;
  #onUnheeded: (() => void) | undefined;
  #run: Promise<unknown> | undefined;
  #ended: string | undefined;
  #last: Promise<unknown> = Promise.resolve();
  readonly exited: Promise<void>;

  constructor(options: SlotOptions) {
    this.#child = fork(join(import.meta.dirname, 'process/main.ts'), [...options.taskModules], {
      detached: process.platform !== 'win32',
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
      execArgv: [],
      env: slotEnvironment(process.env, options.environment.further, options.environment.keys),
    });
    this.#child.stdout?.on('data', (chunk: Buffer) => this.#words.keep(chunk));
    this.#child.stderr?.on('data', (chunk: Buffer) => this.#words.keep(chunk));
    this.#child.on(
      'message',
      guarded(options.log, 'a message of a slot could not be read', (message: FromSlot) => this.#read(message)),
    );
    this.exited = new Promise((resolve) => {
      this.#child.once('error', (error) => this.#end(error.message, resolve));
      this.#child.once('exit', (code, signal) => {
        signalGroup(this.#child, 'SIGKILL');
        const end = () => this.#end(signal ? `by ${signal}` : `with status ${code}`, resolve);
        // `close` comes after the last of stderr was read, so that the log is whole; a stray child that holds it open is not waited for.
        this.#child.once('close', end);
        setTimeout(end, lastWordsMs);
      });
    });
  }

  get alive(): boolean {
    return this.#ended === undefined;
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  /** @param steering what the step is told, before it begins and while it runs */
  async run(job: Omit<SlotJob, 'controls'>, steering: Steering, { onReport, onLoaded }: SlotEvents): Promise<SlotResult> {
    this.#onReport = onReport;
    this.#onLoaded = onLoaded;
    try {
      const answer = this.#ask(() => {
        const controls = steering.lead((control) => this.#tell({ kind: 'control', control }));
        return { kind: 'run', job: { ...job, controls } };
      }, ['done']);
      this.#run = answer;
      const { kind: _kind, ...result } = (await answer) as FromSlot & { kind: 'done' };
      return result;
    } finally {
      steering.leave();
      this.#run = undefined;
      this.#onReport = undefined;
      this.#onLoaded = undefined;
    }
  }

  /** Ends the step that runs: a step that listens for it may end by itself, and its process with the model in memory stays; any other dies with its process. */
  async cancel(): Promise<void> {
    const unheeded = Promise.withResolvers<'unheeded'>();
    const grace = setTimeout(() => unheeded.resolve('unheeded'), graceMs);
    this.#onUnheeded = () => unheeded.resolve('unheeded');
    this.#tell({ kind: 'cancel' });
    const outcome = await Promise.race([unheeded.promise, this.#run?.then(ended, ended) ?? unheeded.promise]);
    clearTimeout(grace);
    this.#onUnheeded = undefined;
    if (outcome === 'unheeded') await this.kill();
  }

  /** @returns resident bytes of the process afterwards */
  async unload(modelId: string): Promise<number> {
    return ((await this.#ask(() => ({ kind: 'unload', modelId }), ['unloaded'])) as FromSlot & { kind: 'unloaded' }).residentBytes;
  }

  async describe(drivers: readonly string[]): Promise<readonly DeviceReport[]> {
    return ((await this.#ask(() => ({ kind: 'describe', drivers }), ['devices'])) as FromSlot & { kind: 'devices' }).devices;
  }

  /** Ends the process and everything that it started, within half a second. */
  async kill(): Promise<void> {
    if (!this.alive) return;
    signalGroup(this.#child, 'SIGTERM');
    const force = setTimeout(() => signalGroup(this.#child, 'SIGKILL'), graceMs);
    await this.exited;
    clearTimeout(force);
  }

  /** One question after the other, as the process answers them. @param message is made when it is sent */
  #ask(message: () => ToSlot, kinds: readonly FromSlot['kind'][]): Promise<FromSlot> {
    const answer = this.#last.then(() => this.#askNow(message, kinds));
    this.#last = answer.catch(() => undefined);
    return answer;
  }

  #askNow(message: () => ToSlot, kinds: readonly FromSlot['kind'][]): Promise<FromSlot> {
    return new Promise((resolve, reject) => {
      if (!this.alive) return reject(this.#crash());
      this.#waiting = { kinds, resolve, reject };
      this.#tell(message());
    });
  }

  /** Tells the process something now, whatever it is doing. */
  #tell(message: ToSlot): void {
    if (!this.alive) return;
    this.#child.send(message, (error) => {
      // A process that has just died is told of by its exit.
      if (error && this.alive) this.#child.kill('SIGKILL');
    });
  }

  #read(message: FromSlot): void {
    const waiting = this.#waiting;
    if (isReport(message)) {
      this.#onReport?.(message);
    } else if (message.kind === 'unheeded') {
      this.#onUnheeded?.();
    } else if (message.kind === 'loaded') {
      this.#onLoaded?.(message.modelId, message.bytes);
    } else if (message.kind === 'failed') {
      this.#waiting = undefined;
      waiting?.reject(new StepFailure(AtelierError.from(message.error), clip(`${this.#words}\n${message.log}`.trim())));
    } else if (waiting?.kinds.includes(message.kind)) {
      this.#waiting = undefined;
      waiting.resolve(message);
    }
  }

  #end(how: string, resolve: () => void): void {
    if (this.#ended !== undefined) return;
    this.#ended = how;
    this.#waiting?.reject(this.#crash());
    this.#waiting = undefined;
    resolve();
  }

  #crash(): StepFailure {
    const error = new AtelierError('slot-crashed', `The process of the step ended ${this.#ended}.`, {
      hint: this.#ended?.includes('SIGKILL') ? 'The machine may have run out of memory: give the edge a smaller --memory.' : 'The log has its last words.',
    });
    return new StepFailure(error, this.#words.toString());
  }
}

const reports: ReadonlySet<string> = new Set<SlotReport['kind']>(['progress', 'preview', 'text', 'applied', 'checkpoint']);
const isReport = (message: FromSlot): message is SlotReport => reports.has(message.kind);

function clip(text: string): string {
  return cutToEnd(text, logBytes);
}
