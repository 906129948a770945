import { once } from 'node:events';
import http from 'node:http';
import https from 'node:https';
import type { Socket } from 'node:net';
import { AtelierError } from '@atelier/protocol';

type Environment = Readonly<Record<string, string | undefined>>;

/** The proxy that the machine's environment names for a URL: HTTPS_PROXY, HTTP_PROXY, ALL_PROXY, but NO_PROXY, in either case. */
export function proxyFor(url: URL, environment: Environment): URL | undefined {
  const read = (name: string) => environment[name.toLowerCase()] || environment[name];
  const proxy = read(url.protocol === 'https:' ? 'HTTPS_PROXY' : 'HTTP_PROXY') || read('ALL_PROXY');
  if (!proxy || !/^https?:\/\//.test(proxy) || isExempt(url, read('NO_PROXY') ?? '')) return undefined;
  return new URL(proxy);
}

function isExempt(url: URL, list: string): boolean {
  const host = url.hostname.toLowerCase();
  return list
    .split(',')
    .map((entry) => entry.trim().toLowerCase())
    .filter(Boolean)
    .some((entry) => {
      const [name, port] = entry.replace(/^\*?\./, '').split(':');
      if (name === '*') return true;
      if (port !== undefined && port !== (url.port || (url.protocol === 'https:' ? '443' : '80'))) return false;
      return host === name || host.endsWith(`.${name}`);
    });
}

/** A connection to the URL's host through a proxy (CONNECT; RFC 9110, section 9.3.6). */
export async function openTunnel(proxy: URL, url: URL, signal: AbortSignal): Promise<Socket> {
  const target = `${url.hostname}:${url.port || (url.protocol === 'https:' ? 443 : 80)}`;
  const authorization = proxy.username ? { 'proxy-authorization': basic(proxy) } : {};
  const request = (proxy.protocol === 'https:' ? https : http).request(proxy, {
    method: 'CONNECT',
    path: target,
    headers: { host: target, ...authorization },
    agent: false,
    signal,
  });
  request.end();
  const [response, socket] = (await once(request, 'connect', { signal })) as [http.IncomingMessage, Socket];
  if (response.statusCode === 200) return socket;
  socket.destroy();
  throw new AtelierError('download-failed', `The proxy ${proxy.host} refused a connection to ${target} (${response.statusCode}).`, {
    hint: 'Look at HTTPS_PROXY and NO_PROXY.',
  });
}

/** The value of an `Authorization: Basic` header from a URL's user and password. */
export function basic(url: URL): string {
  return `Basic ${Buffer.from(`${decodeURIComponent(url.username)}:${decodeURIComponent(url.password)}`).toString('base64')}`;
}
