/**
 * Runs a coordinator alone, from arguments or the environment: for containers and tests. People use `atelier start`.
 * Logs go to the standard output as JSON lines; the first line of the standard error is the address.
 */
import { parseArgs } from 'node:util';
import { inBackground, stderrLog } from '@atelier/background';
import { AtelierError, byteSetting } from '@atelier/protocol';
import pino from 'pino';
import { defaultDataFolder } from './data-folder.ts';
import { type CoordinatorOptions, startCoordinator } from './start.ts';
import { stopSignal } from './stop-signal.ts';

function readOptions(): CoordinatorOptions {
  const { values } = parseArgs({
    options: {
      host: { type: 'string' },
      port: { type: 'string' },
      data: { type: 'string' },
      fleet: { type: 'string' },
      'no-local-edge': { type: 'boolean' },
      offline: { type: 'boolean' },
      models: { type: 'string' },
      tasks: { type: 'string' },
      threads: { type: 'string' },
      origin: { type: 'string', multiple: true },
      storage: { type: 'string' },
      'upload-quota': { type: 'string' },
      'disk-reserve': { type: 'string' },
      'public-predict': { type: 'boolean' },
    },
  });
  // An empty variable is as none, as shells and service files write it.
  const environment: NodeJS.ProcessEnv = Object.fromEntries(Object.entries(process.env).filter(([, value]) => value !== ''));
  return {
    host: values.host ?? environment.ATELIER_HOST ?? '127.0.0.1',
    port: Number(values.port ?? environment.ATELIER_PORT ?? 4747),
    dataFolder: values.data ?? defaultDataFolder(),
    fleetFile: values.fleet ?? environment.ATELIER_FLEET,
    localEdge: values['no-local-edge'] !== true && environment.ATELIER_LOCAL_EDGE !== '0',
    databaseUrl: environment.DATABASE_URL,
    offline: values.offline === true || environment.ATELIER_OFFLINE === '1',
    modelsFolder: values.models ?? environment.ATELIER_MODELS,
    tasks: list(values.tasks ?? environment.ATELIER_TASKS),
    threads: values.threads === undefined ? undefined : Number(values.threads),
    origins: [...(values.origin ?? []), ...list(environment.ATELIER_ORIGINS)],
    storage: values.storage ?? environment.ATELIER_STORAGE,
    uploadQuotaBytes: byteSetting('--upload-quota', values['upload-quota'] ?? environment.ATELIER_UPLOAD_QUOTA),
    diskReserveBytes: byteSetting('--disk-reserve', values['disk-reserve'] ?? environment.ATELIER_DISK_RESERVE),
    publicPredict: values['public-predict'] === true || environment.ATELIER_PUBLIC_PREDICT === '1',
    log: pino({ level: environment.ATELIER_LOG_LEVEL ?? 'info' }),
  };
}

function list(text: string | undefined): string[] {
  return (text ?? '').split(',').filter((item) => item !== '');
}

// Heard from now on: a start that is interrupted is first finished and then closed, so that no database is left running.
const stopped = stopSignal(() => process.exit(1));
try {
  const coordinator = await startCoordinator(readOptions());
  process.stderr.write(`Atelier is at ${coordinator.url}\n`);
  if (coordinator.welcomeUrl) process.stderr.write(`Become its owner at ${coordinator.welcomeUrl}\n`);
  inBackground(
    stderrLog,
    'Readiness is not known',
    coordinator.ready.then(() => process.stderr.write('Ready: chains can run.\n')),
  );
  if (coordinator.databaseOutside) process.stderr.write(`The database lies outside of the data folder: ${coordinator.databaseOutside}\n`);
  coordinator.onPull((pull) => {
    if (pull.kind === 'failed') process.stderr.write(`${pull.modelId} could not be pulled to ${pull.edgeName}: ${pull.error.message}\n`);
  });
  await stopped;
  await coordinator.close();
  process.exit(0);
} catch (thrown) {
  const error = AtelierError.from(thrown);
  process.stderr.write(`${error.message}${error.hint ? `\n${error.hint}` : ''}\n`);
  if (error.code === 'internal') console.error(error.cause ?? error);
  process.exit(1);
}
