import type { IncomingMessage } from 'node:http';

/** More than this waits on the network, not in memory. */
const mostWaitingBytes = 4 * 1024 ** 2;

/**
 * The body of a response, piece by piece. Node's own stream drops what has arrived but was not read yet when a connection breaks;
 * this gives it out first and fails afterwards, so that a resumed download does not fetch it again.
 * Call it at once when the response comes.
 */
export function readBody(response: IncomingMessage): AsyncIterable<Uint8Array> {
  const waiting: Uint8Array[] = [];
  let waitingBytes = 0;
  let end: { readonly error: Error | undefined } | undefined;
  let wake: () => void = () => undefined;
  response.on('data', (chunk: Uint8Array) => {
    waiting.push(chunk);
    waitingBytes += chunk.length;
    if (waitingBytes > mostWaitingBytes) response.pause();
    wake();
  });
  const finish = (error: Error | undefined) => {
    end ??= { error };
    wake();
  };
  response.once('end', () => finish(undefined));
  response.once('error', finish);
  response.once('close', () => finish(new Error('the connection was closed')));
  return (async function* () {
    for (;;) {
      const chunk = waiting.shift();
      if (chunk !== undefined) {
        waitingBytes -= chunk.length;
        if (waitingBytes <= mostWaitingBytes && response.isPaused()) response.resume();
        yield chunk;
      } else if (end) {
        if (end.error) throw end.error;
        return;
      } else {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
    }
  })();
}
