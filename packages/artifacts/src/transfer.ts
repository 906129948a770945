import { AtelierError, type Ticket } from '@atelier/protocol';

/** One source's part of a fetch, measured with the monotonic clock. */
export interface TransferMeasurement {
  /** An edge's id or `coordinator`. */
  readonly from: string;
  readonly bytes: number;
  /** From the first byte of the answer to the last. */
  readonly seconds: number;
  /** From asking to the answer's head; null where no answer came. */
  readonly latencySeconds: number | null;
}

export interface TransferOptions {
  /** Relative ticket addresses are resolved against it: the address at which the coordinator is dialled. */
  readonly baseUrl: string;
  readonly signal?: AbortSignal | undefined;
  /** A source that sends nothing for so long is given up. Default 10 s. */
  readonly idleMs?: number | undefined;
  /** Called with a good answer's headers before its bytes are read; awaiting it counts as latency. */
  readonly onAnswer?: ((from: string, headers: Headers) => Promise<void>) | undefined;
  /** Called before a chunk is used; awaiting it slows the transfer. A simulated link lives here. */
  readonly pace?: ((from: string, bytes: number) => Promise<void>) | undefined;
  /** Instead of the global fetch. */
  readonly fetch?: typeof fetch | undefined;
}

/** What came of one request to one source. `problem` is null where everything came. */
export interface TransferEnd {
  readonly measurement: TransferMeasurement;
  readonly problem: AtelierError | null;
}

/**
 * Reads bytes `offset` to the end from one source, and never throws for what the source does: it returns how it ended.
 * @throws the signal's reason where it was aborted
 */
export async function* readSource(
  ticket: Ticket,
  part: { readonly offset: number; readonly sizeBytes: number },
  options: TransferOptions,
): AsyncGenerator<Uint8Array, TransferEnd> {
  const clock = { asked: performance.now(), answered: undefined as number | undefined };
  const silence = new Silence(options.idleMs ?? 10_000);
  let bytes = 0;
  let problem: AtelierError | null = null;
  try {
    const response = await ask(ticket, part.offset, options, silence);
    clock.answered = performance.now();
    for await (const chunk of response.body as ReadableStream<Uint8Array>) {
      // Only the source's silence counts, not the time that the reader takes.
      silence.stop();
      if (part.offset + bytes + chunk.byteLength > part.sizeBytes) throw new AtelierError('hash-mismatch', `${ticket.from} sent more bytes than there are.`);
      await options.pace?.(ticket.from, chunk.byteLength);
      bytes += chunk.byteLength;
      yield chunk;
      silence.restart();
    }
    if (part.offset + bytes < part.sizeBytes)
      problem = new AtelierError('download-failed', `${ticket.from} ended after ${part.offset + bytes} of ${part.sizeBytes} bytes.`);
  } catch (error) {
    options.signal?.throwIfAborted();
    problem = silence.signal.aborted ? (silence.signal.reason as AtelierError) : asDownloadError(ticket.from, error);
  } finally {
    silence.stop();
  }
  const ended = performance.now();
  return {
    problem,
    measurement: {
      from: ticket.from,
      bytes,
      seconds: clock.answered === undefined ? 0 : (ended - clock.answered) / 1000,
      latencySeconds: clock.answered === undefined ? null : (clock.answered - clock.asked) / 1000,
    },
  };
}

async function ask(ticket: Ticket, offset: number, options: TransferOptions, silence: Silence): Promise<Response> {
  const url = new URL(ticket.url, options.baseUrl);
  const response = await (options.fetch ?? fetch)(url, {
    headers: { authorization: `Bearer ${ticket.token}`, 'accept-encoding': 'identity', ...(offset > 0 ? { range: `bytes=${offset}-` } : {}) },
    // A redirect would take the ticket to a machine that it is not for.
    redirect: 'error',
    signal: options.signal ? AbortSignal.any([options.signal, silence.signal]) : silence.signal,
  });
  const right = offset > 0 ? response.status === 206 && response.headers.get('content-range')?.startsWith(`bytes ${offset}-`) : response.status === 200;
  if (right && response.body) {
    await options.onAnswer?.(ticket.from, response.headers);
    return response;
  }
  await response.body?.cancel();
  throw new AtelierError('download-failed', `${ticket.from} answered with status ${response.status}.`);
}

function asDownloadError(from: string, error: unknown): AtelierError {
  if (error instanceof AtelierError) return error;
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  return new AtelierError('download-failed', `${from} could not be read: ${cause instanceof Error ? cause.message : String(cause)}.`, { cause: error });
}

/** A deadline that begins anew with every sign of life. */
class Silence {
  readonly #abort = new AbortController();
  readonly #ms: number;
  #timer: NodeJS.Timeout | undefined;

  constructor(ms: number) {
    this.#ms = ms;
    this.restart();
  }

  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  restart(): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#abort.abort(new AtelierError('timeout', `Nothing came for ${this.#ms / 1000} s.`)), this.#ms);
  }

  stop(): void {
    clearTimeout(this.#timer);
  }
}
