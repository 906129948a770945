import { readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';

type Environment = Readonly<Record<string, string | undefined>>;

/** What the machine's own pip settings say. */
export interface PipIndexes {
  /** Simple indexes (PEP 503) in the order in which to ask; each ends with a slash and may hold credentials. */
  readonly indexes: readonly URL[];
  /** PEM certificates (pip's `cert`). */
  readonly certificates: readonly string[];
}

/**
 * The package indexes of this machine: PIP_INDEX_URL and PIP_EXTRA_INDEX_URL, then pip.conf of the virtual environment, the user and
 * the machine, with PyPI as the default. Reads files only; neither Python nor pip is needed.
 */
export function pipIndexes(environment: Environment = process.env): PipIndexes {
  const settings = new Map<string, string>();
  // From the weakest to the strongest, as pip reads them.
  for (const file of configFiles(environment)) for (const [key, value] of parsePipConfig(file)) settings.set(key, value);
  const read = (key: string) => environment[`PIP_${key.toUpperCase().replaceAll('-', '_')}`] || settings.get(key);
  const urls = [read('index-url') ?? 'https://pypi.org/simple/', ...(read('extra-index-url') ?? '').split(/\s+/)].filter(Boolean);
  const cert = read('cert');
  return { indexes: urls.map((url) => new URL(url.endsWith('/') ? url : `${url}/`)), certificates: cert ? [readFileSync(cert, 'utf8')] : [] };
}

function configFiles(environment: Environment): string[] {
  const chosen = environment.PIP_CONFIG_FILE;
  if (chosen === '/dev/null') return [];
  const home = environment.HOME ?? environment.USERPROFILE ?? homedir();
  const config = environment.XDG_CONFIG_HOME ?? join(home, '.config');
  return [
    '/etc/xdg/pip/pip.conf',
    '/etc/pip.conf',
    '/Library/Application Support/pip/pip.conf',
    join(environment.ProgramData ?? '/none', 'pip/pip.ini'),
    join(home, '.pip/pip.conf'),
    join(home, 'Library/Application Support/pip/pip.conf'),
    join(config, 'pip/pip.conf'),
    join(environment.APPDATA ?? '/none', 'pip/pip.ini'),
    ...(environment.VIRTUAL_ENV ? [join(environment.VIRTUAL_ENV, 'pip.conf')] : []),
    ...(chosen ? [chosen] : []),
  ];
}

/** Keys of the sections that count for downloading: global, and the stronger install and download. */
function parsePipConfig(file: string): Array<[string, string]> {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch {
    return []; // Most of these files do not exist on most machines.
  }
  const sections: Record<string, Array<[string, string]>> = { global: [], install: [], download: [] };
  let section = '';
  let last: [string, string] | undefined;
  for (const line of text.split(/\r?\n/)) {
    const heading = /^\[(.+)\]\s*$/.exec(line)?.[1];
    const pair = /^([^#;\s=:][^=:]*?)\s*[=:]\s*(.*?)\s*$/.exec(line);
    if (heading !== undefined) section = heading;
    else if (pair) {
      last = [(pair[1] as string).replaceAll('_', '-').toLowerCase(), pair[2] as string];
      sections[section]?.push(last);
    } else if (/^\s+[^#;\s]/.test(line) && last) last[1] = `${last[1]} ${line.trim()}`.trim();
  }
  return Object.values(sections).flat();
}
