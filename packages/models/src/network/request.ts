import { once } from 'node:events';
import http from 'node:http';
import https from 'node:https';
import type { LookupFunction } from 'node:net';
import tls from 'node:tls';
import { AtelierError } from '@atelier/protocol';
import { type Address, isPrivateAddress, resolveHost } from './address.ts';
import { basic, openTunnel, proxyFor } from './proxy.ts';

/** Where requests may go, and how. */
export interface Network {
  /** Whether a host in a private network may be asked. */
  allowsPrivate(url: URL): boolean;
  /** PEM certificates that count beside the usual ones. */
  readonly certificates: readonly string[];
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Milliseconds without any byte after which a connection counts as broken. */
  readonly idleTimeoutMs: number;
}

export interface Ask {
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
}

const maxRedirects = 8;

/**
 * GET with redirects, each hop resolved once and checked. Credentials (authorization) go only to the first origin.
 * The body must be read or destroyed by the caller.
 * @throws AtelierError `forbidden` for a private address; network errors as Node throws them
 */
export async function get(url: URL, network: Network, ask: Ask): Promise<http.IncomingMessage & { url: string }> {
  let at = withoutCredentials(url);
  let headers: Record<string, string> = { 'user-agent': 'atelier', 'accept-encoding': 'identity', ...ask.headers };
  if (url.username) headers.authorization = basic(url);
  for (let hop = 0; hop <= maxRedirects; hop++) {
    const response = await send(at, network, headers, ask.signal);
    const location = response.headers.location;
    const isRedirect = [301, 302, 303, 307, 308].includes(response.statusCode ?? 0) && location !== undefined;
    if (!isRedirect) return Object.assign(response, { url: at.href });
    response.destroy();
    const next = new URL(location, at);
    if (next.protocol !== at.protocol && next.protocol !== 'https:') {
      throw new AtelierError('download-failed', `${at.host} redirects to ${next.protocol}//${next.host}, which is not encrypted.`);
    }
    if (next.origin !== at.origin) headers = Object.fromEntries(Object.entries(headers).filter(([name]) => name !== 'authorization'));
    at = withoutCredentials(next);
  }
  throw new AtelierError('download-failed', `${url.host} redirects more than ${maxRedirects} times.`);
}

function withoutCredentials(url: URL): URL {
  const plain = new URL(url);
  plain.username = '';
  plain.password = '';
  return plain;
}

async function send(url: URL, network: Network, headers: Record<string, string>, signal: AbortSignal): Promise<http.IncomingMessage> {
  const proxy = proxyFor(url, network.environment);
  const route = proxy ? await throughProxy(proxy, url, network, signal) : { lookup: await pinned(url, network) };
  const request = (url.protocol === 'https:' ? https : http).request(url, { headers, signal, agent: false, ...trust(network), ...route });
  request.setTimeout(network.idleTimeoutMs, () => request.destroy(new Error(`${url.host} sent nothing for ${network.idleTimeoutMs / 1000} s`)));
  request.end();
  const [response] = (await once(request, 'response')) as [http.IncomingMessage];
  request.on('error', (error) => response.destroy(error));
  return response;
}

/** The certificates to trust. Giving `ca` replaces the usual ones, and those of NODE_EXTRA_CA_CERTS, so they are named again. */
function trust(network: Network): { ca?: string[] } {
  if (network.certificates.length === 0) return {};
  return { ca: [...tls.getCACertificates('default'), ...network.certificates] };
}

async function pinned(url: URL, network: Network): Promise<LookupFunction> {
  const addresses = await resolveHost(url.hostname, network.allowsPrivate(url) ? 'any' : 'public');
  return (_hostname, options, callback) => {
    if (options.all) return callback(null, [...addresses]);
    const first = addresses[0] as Address;
    callback(null, first.address, first.family);
  };
}

/** Behind a proxy names may not resolve here at all; then the proxy decides. An address that is visibly private is refused all the same. */
async function throughProxy(proxy: URL, url: URL, network: Network, signal: AbortSignal): Promise<https.RequestOptions> {
  if (!network.allowsPrivate(url)) {
    await resolveHost(url.hostname, 'public').catch((error: unknown) => {
      if (error instanceof AtelierError && error.code === 'forbidden') throw error;
    });
  }
  const socket = await openTunnel(proxy, url, signal);
  if (url.protocol === 'http:') return { createConnection: () => socket };
  return { createConnection: () => tls.connect({ socket, servername: url.hostname, ...trust(network) }) };
}

/** Whether a host of the machine's own settings is itself in a private network; its files may then lie on other private hosts. */
export async function isPrivateHost(url: URL): Promise<boolean> {
  return resolveHost(url.hostname, 'any').then(
    (addresses) => addresses.some(({ address }) => isPrivateAddress(address)),
    () => false,
  );
}
