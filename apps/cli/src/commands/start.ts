import { spawn } from 'node:child_process';
import { mkdir, open } from 'node:fs/promises';
import { join } from 'node:path';
import type { Coordinator, ModelPull } from '@atelier/coordinator';
import { AtelierError, byteSetting, errorCodes } from '@atelier/protocol';
import { Command } from 'commander';
import type { ExitCode } from '../exit-code.ts';
import { dataFolder, portOf, type StudioOptions } from '../studio.ts';
import { type Bars, createBars } from '../terminal/bars.ts';
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
  readonly uploadQuota?: string;
  readonly diskReserve?: string;
  readonly publicPredict?: boolean;
}

/** What a detached studio tells the process that started it. */
type Told = Pick<Coordinator, 'url' | 'welcomeUrl' | 'databaseOutside'> | { readonly error: ReturnType<AtelierError['toJSON']> };

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
    .option('--tasks <module>', 'add tasks of your own; may be repeated', collect)
    .option('--threads <number>', 'threads that each local edge computes with')
    .option('--origin <url>', 'a further address under which the studio is reached; may be repeated', collect)
    .option(
      '--storage <url>',
      'keep artifacts in a bucket, s3://bucket/prefix, or in a folder that coordinators share, instead of the data folder; keys come from the environment',
    )
    .option('--upload-quota <size>', 'how much each person may have uploaded, such as 20GB (default: ATELIER_UPLOAD_QUOTA, else 100 GB)')
    .option('--disk-reserve <size>', 'how much disk stays free; below it nothing is taken (default: ATELIER_DISK_RESERVE, else 1 GB, or 2 % of a small disk)')
    .option('--public-predict', 'let anybody ask /predict/ for a video of two words, without sign-in')
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

/** A variable of the environment; an empty one is as none, as shells and service files write it. */
function set(name: string): string | undefined {
  return process.env[name] || undefined;
}

async function startHere(flags: StartFlags, terminal: Terminal): Promise<ExitCode> {
  const began = performance.now();
  const folder = dataFolder(flags);
  terminal.note(`Starting Atelier with its data in ${folder} ...`);
  // Loaded only now: it brings the whole server, and every other command should be quick.
  const { startCoordinator, stopSignal } = await import('@atelier/coordinator');
  // Heard from now on: a start that is interrupted is first finished and then closed, so that no database is left running.
  const stopped = stopSignal(() => {
    terminal.note('Ended at once. The database goes on running; the next start takes it over.');
    process.exit(1);
  });
  const coordinator = await startCoordinator({
    host: flags.host,
    port: portOf(flags.port ?? '4747'),
    dataFolder: folder,
    fleetFile: flags.fleet ?? set('ATELIER_FLEET'),
    localEdge: flags.localEdge,
    databaseUrl: set('DATABASE_URL'),
    offline: flags.offline === true || process.env.ATELIER_OFFLINE === '1',
    modelsFolder: flags.models ?? set('ATELIER_MODELS'),
    tasks: flags.tasks ?? words(process.env.ATELIER_TASKS),
    threads: flags.threads === undefined ? undefined : Number(flags.threads),
    origins: flags.origin ?? words(process.env.ATELIER_ORIGINS),
    storage: flags.storage ?? set('ATELIER_STORAGE'),
    uploadQuotaBytes: byteSetting('--upload-quota', flags.uploadQuota ?? process.env.ATELIER_UPLOAD_QUOTA),
    diskReserveBytes: byteSetting('--disk-reserve', flags.diskReserve ?? process.env.ATELIER_DISK_RESERVE),
    publicPredict: flags.publicPredict === true || process.env.ATELIER_PUBLIC_PREDICT === '1',
  }).catch((thrown: unknown) => {
    tellStarter({ error: AtelierError.from(thrown).toJSON() });
    throw thrown;
  });
  announce(coordinator, terminal);
  tellPlace(coordinator, terminal);
  tellStarter({ url: coordinator.url, welcomeUrl: coordinator.welcomeUrl, databaseOutside: coordinator.databaseOutside });
  const bars = createBars(terminal);
  const stopBars = coordinator.onPull((pull) => {
    if (pull.kind === 'failed') return tellFailure(pull, bars);
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
  await stopped;
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

function tellPlace({ databaseOutside }: Pick<Coordinator, 'databaseOutside'>, terminal: Terminal): void {
  if (databaseOutside === undefined) return;
  terminal.note(`The database lies outside of the data folder, in ${databaseOutside}: copy or delete both together.`);
}

function tellFailure({ modelId, edgeName, error }: Extract<ModelPull, { kind: 'failed' }>, bars: Bars): void {
  bars.note(`${modelId} could not be pulled to ${edgeName}: ${error.message}`);
  if (error.hint) bars.note(`  ${error.hint}`);
  bars.note(`  ${errorCodes[error.code].retryable ? 'It is tried again every two minutes. At once' : 'When that is mended'}: atelier models pull ${modelId}`);
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
  tellPlace(told, terminal);
  terminal.note('It goes on in the background. Stop it with: atelier stop');
  return 0;
}
