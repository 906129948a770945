/**
 * Runs a coordinator alone, from arguments or the environment: for containers and tests. People use `atelier start`.
 * Logs go to the standard output as JSON lines; the first line of the standard error is the address.
 */
import { parseArgs } from 'node:util';
import { AtelierError } from '@atelier/protocol';
import pino from 'pino';
import { defaultDataFolder } from './data-folder.ts';
import { type CoordinatorOptions, startCoordinator } from './start.ts';

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
      'public-predict': { type: 'boolean' },
    },
  });
  const environment = process.env;
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
    publicPredict: values['public-predict'] === true || environment.ATELIER_PUBLIC_PREDICT === '1',
    log: pino({ level: environment.ATELIER_LOG_LEVEL ?? 'info' }),
  };
}

function list(text: string | undefined): string[] {
  return (text ?? '').split(',').filter((item) => item !== '');
}

try {
  const coordinator = await startCoordinator(readOptions());
  process.stderr.write(`Atelier is at ${coordinator.url}\n`);
  if (coordinator.welcomeUrl) process.stderr.write(`Become its owner at ${coordinator.welcomeUrl}\n`);
  coordinator.ready.then(() => process.stderr.write('Ready: chains can run.\n'));
  let stopping = false;
  const stop = () => {
    if (stopping) process.exit(1);
    stopping = true;
    coordinator.close().then(
      () => process.exit(0),
      () => process.exit(1),
    );
  };
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, stop);
} catch (thrown) {
  const error = AtelierError.from(thrown);
  process.stderr.write(`${error.message}${error.hint ? `\n${error.hint}` : ''}\n`);
  if (error.code === 'internal') console.error(error.cause ?? error);
  process.exit(1);
}
