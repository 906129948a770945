import { request as httpRequest, type IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { AtelierError } from '@atelier/protocol';
import { pinnedTo } from './fetch-at.ts';

/** The protocol that both sides of a stream between services name in `Upgrade` (RFC 9110, section 7.8). */
export const streamProtocol = 'atelier-service';

const keepAliveMs = 30_000;
/** Bytes of a refusal that are read. */
const refusalBytes = 16 * 1024;

export interface StreamRequest {
  /** The one that was checked, to which it connects whatever the URL's name leads to. */
  readonly address: string;
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
  /** How long the other side may take to answer. */
  readonly timeoutMs: number;
}

/**
 * Opens a stream of bytes in both directions: an HTTP upgrade, after which the connection is the stream.
 * @throws AtelierError what the other side answers; `unavailable` if it cannot be reached, `timeout`
 */
export function openStreamAt({ address, url, headers, signal, timeoutMs }: StreamRequest): Promise<Duplex> {
  const { lookup, url: pinned } = pinnedTo(address, url);
  const begin = pinned.protocol === 'https:' ? httpsRequest : httpRequest;
  return new Promise((resolve, reject) => {
    const sent = begin(pinned, { lookup, signal, agent: false, headers: { ...headers, connection: 'Upgrade', upgrade: streamProtocol } });
    const late = setTimeout(() => sent.destroy(new AtelierError('timeout', `${url.host} did not answer in ${timeoutMs / 1000} s.`)), timeoutMs);
    const refuse = (error: unknown) => {
      clearTimeout(late);
      reject(error instanceof AtelierError ? error : unreachable(url, error));
    };
    sent.once('error', refuse);
    sent.once('response', (answer) => readRefusal(answer, (error) => refuse(error)));
    sent.once('upgrade', (_answer, socket, head) => {
      clearTimeout(late);
      socket.on('error', () => socket.destroy());
      // A machine that vanished without a word is noticed after some minutes, by TCP.
      if (socket instanceof Socket) socket.setKeepAlive(true, keepAliveMs);
      if (head.length > 0) socket.unshift(head);
      resolve(socket);
    });
    sent.end();
  });
}

function unreachable(url: URL, cause: unknown): AtelierError {
  return new AtelierError('unavailable', `${url.host} cannot be reached from this machine: ${cause instanceof Error ? cause.message : String(cause)}`, {
    hint: 'Look whether a firewall stands between the two machines, and at the address that the other one has in its edge.yaml.',
    cause,
  });
}

/** What was answered instead of a stream. */
function readRefusal(answer: IncomingMessage, told: (error: AtelierError) => void): void {
  let text = '';
  answer.setEncoding('utf8');
  answer.on('data', (piece: string) => {
    text += piece;
    if (text.length > refusalBytes) answer.destroy();
  });
  answer.once('error', () => answer.destroy());
  answer.once('close', () => told(refusalOf(answer.statusCode ?? 0, text)));
}

function refusalOf(status: number, text: string): AtelierError {
  try {
    const error = AtelierError.from((JSON.parse(text) as { error?: unknown }).error);
    if (error.code !== 'internal') return error;
  } catch {
    // Something that is no edge of ours answers there.
  }
  return new AtelierError('unavailable', `The other machine answered with status ${status} instead of a stream.`, {
    hint: 'Run the same release of Atelier on both machines.',
  });
}
