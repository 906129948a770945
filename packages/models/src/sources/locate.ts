import { readText } from '@atelier/bounded-body';
import { AtelierError, limits } from '@atelier/protocol';
import { get } from '../network/request.ts';
import { faultOf, type Patience, withRetries } from '../network/retry.ts';
import { npmRegistry } from './npm-settings.ts';
import { type Origin, publicNetwork, registryNetwork, type SourceSettings } from './origin.ts';
import { pipIndexes } from './pip-settings.ts';
import { parseSource } from './source.ts';

/** Where a file is to be had: by itself, or inside of an archive. */
export type Located = { readonly kind: 'file'; readonly origin: Origin } | Archived;

export interface Archived {
  readonly kind: 'tarball' | 'wheel';
  readonly origin: Origin;
  /** The file's path inside of the archive. */
  readonly path: string;
  readonly archiveName: string;
}

/**
 * Asks the registries where a source lies now. Nothing of the file itself is read.
 * @throws AtelierError `download-failed` if a registry does not have it, `invalid-input` for a source that cannot be fetched
 */
export async function locate(source: string, settings: SourceSettings, patience: Patience): Promise<Located> {
  const parsed = parseSource(source);
  switch (parsed.kind) {
    case 'url':
      return { kind: 'file', origin: { url: parsed.url, network: publicNetwork(settings), headersFor: () => ({}) } };
    case 'huggingface':
      return locateOnHub(parsed, settings);
    case 'npm':
      return locateOnNpm(parsed, settings, patience);
    case 'pypi':
      return locateOnPypi(parsed, settings, patience);
    case 'bundled':
      throw new AtelierError('invalid-input', `${source} lies beside its manifest and cannot be fetched.`);
  }
}

/** HF_ENDPOINT and HF_TOKEN are the settings that Hugging Face's own tools read. */
async function locateOnHub(source: { repository: string; revision: string; path: string }, settings: SourceSettings): Promise<Located> {
  const chosen = settings.environment.HF_ENDPOINT;
  const endpoint = new URL(chosen || 'https://huggingface.co');
  const token = settings.environment.HF_TOKEN;
  const path = source.path.split('/').map(encodeURIComponent).join('/');
  const url = new URL(`/${source.repository}/resolve/${encodeURIComponent(source.revision)}/${path}`, endpoint);
  const network = chosen ? await registryNetwork(settings, endpoint, []) : publicNetwork(settings);
  const headersFor = (asked: URL): Record<string, string> => (token && asked.host === endpoint.host ? { authorization: `Bearer ${token}` } : {});
  return { kind: 'file', origin: { url, network, headersFor } };
}

async function locateOnNpm(source: { name: string; version: string; path: string }, settings: SourceSettings, patience: Patience): Promise<Located> {
  const npm = npmRegistry(source.name, settings.environment);
  const network = await registryNetwork(settings, npm.registry, npm.certificates);
  const headersFor = (asked: URL): Record<string, string> => {
    const authorization = npm.authorization(asked);
    return authorization ? { authorization } : {};
  };
  const about = new URL(`${source.name.replace('/', '%2f')}/${source.version}`, npm.registry);
  const archiveName = `${source.name}@${source.version}`;
  const description = JSON.parse(await readPage({ url: about, network, headersFor }, 'application/json', patience)) as { dist?: { tarball?: string } };
  if (!description.dist?.tarball) throw new AtelierError('download-failed', `${npm.registry.host} has no archive of ${archiveName}.`);
  const tarball = new URL(description.dist.tarball);
  // As npm does: a mirror may hand on the public registry's own links.
  if (tarball.host === 'registry.npmjs.org' && npm.registry.host !== tarball.host) {
    const mirrored = new URL(tarball.pathname.slice(1), npm.registry);
    return { kind: 'tarball', origin: { url: mirrored, network, headersFor }, path: source.path, archiveName };
  }
  return { kind: 'tarball', origin: { url: tarball, network, headersFor }, path: source.path, archiveName };
}

async function locateOnPypi(source: { name: string; version: string; path: string }, settings: SourceSettings, patience: Patience): Promise<Located> {
  const { indexes, certificates } = pipIndexes(settings.environment);
  let last: unknown;
  for (const index of indexes) {
    try {
      const network = await registryNetwork(settings, index, certificates);
      const page = new URL(`${normalise(source.name)}/`, index);
      const accept = 'application/vnd.pypi.simple.v1+json, application/vnd.pypi.simple.v1+html;q=0.2, text/html;q=0.1';
      const links = parseSimpleIndex(await readPage({ url: page, network, headersFor: () => ({}) }, accept, patience), page);
      const chosen = chooseFile(links, source.name, source.version);
      if (!chosen) throw new AtelierError('download-failed', `${index.host} has no file of ${source.name} ${source.version}.`);
      if (chosen.url.host === index.host) Object.assign(chosen.url, { username: index.username, password: index.password });
      return {
        kind: chosen.name.endsWith('.whl') ? 'wheel' : 'tarball',
        origin: { url: chosen.url, network, headersFor: () => ({}) },
        path: source.path,
        archiveName: chosen.name,
      };
    } catch (error) {
      last = error;
    }
  }
  throw last;
}

async function readPage(origin: Origin, accept: string, patience: Patience): Promise<string> {
  return withRetries(origin.url, patience, async () => {
    const response = await get(origin.url, origin.network, { headers: { accept, ...origin.headersFor(origin.url) }, signal: patience.signal });
    try {
      if (response.statusCode !== 200) throw faultOf(origin.url, response);
      return await readText(response, limits.registryPageBytes, `The page of ${origin.url.host}`);
    } finally {
      response.destroy();
    }
  });
}

interface Link {
  readonly name: string;
  readonly url: URL;
}

/** A project's page of a simple index, as JSON (PEP 691) or HTML (PEP 503). */
export function parseSimpleIndex(body: string, page: URL): Link[] {
  if (body.trimStart().startsWith('{')) {
    const { files = [] } = JSON.parse(body) as { files?: Array<{ filename: string; url: string }> };
    return files.map(({ filename, url }) => ({ name: filename, url: new URL(url, page) }));
  }
  const anchors = body.matchAll(/<a\s[^>]*?href\s*=\s*(?:"([^"]*)"|'([^']*)')[^>]*>([^<]*)<\/a>/gi);
  return Array.from(anchors, ([, double, single, name]) => {
    const url = new URL((double ?? single ?? '').replaceAll('&amp;', '&'), page);
    url.hash = '';
    return { name: (name as string).trim(), url };
  });
}

/** The wheel for every machine, else any wheel, else the source archive. */
function chooseFile(links: readonly Link[], name: string, version: string): Link | undefined {
  const ofVersion = links.filter((link) => {
    const [, project, found] = /^(.+?)-(\d[^-]*?)(?:-.*\.whl|\.tar\.gz)$/.exec(link.name) ?? [];
    return project !== undefined && normalise(project) === normalise(name) && found === version;
  });
  return ofVersion.find((link) => link.name.endsWith('none-any.whl')) ?? ofVersion.find((link) => link.name.endsWith('.whl')) ?? ofVersion[0];
}

const normalise = (name: string) => name.toLowerCase().replaceAll(/[-_.]+/g, '-');
