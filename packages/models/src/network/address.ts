import { lookup } from 'node:dns/promises';
import { BlockList, isIP } from 'node:net';
import { AtelierError } from '@atelier/protocol';

/** An address that a name was resolved to, once. */
export interface Address {
  readonly address: string;
  readonly family: 4 | 6;
}

/** What is not reachable from the public Internet (RFC 6890 and its registries). */
const notPublic = new BlockList();
for (const [network, bits] of [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['192.88.99.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['224.0.0.0', 3],
] as const) {
  notPublic.addSubnet(network, bits, 'ipv4');
}
/** Everything outside of 2000::/3 is special in IPv6; inside of it are documentation, Teredo and 6to4, which may wrap private addresses. */
const globalUnicast = new BlockList();
globalUnicast.addSubnet('2000::', 3, 'ipv6');
for (const [network, bits] of [
  ['2001::', 23],
  ['2001:db8::', 32],
  ['2002::', 16],
  ['3fff::', 20],
] as const) {
  notPublic.addSubnet(network, bits, 'ipv6');
}

/** Whether an IP address lies in a private, local or otherwise special range. */
export function isPrivateAddress(address: string): boolean {
  const plain = address.replace(/^\[|\]$/g, '').replace(/%.*$/, '');
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(plain)?.[1];
  if (mapped !== undefined) return notPublic.check(mapped, 'ipv4');
  if (isIP(plain) === 4) return notPublic.check(plain, 'ipv4');
  return !globalUnicast.check(plain, 'ipv6') || notPublic.check(plain, 'ipv6');
}

/**
 * The addresses of a host, resolved once: connect to these and to nothing else, or the name may change in between.
 * @param reach `public` refuses a name of which any address is private
 * @throws AtelierError `forbidden` for a private address, `download-failed` for an unknown name
 */
export async function resolveHost(hostname: string, reach: 'public' | 'any'): Promise<Address[]> {
  const bare = hostname.replace(/^\[|\]$/g, '');
  const family = isIP(bare);
  const found = family === 0 ? await resolveName(bare) : [{ address: bare, family: family as 4 | 6 }];
  const refused = reach === 'public' ? found.find(({ address }) => isPrivateAddress(address)) : undefined;
  if (refused) {
    throw new AtelierError('forbidden', `${hostname} is at ${refused.address}, in a private network.`, {
      hint: 'Allow it with --allow-private-network if this address is really meant.',
    });
  }
  return found;
}

async function resolveName(name: string): Promise<Address[]> {
  try {
    return (await lookup(name, { all: true })).map(({ address, family }) => ({ address, family: family === 6 ? 6 : 4 }));
  } catch (cause) {
    throw new AtelierError('download-failed', `No address is known for ${name}.`, { hint: 'Is this machine connected to the Internet?', cause });
  }
}
