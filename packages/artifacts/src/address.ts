import { BlockList, isIP } from 'node:net';

/** Where an address leads: to its own machine, only over one cable, to nobody or many, or to one machine. */
export type AddressKind = 'loopback' | 'link-local' | 'none' | 'machine';

const loopback = new BlockList();
loopback.addSubnet('127.0.0.0', 8);
loopback.addAddress('::1', 'ipv6');
const linkLocal = new BlockList();
linkLocal.addSubnet('169.254.0.0', 16);
linkLocal.addSubnet('fe80::', 10, 'ipv6');
/** Unspecified, multicast and broadcast addresses (RFC 6890). */
const nobody = new BlockList();
nobody.addSubnet('0.0.0.0', 8);
nobody.addSubnet('224.0.0.0', 4);
nobody.addSubnet('240.0.0.0', 4);
nobody.addAddress('::', 'ipv6');
nobody.addSubnet('ff00::', 8, 'ipv6');

/** @param address in numbers, as {@link plainAddress} gives it */
export function addressKind(address: string): AddressKind {
  const family = isIP(address) === 6 ? 'ipv6' : 'ipv4';
  if (isIP(address) === 0 || nobody.check(address, family)) return 'none';
  if (loopback.check(address, family)) return 'loopback';
  return linkLocal.check(address, family) ? 'link-local' : 'machine';
}

/** One spelling of an address: no zone, no brackets, and IPv4 as it is where it came inside of IPv6 (RFC 4291, section 2.5.5.2). */
export function plainAddress(text: string): string {
  const bare = text
    .replace(/^\[|\]$/g, '')
    .replace(/%.*$/, '')
    .toLowerCase();
  if (isIP(bare) !== 6) return bare;
  const canonical = new URL(`http://[${bare}]`).hostname.slice(1, -1);
  const mapped = /^::ffff:([0-9a-f]{1,4}):([0-9a-f]{1,4})$/.exec(canonical);
  if (!mapped) return canonical;
  const [high, low] = [Number.parseInt(mapped[1] as string, 16), Number.parseInt(mapped[2] as string, 16)];
  return [high >> 8, high & 255, low >> 8, low & 255].join('.');
}
