import { readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { type AtelierClient, createClient } from '@atelier/client';
import { AtelierError } from '@atelier/protocol';

/** Options by which every command finds its studio. */
export interface StudioOptions {
  readonly port?: string;
  readonly data?: string;
  readonly json?: boolean;
}

/** What a running coordinator says of itself in its data folder. */
export interface Announcement {
  readonly pid: number;
  readonly url: string;
  readonly startedAt: string;
}

/** The coordinator's rule, written again here since loading it takes a second; a test holds the two together. */
export function dataFolder(options: StudioOptions, environment: NodeJS.ProcessEnv = process.env): string {
  if (options.data) return resolve(options.data);
  if (environment.ATELIER_DATA) return resolve(environment.ATELIER_DATA);
  return join(environment.XDG_DATA_HOME ?? join(homedir(), '.local', 'share'), 'atelier');
}

/** The address and token to use: --port and --data first, then ATELIER_URL and ATELIER_TOKEN, then what the data folder says. */
export async function findStudio(options: StudioOptions, environment: NodeJS.ProcessEnv = process.env): Promise<{ url: string; token: string | undefined }> {
  const folder = dataFolder(options, environment);
  const own = await readFile(join(folder, 'owner.token'), 'utf8')
    .then((text) => text.trim())
    .catch(() => undefined);
  const token = options.data === undefined ? (environment.ATELIER_TOKEN ?? own) : (own ?? environment.ATELIER_TOKEN);
  if (options.port !== undefined) return { url: `http://127.0.0.1:${portOf(options.port)}`, token };
  if (options.data === undefined && environment.ATELIER_URL) return { url: environment.ATELIER_URL, token };
  const announced = await readAnnouncement(folder);
  if (announced) return { url: announced.url, token };
  throw new AtelierError('unavailable', `No studio runs with the data folder ${folder}.`, {
    hint: 'Start it with: npx atelier start. For one elsewhere, set ATELIER_URL and ATELIER_TOKEN.',
  });
}

/** @throws AtelierError `unavailable` if no studio is known */
export async function openStudio(options: StudioOptions): Promise<AtelierClient> {
  const { url, token } = await findStudio(options);
  return createClient({ url, ...(token === undefined ? {} : { token }) });
}

export async function readAnnouncement(folder: string): Promise<Announcement | undefined> {
  const text = await readFile(join(folder, 'coordinator.json'), 'utf8').catch(() => undefined);
  if (text === undefined) return undefined;
  try {
    return JSON.parse(text) as Announcement;
  } catch (cause) {
    throw new AtelierError('internal', `${join(folder, 'coordinator.json')} cannot be read.`, { hint: 'Delete it; then start the studio again.', cause });
  }
}

/** @throws AtelierError `invalid-input` */
export function portOf(text: string): number {
  const port = Number(text);
  if (Number.isInteger(port) && port >= 0 && port <= 65_535) return port;
  throw new AtelierError('invalid-input', `"${text}" is no port.`, { hint: 'Write a number from 1 to 65535.' });
}
