import { AtelierError } from '@atelier/protocol';

export interface Told {
  /** One event; text goes as it is. @param name the event's own name, where a protocol has one */
  send(data: unknown, name?: string): void;
  /** Fires when the reader has hung up. */
  readonly signal: AbortSignal;
}

/**
 * Server-sent events (HTML standard, section 9.2) that something writes until it is done. The reader's hanging up fires the signal.
 * @param explain what is sent if the writer throws
 */
export function eventStream(
  write: (told: Told) => Promise<void>,
  explain: (error: AtelierError) => { data: unknown; name?: string },
  headers: Record<string, string>,
): Response {
  const hungUp = new AbortController();
  // What still writes when another part has failed finds a closed stream.
  let isOpen = true;
  const body = new ReadableStream<Uint8Array>({
    async start(controller) {
      const send: Told['send'] = (data, name) => {
        if (!isOpen) return;
        const text = typeof data === 'string' ? data : JSON.stringify(data);
        controller.enqueue(Buffer.from(`${name === undefined ? '' : `event: ${name}\n`}data: ${text}\n\n`));
      };
      try {
        await write({ send, signal: hungUp.signal });
      } catch (thrown) {
        const { data, name } = explain(AtelierError.from(thrown));
        send(data, name);
      }
      if (isOpen) controller.close();
      isOpen = false;
    },
    cancel() {
      isOpen = false;
      hungUp.abort();
    },
  });
  return new Response(body, {
    headers: { 'content-type': 'text/event-stream; charset=utf-8', 'cache-control': 'no-cache', 'x-accel-buffering': 'no', ...headers },
  });
}
