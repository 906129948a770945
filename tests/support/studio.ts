import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { type AtelierClient, createClient } from '@atelier/client';
import type { EdgeView, RunEvent, RunId, RunView } from '@atelier/protocol';
import { stopEmbeddedServer } from '@atelier/store';
import { within } from './deadline.ts';
import { childrenOf, isAlive, processesWith, type RunningProcess } from './processes.ts';

const root = path.resolve(import.meta.dirname, '../..');

/** Where `npm test` has put the starter models; undefined where a test is run by hand without them. */
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

/** A real studio in processes and a folder of its own, on a free port of loopback. */
export class Studio implements AsyncDisposable {
  readonly data = mkdtempSync(path.join(tmpdir(), 'atelier-test-'));
  readonly options: StudioOptions;
  #child: ChildProcess | undefined;
  #url = '';
  #port = 0;
  welcomeUrl: string | undefined;

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
    child.stdout.pipe(process.stdout, { end: false });
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
    this.#url = (await within(60, 'the start of the coordinator', address)).replace(/\/$/, '');
    this.#port = Number(new URL(this.#url).port);
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
    await within(120, 'readiness', asking());
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
    return within(60, `${edges} offers of ${modelId}`, asking());
  }

  /** Follows a run to its end, over broken connections. @returns the run as it ended */
  async ended(runId: RunId, onEvent: (event: RunEvent) => void = () => undefined, seconds = 120): Promise<RunView> {
    const following = async () => {
      for await (const event of this.client.watchRun(runId)) {
        onEvent(event);
        if (event.kind === 'ended') break;
      }
      return this.client.api.runs.get({ id: runId });
    };
    return within(seconds, `the end of run ${runId}`, following());
  }

  /** The processes of local edges. */
  edges(): RunningProcess[] {
    return processesWith('apps/edge/src/main.ts', this.data);
  }

  /** The processes that run steps. */
  slots(): RunningProcess[] {
    return this.edges().flatMap((edge) => childrenOf(edge.pid).filter(({ command }) => command.includes('slot-process')));
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
    await within(60, 'a graceful stop', ended);
  }

  /** Runs the command line against this studio. */
  async cli(arguments_: readonly string[], options: { cwd?: string } = {}): Promise<{ code: number; out: string; error: string }> {
    const child = spawn(process.execPath, [path.join(root, 'apps/cli/src/main.ts'), ...arguments_, '--data', this.data], {
      cwd: options.cwd ?? root,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, NO_COLOR: '1', ATELIER_URL: '', ATELIER_TOKEN: '' },
    });
    const [out, error, [code]] = await within(
      240,
      `atelier ${arguments_.join(' ')}`,
      Promise.all([collect(child.stdout), collect(child.stderr), once(child, 'exit')]),
    );
    return { code: code as number, out, error };
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

async function collect(stream: NodeJS.ReadableStream): Promise<string> {
  let text = '';
  for await (const chunk of stream) text += chunk;
  return text;
}

/** A folder of this test's own. */
export function temporaryFolder(name: string): string {
  return mkdtempSync(path.join(tmpdir(), `atelier-${name}-`));
}

/** Puts an edge's own settings where the coordinator will start that edge. */
export function writeEdgeSettings(studio: Studio, edgeName: string, file: string): void {
  const folder = path.join(studio.data, 'edges', edgeName);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  cpSync(file, path.join(folder, 'edge.yaml'));
}
