import { type ChildProcess, spawn } from 'node:child_process';
import { EventEmitter, once } from 'node:events';
import { chmodSync, cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { type AtelierClient, createClient } from '@atelier/client';
import type { EdgeView, RunEvent, RunId, RunView } from '@atelier/protocol';
import { stopEmbeddedServer } from '@atelier/store';
import { until, within } from './deadline.ts';
import { childrenOf, isAlive, processesWith, type RunningProcess } from './processes.ts';

const root = path.resolve(import.meta.dirname, '../..');

/** Where `npm test` has put the starter models; undefined if a test is run by hand without them. */
export const starterModels = process.env.ATELIER_TEST_MODELS;
export const withoutModels = starterModels ? false : 'ATELIER_TEST_MODELS is not set: run it by npm test, which fetches the starter models';

export interface StudioOptions {
  readonly fleet?: string;
  readonly localEdge?: boolean;
  readonly tasks?: readonly string[];
  /** Further arguments of the coordinator. */
  readonly arguments?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
}

export interface CliOptions {
  readonly cwd?: string;
  /** Without this studio's --data: for another one's, or for `atelier edge`, which has a folder of its own. */
  readonly bare?: boolean;
}

export interface CliAnswer {
  readonly code: number;
  readonly out: string;
  readonly error: string;
}

export interface CliProcess {
  readonly ended: Promise<CliAnswer>;
  /** Waits until it has written these words. */
  says(text: string): Promise<void>;
  /** Ctrl-C. */
  interrupt(): void;
}

/** A real studio in processes and a folder of its own, on a free port of loopback. */
export class Studio implements AsyncDisposable {
  readonly data = mkdtempSync(path.join(tmpdir(), 'atelier-test-'));
  readonly options: StudioOptions;
  #child: ChildProcess | undefined;
  #url = '';
  #port = 0;
  welcomeUrl: string | undefined;
  readonly #log = new EventEmitter<{ line: [string] }>();
  #logged: string[] = [];

  constructor(options: StudioOptions = {}) {
    this.options = options;
    // As root the database runs under another account, which has to be able to enter; else it would lie elsewhere and stay.
    chmodSync(this.data, 0o711);
  }

  static async start(options: StudioOptions = {}): Promise<Studio> {
    const studio = new Studio(options);
    await studio.start();
    await studio.ready();
    return studio;
  }

  get url(): string {
    return this.#url;
  }

  get pid(): number {
    return this.#child?.pid ?? 0;
  }

  /** The owner's token, which the command line on this machine reads too. */
  get token(): string {
    return readFileSync(path.join(this.data, 'owner.token'), 'utf8').trim();
  }

  get client(): AtelierClient {
    return createClient({ url: this.#url, token: this.token });
  }

  /** Starts the coordinator, again on the port it had before. Returns when it says its address. */
  async start(): Promise<void> {
    const { options } = this;
    const child = spawn(
      process.execPath,
      [
        path.join(root, 'apps/coordinator/src/main.ts'),
        ...['--data', this.data, '--port', String(this.#port)],
        ...(starterModels ? ['--models', starterModels] : []),
        ...(options.fleet ? ['--fleet', options.fleet] : []),
        ...(options.localEdge === false ? ['--no-local-edge'] : []),
        ...(options.tasks?.length ? ['--tasks', options.tasks.join(',')] : []),
        ...(options.arguments ?? []),
      ],
      { stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, ATELIER_LOG_LEVEL: process.env.ATELIER_LOG_LEVEL ?? 'warn', ...options.environment } },
    );
    this.#child = child;
    createInterface(child.stdout).on('line', (line) => {
      if (!/^\{"level":[123]0/.test(line)) process.stdout.write(`${line}\n`);
      this.#logged.push(line);
      this.#log.emit('line', line);
    });
    const lines = createInterface(child.stderr);
    const told: string[] = [];
    const address = new Promise<string>((resolve, reject) => {
      lines.on('line', (line) => {
        told.push(line);
        const welcome = /^Become its owner at (\S+)/.exec(line);
        if (welcome) this.welcomeUrl = welcome[1];
        const found = /^Atelier is at (\S+)/.exec(line);
        if (found) resolve(found[1] as string);
      });
      child.once('exit', (code, signal) => reject(new Error(`the coordinator ended (${code ?? signal}):\n${told.join('\n')}`)));
    });
    this.#url = (await within('the start of the coordinator', address)).replace(/\/$/, '');
    this.#port = Number(new URL(this.#url).port);
  }

  /** Waits for a line of the coordinator's log, also one that was written already. */
  async logged(text: string): Promise<string> {
    const line = Promise.withResolvers<string>();
    const look = (written: string) => written.includes(text) && line.resolve(written);
    for (const written of this.#logged) look(written);
    this.#log.on('line', look);
    return within(`the log line "${text}"`, line.promise).finally(() => this.#log.off('line', look));
  }

  /** Waits until chains can run. */
  async ready(): Promise<void> {
    const asking = async () => {
      for (;;) {
        const answer = await fetch(`${this.#url}/healthz`);
        const body = await answer.text();
        if (answer.status === 200) return;
        if (!this.#child || this.#child.exitCode !== null) throw new Error(`the coordinator ended before it was ready: ${body}`);
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
    };
    await within('readiness', asking());
  }

  /** Waits until so many edges offer a model. */
  async offered(modelId: string, edges = 1): Promise<EdgeView[]> {
    const asking = async () => {
      for (;;) {
        const found = (await this.client.api.edges.list()).filter(
          (edge) => edge.state === 'online' && edge.models.some((model) => model.manifest.id === modelId && model.state === 'ready'),
        );
        if (found.length >= edges) return found;
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
    };
    return within(`${edges} offers of ${modelId}`, asking());
  }

  /** Follows a run to its end, over broken connections. @returns the run as it ended */
  async ended(runId: RunId, onEvent: (event: RunEvent) => void = () => undefined): Promise<RunView> {
    const following = async () => {
      for await (const event of this.client.watchRun(runId)) {
        onEvent(event);
        if (event.kind === 'ended') break;
      }
      return this.client.api.runs.get({ id: runId });
    };
    return within(`the end of run ${runId}`, following());
  }

  /** The processes of local edges. */
  edges(): RunningProcess[] {
    return processesWith('apps/edge/src/main.ts', this.data);
  }

  /** The process of one local edge. */
  edge(name: string): RunningProcess {
    const found = this.edges().find(({ command }) => command.includes(`--folder ${path.join(this.data, 'edges', name)} `));
    if (!found) throw new Error(`no process of the edge ${name}`);
    return found;
  }

  /** The processes that run steps, of one edge where its process is named. */
  slots(edgePid?: number): RunningProcess[] {
    const edges = this.edges().filter(({ pid }) => edgePid === undefined || pid === edgePid);
    return edges.flatMap((edge) => childrenOf(edge.pid).filter(({ command }) => command.includes('slots/process/main.ts')));
  }

  /** Waits for a process of this studio with these words on its command line. */
  async process(...words: string[]): Promise<RunningProcess> {
    await within(
      `a process with ${words.join(' ')}`,
      until(() => this.processes(...words).length > 0),
    );
    return this.processes(...words)[0] as RunningProcess;
  }

  /** Processes of this studio that have these words on their command line. */
  processes(...words: string[]): RunningProcess[] {
    return processesWith(this.data, ...words);
  }

  /** kill -9, as a power cut does; nothing is told to anybody. */
  async kill(): Promise<void> {
    const child = this.#child;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, 'exit');
    child.kill('SIGKILL');
    await ended;
  }

  async stop(): Promise<void> {
    const child = this.#child;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, 'exit');
    child.kill('SIGTERM');
    await within('a graceful stop', ended);
  }

  /** Runs the command line against this studio. */
  async cli(arguments_: readonly string[], options: CliOptions = {}): Promise<CliAnswer> {
    return this.command(arguments_, options).ended;
  }

  /** Starts the command line against this studio, to be watched and signalled. */
  command(arguments_: readonly string[], options: CliOptions = {}): CliProcess {
    const child = spawn(process.execPath, [path.join(root, 'apps/cli/src/main.ts'), ...arguments_, ...(options.bare ? [] : ['--data', this.data])], {
      cwd: options.cwd ?? root,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, NO_COLOR: '1', ATELIER_URL: '', ATELIER_TOKEN: '' },
    });
    const said = { out: '', error: '' };
    const news = new EventEmitter<{ news: [] }>();
    const listen = (stream: NodeJS.ReadableStream, name: 'out' | 'error') =>
      stream.setEncoding('utf8').on('data', (text: string) => {
        said[name] += text;
        news.emit('news');
      });
    listen(child.stdout, 'out');
    listen(child.stderr, 'error');
    const ended = within(`atelier ${arguments_.join(' ')}`, once(child, 'close')).then(([code]) => ({ code: code as number, ...said }));
    const says = (text: string) => {
      const heard = Promise.withResolvers<void>();
      const look = () => (said.out + said.error).includes(text) && heard.resolve();
      news.on('news', look);
      look();
      void ended.then(() => heard.reject(new Error(`atelier ended without saying "${text}":\n${said.out}${said.error}`)));
      return within(`"${text}" from atelier ${arguments_.join(' ')}`, heard.promise).finally(() => news.off('news', look));
    };
    return { ended, says, interrupt: () => void child.kill('SIGINT') };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    try {
      await this.stop();
    } finally {
      for (const { pid } of [...this.slots(), ...this.edges()]) if (isAlive(pid)) process.kill(pid, 'SIGKILL');
      await this.kill();
      await stopEmbeddedServer(this.data);
      rmSync(this.data, { recursive: true, force: true });
    }
  }
}

/** A folder of this test's own, deleted when its process ends. */
export function temporaryFolder(name: string): string {
  const folder = mkdtempSync(path.join(tmpdir(), `atelier-${name}-`));
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** Puts an edge's own settings where the coordinator will start that edge. */
export function writeEdgeSettings(studio: Studio, edgeName: string, file: string): void {
  const folder = path.join(studio.data, 'edges', edgeName);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  cpSync(file, path.join(folder, 'edge.yaml'));
}
