import { once } from 'node:events';
import { connect } from 'node:net';
import type { Duplex } from 'node:stream';
import { openStreamAt } from '@atelier/artifacts';
import { AtelierError } from '@atelier/protocol';
import type { ToService, Way } from '../service-ipc.ts';
import { send } from './send.ts';

const answerMs = 15_000;

const waiting = new Map<number, { resolve(way: Way): void; reject(error: AtelierError): void }>();
let requests = 0;

/** The agent's answer to a question of {@link connectTo}. */
export function heardWay(message: Extract<ToService, { kind: 'way' | 'no-way' }>): void {
  const asked = waiting.get(message.request);
  waiting.delete(message.request);
  if (message.kind === 'way') asked?.resolve(message.way);
  else asked?.reject(AtelierError.from(message.error));
}

/** Opens a stream to another service, wherever it is. @throws AtelierError */
export async function connectTo(target: string, signal: AbortSignal): Promise<Duplex> {
  const request = requests++;
  const asked = Promise.withResolvers<Way>();
  waiting.set(request, asked);
  send({ kind: 'find', request, target });
  const way = await asked.promise;
  signal.throwIfAborted();
  if (way.at === 'here') return openHere(way.path, signal);
  return openStreamAt({ address: way.address, url: new URL(way.url), headers: way.headers, signal, timeoutMs: answerMs });
}

async function openHere(path: string, signal: AbortSignal): Promise<Duplex> {
  const socket = connect({ path, allowHalfOpen: true });
  try {
    await once(socket, 'connect', { signal });
  } catch (cause) {
    socket.destroy();
    signal.throwIfAborted();
    throw new AtelierError('unavailable', 'The service takes no streams now.', { hint: 'Try again in a moment: it may be starting.', cause });
  }
  socket.on('error', () => socket.destroy());
  return socket;
}
