import { spawn } from 'node:child_process';
import { mkdir, open } from 'node:fs/promises';
import { join } from 'node:path';
import { AtelierError } from '@atelier/protocol';
import { Command } from 'commander';
import type { ExitCode } from '../exit-code.ts';
import { dataFolder, portOf, type StudioOptions } from '../studio.ts';
import { createBars } from '../terminal/bars.ts';
import { formatBytes } from '../terminal/format.ts';
import { createTerminal, type Terminal } from '../terminal/terminal.ts';
import { collect } from './studio-command.ts';

interface StartFlags extends StudioOptions {
  readonly host: string;
  readonly fleet?: string;
  readonly localEdge: boolean;
  readonly detach?: boolean;
  readonly offline?: boolean;
  readonly models?: string;
  readonly tasks?: string[];
  readonly threads?: string;
  readonly origin?: string[];
  readonly storage?: string;
  readonly publicPredict?: boolean;
}

/** What a detached studio tells the process that started it. */
type Told = { readonly url: string; readonly welcomeUrl: string | undefined } | { readonly error: ReturnType<AtelierError['toJSON']> };

export function startCommand(): Command {
  return new Command('start')
    .summary('start the studio on this machine')
    .description('Starts the studio: its database, its web page and one edge that runs the starter models. Ends with Ctrl-C; runs go on after the next start.')
    .option('--host <address>', 'listen here; anything but 127.0.0.1 can be reached from outside', process.env.ATELIER_HOST ?? '127.0.0.1')
    .option('--port <number>', 'listen on this port', process.env.ATELIER_PORT ?? '4747')
    .option('--data <folder>', 'keep everything here (default: ATELIER_DATA, else ~/.local/share/atelier)')
    .option('--fleet <file>', 'start the local edges of this file instead of one')
    .option('--no-local-edge', 'start no edge on this machine')
    .option('--models <folder>', "keep the local edges' model files here (default: models in the data folder)")
    .option('--tasks <module>', 'bring tasks of your own; may be repeated', collect)
    .option('--threads <number>', 'threads that each local edge computes with')
    .option('--origin <url>', 'a further address under which the studio is reached; may be repeated', collect)
    .option('--storage <url>', 'keep artifacts in a bucket, s3://bucket/prefix, instead of the data folder; keys come from the environment')
    .option('--public-predict', 'let anybody ask /predict/ for a film of two words, without sign-in')
    .option('--detach', 'return once it listens; stop it with: atelier stop')
    .option('--offline', 'download nothing')
    .option('--json', 'print the address as JSON, nothing else')
    .action(async function action(this: Command) {
      const flags = this.opts<StartFlags>();
      const terminal = createTerminal(flags);
      process.exitCode = flags.detach ? await startDetached(flags, terminal) : await startHere(flags, terminal);
    });
}

function words(text: string | undefined): string[] {
  return (text ?? '').split(',').filter((word) => word !== '');
}

async function startHere(flags: StartFlags, terminal: Terminal): Promise<ExitCode> {
  const began = performance.now();
  const folder = dataFolder(flags);
  terminal.note(`Starting Atelier with its data in ${folder} ...`);
  // Loaded only now: it brings the whole server, and every other command should be quick.
  const { startCoordinator } = await import('@atelier/coordinator');
  const coordinator = await startCoordinator({
    host: flags.host,
    port: portOf(flags.port ?? '4747'),
    dataFolder: folder,
    fleetFile: flags.fleet ?? process.env.ATELIER_FLEET,
    localEdge: flags.localEdge,
    databaseUrl: process.env.DATABASE_URL,
    offline: flags.offline === true || process.env.ATELIER_OFFLINE === '1',
    modelsFolder: flags.models ?? process.env.ATELIER_MODELS,
    tasks: flags.tasks ?? words(process.env.ATELIER_TASKS),
    threads: flags.threads === undefined ? undefined : Number(flags.threads),
    origins: flags.origin ?? words(process.env.ATELIER_ORIGINS),
    storage: flags.storage ?? process.env.ATELIER_STORAGE,
    publicPredict: flags.publicPredict === true || process.env.ATELIER_PUBLIC_PREDICT === '1',
  }).catch((thrown: unknown) => {
    tellStarter({ error: AtelierError.from(thrown).toJSON() });
    throw thrown;
  });
  announce(coordinator, terminal);
  tellStarter({ url: coordinator.url, welcomeUrl: coordinator.welcomeUrl });
  const bars = createBars(terminal);
  const stopBars = coordinator.onPull((pull) => {
    const fraction = pull.totalBytes === 0 ? 0 : pull.doneBytes / pull.totalBytes;
    bars.show(pull.modelId, fraction, `${formatBytes(pull.doneBytes)} of ${formatBytes(pull.totalBytes)} to ${pull.edgeName}`);
  });
  coordinator.ready.then(
    () => {
      stopBars();
      bars.stop();
      terminal.note(`Ready in ${((performance.now() - began) / 1000).toFixed(1)} s: chains can run. Ctrl-C stops the studio.`);
    },
    () => bars.stop(),
  );
  await stopSignal();
  bars.stop();
  terminal.note('Stopping; runs go on after the next start ...');
  await coordinator.close();
  terminal.note('Stopped.');
  return 0;
}

function announce({ url, welcomeUrl }: { url: string; welcomeUrl: string | undefined }, terminal: Terminal): void {
  terminal.answer({ url, welcomeUrl: welcomeUrl ?? null }, () => [
    `Atelier is at ${terminal.paint.bold(url)}`,
    ...(welcomeUrl === undefined
      ? []
      : ['Nobody owns this studio yet. Open this link to become its owner; it works once:', `  ${terminal.paint.bold(welcomeUrl)}`]),
  ]);
}

/** The first signal; a second one ends the process at once. */
function stopSignal(): Promise<void> {
  return new Promise((resolve) => {
    let asked = false;
    const stop = () => {
      if (asked) process.exit(1);
      asked = true;
      resolve();
    };
    process.on('SIGINT', stop);
    process.on('SIGTERM', stop);
  });
}

function tellStarter(told: Told): void {
  if (!process.send) return;
  process.send(told);
  process.disconnect();
}

async function startDetached(flags: StartFlags, terminal: Terminal): Promise<ExitCode> {
  const folder = join(dataFolder(flags), 'logs');
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const log = join(folder, 'start.log');
  const file = await open(log, 'a', 0o600);
  const args = process.argv.slice(1).filter((word) => word !== '--detach');
  const child = spawn(process.execPath, [...process.execArgv, ...args], { detached: true, stdio: ['ignore', file.fd, file.fd, 'ipc'] });
  const told = await new Promise<Told>((resolve, reject) => {
    child.once('message', (message) => resolve(message as Told));
    child.once('error', reject);
    child.once('exit', (code) =>
      reject(new AtelierError('internal', `The studio ended while it started (exit code ${code}).`, { hint: `Its log is ${log}.` })),
    );
  });
  await file.close();
  if ('error' in told) throw AtelierError.from(told.error);
  child.removeAllListeners();
  if (child.connected) child.disconnect();
  child.unref();
  announce(told, terminal);
  terminal.note('It goes on in the background. Stop it with: atelier stop');
  return 0;
}
