import { readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';

type Environment = Readonly<Record<string, string | undefined>>;

/** What the machine's own npm settings say about a package. */
export interface NpmRegistry {
  /** Ends with a slash. */
  readonly registry: URL;
  /** The value of an `Authorization` header for URLs of the registry, if one is set. */
  authorization(url: URL): string | undefined;
  /** PEM certificates (cafile). */
  readonly certificates: readonly string[];
}

const here = join(import.meta.dirname, '../../../..');

/**
 * The registry for a package: from npm_config_* in the environment, then .npmrc of this checkout, of the user and of the machine
 * (in npm's own order), with npm's public registry as the default. Reads files only; npm itself is not needed.
 */
export function npmRegistry(packageName: string, environment: Environment = process.env, project = here): NpmRegistry {
  const settings = readSettings(environment, project);
  const scope = packageName.startsWith('@') ? packageName.split('/')[0] : undefined;
  const registry = (scope && settings.get(`${scope}:registry`)) || settings.get('registry') || 'https://registry.npmjs.org/';
  const cafile = settings.get('cafile');
  return {
    registry: new URL(registry.endsWith('/') ? registry : `${registry}/`),
    authorization: (url) => authorization(settings, url),
    certificates: cafile ? [readFileSync(cafile, 'utf8')] : [],
  };
}

function readSettings(environment: Environment, project: string): Map<string, string> {
  const fromEnvironment = new Map<string, string>();
  for (const [name, value] of Object.entries(environment)) {
    if (/^npm_config_/i.test(name) && value) fromEnvironment.set(name.slice('npm_config_'.length).toLowerCase(), value);
  }
  const home = environment.HOME ?? environment.USERPROFILE ?? homedir();
  const prefix = environment.PREFIX ?? fromEnvironment.get('prefix') ?? dirname(dirname(process.execPath));
  const user = fromEnvironment.get('userconfig') ?? join(home, '.npmrc');
  const machine = [join(prefix, 'etc/npmrc'), '/usr/local/etc/npmrc', '/etc/npmrc'];
  const files = [join(project, '.npmrc'), user, ...(fromEnvironment.has('globalconfig') ? [fromEnvironment.get('globalconfig') as string] : machine)];
  const settings = new Map<string, string>();
  // From the weakest to the strongest.
  for (const file of files.reverse()) for (const [key, value] of parseNpmrc(file, environment)) settings.set(key, value);
  for (const [key, value] of fromEnvironment) settings.set(key, value);
  return settings;
}

function parseNpmrc(file: string, environment: Environment): Array<[string, string]> {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch {
    return []; // Most of these files do not exist on most machines.
  }
  return text
    .split(/\r?\n/)
    .map((line) => /^\s*([^#;=\s][^=]*?)\s*=\s*(.*?)\s*$/.exec(line))
    .filter((match) => match !== null)
    .map(([, key, value]) => [key as string, unquote(value as string).replaceAll(/\$\{([^}]+)\}/g, (all, name: string) => environment[name] ?? all)]);
}

function unquote(value: string): string {
  return /^"(.*)"$/.exec(value)?.[1] ?? /^'(.*)'$/.exec(value)?.[1] ?? value;
}

/** npm keeps credentials by the start of the URL without its scheme: `//host/path/:_authToken`. */
function authorization(settings: ReadonlyMap<string, string>, url: URL): string | undefined {
  const segments = url.pathname.split('/').filter(Boolean);
  for (let count = segments.length; count >= 0; count--) {
    const start = `//${url.host}/${segments.slice(0, count).join('/')}${count > 0 ? '/' : ''}`;
    for (const prefix of [start, start.slice(0, -1)]) {
      const token = settings.get(`${prefix}:_authToken`);
      if (token) return `Bearer ${token}`;
      const pair = settings.get(`${prefix}:_auth`);
      if (pair) return `Basic ${pair}`;
      const [user, password] = [settings.get(`${prefix}:username`), settings.get(`${prefix}:_password`)];
      if (user && password) return `Basic ${Buffer.from(`${user}:${Buffer.from(password, 'base64').toString()}`).toString('base64')}`;
    }
  }
  return undefined;
}
