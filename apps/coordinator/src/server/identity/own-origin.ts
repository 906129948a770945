import { isIP } from 'node:net';
import { AtelierError } from '@atelier/protocol';

/** By which names this server may be called, and from which pages. */
export interface OwnOrigins {
  /** @throws AtelierError `forbidden` if the Host header names another machine: a page could be playing DNS tricks (rebinding) */
  checkHost(host: string | undefined): void;
  /** True if a page of this origin, on a server called `host`, is one of ours. */
  isOwn(origin: string, host: string | undefined): boolean;
  /** The origins given with `--origin`. */
  readonly extra: readonly string[];
}

const alwaysOwn = ['localhost', '127.0.0.1', '[::1]'];
const wildcards = ['0.0.0.0', '::', ''];

/**
 * @param host what the server listens on @param origins further origins, such as `https://atelier.example.org` behind a proxy
 * @throws AtelierError `invalid-input` for an origin that is none
 */
export function ownOrigins(host: string, origins: readonly string[] = []): OwnOrigins {
  const extra = origins.map(readOrigin);
  const names = new Set([...alwaysOwn, bracketed(host), ...extra.map((origin) => new URL(origin).hostname)]);
  // An address in numbers is asked of no name server, so nobody can rebind it. Only where others may come in at all.
  const anyAddress = wildcards.includes(host);
  const isOwnHost = (name: string | undefined) => name !== undefined && (names.has(name) || (anyAddress && isIP(name.replace(/^\[|\]$/g, '')) !== 0));
  return {
    extra,
    checkHost(header) {
      if (isOwnHost(hostName(header))) return;
      throw new AtelierError('forbidden', `This server is not called "${header ?? ''}".`, {
        hint: 'Use its own address, or start it with --origin and the address under which it is reached.',
      });
    },
    isOwn(origin, header) {
      if (extra.includes(origin)) return true;
      return isOwnHost(hostName(header)) && (origin === `http://${header}` || origin === `https://${header}`);
    },
  };
}

function readOrigin(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url && /^https?:$/.test(url.protocol)) return url.origin;
  throw new AtelierError('invalid-input', `"${text}" is not an origin.`, { hint: 'Write it like https://atelier.example.org.' });
}

/** The name in a Host header, without its port, in lower case. */
function hostName(header: string | undefined): string | undefined {
  return header?.toLowerCase().replace(/:\d+$/, '');
}

function bracketed(host: string): string {
  return isIP(host) === 6 ? `[${host}]` : host.toLowerCase();
}
