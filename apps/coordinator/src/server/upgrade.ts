import type { IncomingMessage } from 'node:http';
import { STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import { AtelierError } from '@atelier/protocol';

/** A request to become a WebSocket (RFC 6455, section 4.1), and its connection. */
export interface Upgrade {
  readonly request: IncomingMessage;
  readonly socket: Duplex;
  readonly head: Buffer;
}

/** Answers an upgrade with an error instead of a WebSocket, and ends the connection. */
export function refuseUpgrade(socket: Duplex, thrown: unknown): void {
  const error = AtelierError.from(thrown);
  const body = JSON.stringify({ error: error.toJSON() });
  const headers = [
    `HTTP/1.1 ${error.status} ${STATUS_CODES[error.status] ?? 'Error'}`,
    'Connection: close',
    'Content-Type: application/json',
    `Content-Length: ${Buffer.byteLength(body)}`,
    ...(error.retryable ? ['Retry-After: 2'] : []),
  ];
  socket.end(`${headers.join('\r\n')}\r\n\r\n${body}`);
}

/** The headers of an upgrade that say who asks. */
export function identityHeaders({ headers }: IncomingMessage): Headers {
  const given = new Headers();
  for (const name of ['cookie', 'authorization', 'x-api-key'] as const) {
    const value = headers[name];
    if (typeof value === 'string') given.set(name, value);
  }
  return given;
}
