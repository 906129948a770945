import { parseArgs } from 'node:util';
import { AtelierError, limits, parseBytes } from '@atelier/protocol';
import { defaultFolder, type EdgeOptions } from './settings.ts';
import { parseSimulation } from './simulation/simulation.ts';

export const usage = `Usage: atelier edge --join URL --token TOKEN [options]

Offers this machine's models to a studio. After the first start, --join and --token are not needed any more.

  --folder DIR         the edge's own folder (default: atelier-edge in the user's data folder)
  --join URL           address of the studio
  --token TOKEN        single-use join token, from the studio's page Fleet
  --name NAME          name shown in the studio (default: the machine's)
  --models A,B         models to offer (default: those of the last start; the first time all starter models)
  --models-folder DIR  where model files lie; edges of one machine may share it
  --slots N            steps at a time (default: 1)
  --services N         services at a time (default: 8)
  --memory BYTES       memory for models and services, such as 8GB (default: half of the machine's)
  --threads N          threads that a step computes with
  --listen HOST:PORT   lets other edges fetch results directly (default: on loopback beside the studio, else off)
  --offline            downloads nothing
  --simulate JSON      pretends slower links and speed, for trying out fleets
  --tasks MODULE       brings tasks, drivers and services of your own; may be repeated
  --help
`;

const flags = {
  folder: { type: 'string' },
  join: { type: 'string' },
  token: { type: 'string' },
  name: { type: 'string' },
  models: { type: 'string' },
  'models-folder': { type: 'string' },
  slots: { type: 'string' },
  services: { type: 'string' },
  memory: { type: 'string' },
  threads: { type: 'string' },
  listen: { type: 'string' },
  offline: { type: 'boolean' },
  simulate: { type: 'string' },
  tasks: { type: 'string', multiple: true },
  help: { type: 'boolean' },
} as const;

/**
 * Reads the command line. The join token may also stand in ATELIER_JOIN_TOKEN, where other users of the machine cannot see it.
 * @returns null where help is asked for @throws AtelierError `invalid-input`
 */
export function parseCommandLine(words: readonly string[], environment: NodeJS.ProcessEnv = process.env): EdgeOptions | null {
  const values = parse(words);
  if (values.help) return null;
  const token = values.token ?? environment.ATELIER_JOIN_TOKEN;
  if (values.join === undefined && values.token !== undefined) throw wrong('--token', 'needs --join URL');
  const modules = [...(values.tasks ?? []), ...(environment.ATELIER_TASKS ?? '').split(',')].map((module) => module.trim()).filter((module) => module !== '');
  return {
    folder: values.folder ?? defaultFolder(),
    join: values.join === undefined ? undefined : { url: address(values.join), token },
    name: values.name,
    models: values.models
      ?.split(',')
      .map((id) => id.trim())
      .filter((id) => id !== ''),
    modelsFolder: values['models-folder'],
    slots: count('--slots', values.slots, 64),
    services: count('--services', values.services, limits.servicesPerEdge),
    threads: count('--threads', values.threads, 1024),
    modelMemoryBytes: memory(values.memory),
    listen: values.listen,
    offline: values.offline,
    simulate: values.simulate === undefined ? undefined : parseSimulation(values.simulate),
    taskModules: [...new Set(modules)],
  };
}

function parse(words: readonly string[]) {
  try {
    return parseArgs({ args: [...words], options: flags, strict: true }).values;
  } catch (cause) {
    throw new AtelierError('invalid-input', (cause as Error).message, { hint: 'See --help.', cause });
  }
}

function address(text: string): string {
  const url = URL.parse(text);
  if (url && (url.protocol === 'http:' || url.protocol === 'https:')) return url.origin;
  throw wrong('--join', 'needs an address such as http://192.168.1.2:4747');
}

function count(flag: string, text: string | undefined, most: number): number | undefined {
  if (text === undefined) return undefined;
  const value = Number(text);
  if (Number.isInteger(value) && value >= 1 && value <= most) return value;
  throw wrong(flag, `needs a whole number from 1 to ${most}`);
}

function memory(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  return parseBytes(text) ?? fail(wrong('--memory', 'needs bytes, or a size such as 8GB'));
}

function fail(error: AtelierError): never {
  throw error;
}

function wrong(flag: string, what: string): AtelierError {
  return new AtelierError('invalid-input', `${flag} ${what}.`, { hint: 'See --help.' });
}
