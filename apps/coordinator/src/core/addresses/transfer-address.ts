import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import { networkInterfaces } from 'node:os';
import { addressKind, plainAddress } from '@atelier/artifacts';

/** Where an edge's socket comes from. */
export interface SocketOrigin {
  /** Null if a proxy stands between, so that it is not known. */
  readonly address: string | null;
  /** It comes from the coordinator's own machine for sure. */
  readonly isThisMachine: boolean;
}

/** Whether other edges are sent to an edge, and to which address. */
export type TransferReach =
  /** `toThisMachine`: it is reached on loopback, so that only edges of this machine are sent there. */
  | { readonly state: 'open'; readonly url: string; readonly address: string; readonly toThisMachine: boolean }
  | { readonly state: 'unconfirmed' | 'refused'; readonly url: string; readonly reason: string };

/** What a name leads to; given in tests. */
type Resolve = (name: string) => Promise<readonly string[]>;

const resolveMs = 5_000;

/**
 * Decides whether others are sent to where an edge says that it is reached. Never to loopback or link-local addresses of another machine, and
 * to any other address only where the edge connects from there itself or an owner confirmed it. A name is looked up once: others connect to the address that was checked.
 * @param url an origin, as the protocol asks for it
 * @param confirmed the origin that an owner confirmed for this edge
 */
export async function judgeTransferUrl(url: string, from: SocketOrigin, confirmed: string | null, resolve: Resolve = resolveName): Promise<TransferReach> {
  const host = plainAddress(new URL(url).hostname);
  const addresses = (isIP(host) ? [host] : await resolve(host)).map(plainAddress);
  if (addresses.length === 0) return { state: 'refused', url, reason: `${host} leads nowhere: no address was found for it.` };
  const own = addresses.find((address) => isOwn(address, from));
  if (own) return { state: 'open', url, address: own, toThisMachine: addressKind(own) === 'loopback' };
  const machine = addresses.find((address) => addressKind(address) === 'machine');
  if (!machine) return { state: 'refused', url, reason: `${host} is no address of one other machine on a network.` };
  if (confirmed === url) return { state: 'open', url, address: machine, toThisMachine: false };
  const seen = from.address ?? 'behind a proxy';
  return { state: 'unconfirmed', url, reason: `It says that others reach it at ${url}, and connects from ${seen}.` };
}

/** Whether an edge that connects from somewhere has an address. */
function isOwn(address: string, { address: seen, isThisMachine }: SocketOrigin): boolean {
  const kind = addressKind(address);
  if (kind === 'loopback') return isThisMachine;
  if (kind !== 'machine') return false;
  return address === seen || (isThisMachine && ownAddresses().includes(address));
}

/** The addresses of this machine's networks. */
export function ownAddresses(): string[] {
  return Object.values(networkInterfaces()).flatMap((list) => (list ?? []).map(({ address }) => plainAddress(address)));
}

/** A name that is not found, or not in time, leads nowhere. */
async function resolveName(name: string): Promise<readonly string[]> {
  const { promise, resolve } = Promise.withResolvers<readonly string[]>();
  const timer = setTimeout(() => resolve([]), resolveMs);
  const found = lookup(name, { all: true }).then(
    (list) => list.map(({ address }) => address),
    () => [],
  );
  const addresses = await Promise.race([found, promise]);
  clearTimeout(timer);
  return addresses;
}
