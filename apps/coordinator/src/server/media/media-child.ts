import { type ChildProcess, fork } from 'node:child_process';
import { join } from 'node:path';
import { AtelierError } from '@atelier/protocol';
import { type MediaAnswer, type MediaQuestion, overMemory } from './messages.ts';

/** What a decoder needs to find its libraries; nothing of the coordinator's settings and secrets. */
const passedOn = ['PATH', 'TMPDIR', 'TEMP', 'SystemRoot', 'LD_LIBRARY_PATH'];
const mostOldSpaceMiB = 512;
/** What another program sends, or the system if memory is short; a file that breaks a decoder ends it otherwise. */
const fromOutside: ReadonlySet<NodeJS.Signals> = new Set(['SIGKILL', 'SIGTERM', 'SIGINT', 'SIGHUP']);

/** One reading process; over a bound of memory it ends itself. */
export class MediaChild {
  readonly #child: ChildProcess;
  readonly #exited: Promise<void>;
  /** Hears the answer to the question that is open, or that the process ended over it. */
  #settle: (answer: MediaAnswer | undefined) => void = () => undefined;
  #words = '';
  #ended = false;
  /** Whether something else than the file ended it: we did, another program, or it never began. */
  #isEndedFromOutside = false;

  constructor(mostBytes: number) {
    const env = Object.fromEntries(passedOn.flatMap((name) => (process.env[name] === undefined ? [] : [[name, process.env[name]]])));
    this.#child = fork(join(import.meta.dirname, 'media-process.ts'), [String(mostBytes)], {
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
      execArgv: [`--max-old-space-size=${mostOldSpaceMiB}`],
      serialization: 'advanced',
      env,
    });
    this.#child.stderr?.on('data', (chunk: Buffer) => {
      this.#words = `${this.#words}${chunk}`.slice(-200);
    });
    this.#child.on('message', (answer: MediaAnswer) => this.#settle(answer));
    this.#exited = new Promise((resolve) => {
      const end = (isFromOutside: boolean) => {
        this.#isEndedFromOutside ||= isFromOutside;
        this.#ended = true;
        this.#settle(undefined);
        resolve();
      };
      this.#child.once('error', () => end(true));
      this.#child.once('close', (_code, signal) => end(signal !== null && fromOutside.has(signal)));
    });
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  get isAlive(): boolean {
    return !this.#ended && this.#child.connected;
  }

  /** @throws AtelierError what the file was refused for; `too-large`, `timeout` or `damaged-media` if the process ended over it, `unavailable` if something else ended it */
  async ask(question: MediaQuestion, mostMs: number): Promise<MediaAnswer> {
    let isLate = false;
    const slow = setTimeout(() => {
      isLate = true;
      this.#child.kill('SIGKILL');
    }, mostMs);
    try {
      const answer = await this.#answer(question);
      if (answer === undefined) throw this.#reason(isLate);
      if (answer.kind === 'error') throw AtelierError.from(answer.error);
      return answer;
    } finally {
      clearTimeout(slow);
    }
  }

  /** @returns undefined if the process ended instead */
  #answer(question: MediaQuestion): Promise<MediaAnswer | undefined> {
    if (this.#ended) return Promise.resolve(undefined);
    return new Promise<MediaAnswer | undefined>((resolve) => {
      this.#settle = resolve;
      // Its end is told by `close`.
      this.#child.send(question, () => undefined);
    }).finally(() => {
      this.#settle = () => undefined;
    });
  }

  #reason(isLate: boolean): AtelierError {
    if (isLate) return new AtelierError('timeout', 'The file could not be read in time.', { hint: 'Give a shorter or smaller one.' });
    if (this.#words.includes(overMemory)) {
      return new AtelierError('too-large', 'The file needs more memory to be read than a file may take.', { hint: 'Give a shorter or smaller one.' });
    }
    if (this.#isEndedFromOutside) return new AtelierError('unavailable', 'The reading of the file was interrupted.', { hint: 'Try again in a moment.' });
    return new AtelierError('damaged-media', 'The file cannot be read.', { hint: 'Export it again: a recording as WAV, an image as PNG.' });
  }

  async end(): Promise<void> {
    this.#isEndedFromOutside = true;
    this.#child.kill('SIGKILL');
    await this.#exited;
  }
}
