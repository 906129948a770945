import { isIP } from 'node:net';
import type { NetworkInterfaceInfo } from 'node:os';

/** Where another machine reaches this studio. */
export interface JoinAddress {
  readonly url: string;
  /** `this-machine` if it listens for this machine alone. */
  readonly reach: 'network' | 'this-machine';
  /** Further addresses that may be the right one in the other machine's network. */
  readonly others: readonly string[];
}

interface Known {
  /** The address under which whoever asks reached us. */
  readonly asked: string;
  /** What the server listens on. */
  readonly host: string;
  readonly port: number;
  /** The origins given with `--origin`. */
  readonly origins: readonly string[];
  /** As `os.networkInterfaces()` gives them. */
  readonly interfaces: NodeJS.Dict<NetworkInterfaceInfo[]>;
}

/**
 * The address that another machine dials: the one that was asked under, unless that means this very machine; then a given origin, or
 * an address of this machine in its network.
 */
export function joinAddress({ asked, host, port, origins, interfaces }: Known): JoinAddress {
  const own = isLoopback(host) ? [] : isWildcard(host) ? networkAddresses(interfaces) : [host];
  const known = [...(isLoopback(new URL(asked).hostname) ? [] : [asked]), ...origins, ...own.map((address) => `http://${bracketed(address)}:${port}`)];
  const [url, ...others] = new Set(known);
  return url === undefined ? { url: asked, reach: 'this-machine', others: [] } : { url, reach: 'network', others };
}

const isWildcard = (host: string) => ['0.0.0.0', '::', ''].includes(host);
const bracketed = (address: string) => (isIP(address) === 6 ? `[${address}]` : address);

/** This machine, as RFC 5735 and RFC 4291 say it, or by its usual name. */
function isLoopback(host: string): boolean {
  const name = host.replace(/^\[|\]$/g, '').toLowerCase();
  return name === 'localhost' || name === '::1' || (isIP(name) === 4 && name.startsWith('127.'));
}

/** Networks of containers and virtual machines on this machine; others do not reach them. */
const inner = /^(docker|br-|veth|virbr|vmnet|vboxnet|cni|flannel|podman|lxc)/;

/** Addresses in networks that others share, IPv4 first. Link-local ones are left out: they need a zone. */
function networkAddresses(interfaces: NodeJS.Dict<NetworkInterfaceInfo[]>): string[] {
  return Object.entries(interfaces)
    .filter(([name]) => !inner.test(name))
    .flatMap(([, addresses]) => addresses ?? [])
    .filter(({ internal, address }) => !internal && !address.startsWith('169.254.') && !address.toLowerCase().startsWith('fe80:'))
    .sort((one, other) => (one.family === other.family ? 0 : one.family === 'IPv4' ? -1 : 1))
    .map(({ address }) => address);
}
