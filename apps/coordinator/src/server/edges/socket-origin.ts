import type { IncomingMessage } from 'node:http';
import { addressKind, plainAddress } from '@atelier/artifacts';
import { type EdgeIdentity, ownAddresses, type SocketOrigin } from '../../core/index.ts';

/** Where a socket comes from. Behind a proxy its address is the proxy's; a header that says so is believed, as that only takes something away. */
export function socketOrigin({ socket, headers }: Pick<IncomingMessage, 'socket' | 'headers'>): SocketOrigin {
  const address = plainAddress(socket.remoteAddress ?? '');
  const isForwarded = ['forwarded', 'x-forwarded-for', 'x-real-ip', 'via'].some((name) => headers[name] !== undefined);
  if (isForwarded || address === '') return { address: null, isThisMachine: false };
  return { address, isThisMachine: addressKind(address) === 'loopback' || ownAddresses().includes(address) };
}

/** A proxy on this machine that says nothing of it makes everybody look as if they were here: then only edges that this coordinator started are. */
export function originOf(seen: SocketOrigin, { local }: EdgeIdentity, isProxied: boolean): SocketOrigin {
  return isProxied && seen.isThisMachine && !local ? { address: null, isThisMachine: false } : seen;
}
