import { readJson } from '@atelier/bounded-body';
import { AtelierError, type ErrorCode, type Ticket } from '@atelier/protocol';
import { addressKind } from './address.ts';
import { fetchAt } from './fetch-at.ts';
import { type KeyProver, presentToken } from './proof-of-key.ts';

/** One source's part of a fetch, measured with the monotonic clock. */
export interface TransferMeasurement {
  /** An edge's id or `coordinator`. */
  readonly from: string;
  readonly bytes: number;
  /** From the first byte of the answer to the last. */
  readonly seconds: number;
  /** From asking to the answer's head; null if no answer came. */
  readonly latencySeconds: number | null;
}

export interface TransferOptions {
  /** Relative ticket addresses are resolved against it: the address at which the coordinator is dialled. */
  readonly baseUrl: string;
  /** Proves to each source that the tickets were given to us. */
  readonly prove: KeyProver;
  /** New tickets for the same bytes, asked for where sources say that the old ones are past their time, or that they cannot judge them now. */
  readonly renew?: ((ticket: Ticket) => Promise<readonly Ticket[]>) | undefined;
  /** Before new tickets for a source that cannot give now; doubles each time. Default 1 s. */
  readonly pauseMs?: number | undefined;
  readonly signal?: AbortSignal | undefined;
  /** A source that sends nothing for so long is given up. Default 10 s. */
  readonly idleMs?: number | undefined;
  /** Called with a good answer's headers before its bytes are read; awaiting it counts as latency. */
  readonly onAnswer?: ((from: string, headers: Headers) => Promise<void>) | undefined;
  /** Called before a chunk is used; awaiting what it returns slows the transfer. A simulated link lives here. */
  readonly pace?: ((from: string, bytes: number) => Promise<void> | undefined) | undefined;
  /** The coordinator is dialled on loopback, so that edges which it names there are on this machine. */
  readonly isCoordinatorHere?: boolean | undefined;
  /** Instead of the global fetch. */
  readonly fetch?: typeof fetch | undefined;
}

/** What came of one request to one source. `problem` is null if everything came. */
export interface TransferEnd {
  readonly measurement: TransferMeasurement;
  readonly problem: AtelierError | null;
}

/**
 * Reads bytes `offset` to the end from one source, and never throws for what the source does: it returns how it ended.
 * @throws the signal's reason if it was aborted
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
      const held = options.pace?.(ticket.from, chunk.byteLength);
      if (held) await held;
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
  const signal = options.signal ? AbortSignal.any([options.signal, silence.signal]) : silence.signal;
  const shown = await presentToken(options.prove, { method: 'GET', url: url.href, token: ticket.token });
  const headers = { ...shown, 'accept-encoding': 'identity', ...(offset > 0 ? { range: `bytes=${offset}-` } : {}) };
  const response = await send(ticket, url, { headers, signal }, options);
  const right = offset > 0 ? response.status === 206 && response.headers.get('content-range')?.startsWith(`bytes ${offset}-`) : response.status === 200;
  if (right && response.body) {
    await options.onAnswer?.(ticket.from, response.headers);
    return response;
  }
  throw await refusal(ticket.from, response);
}

/** Refusals after which another ticket, or the same source later, may help; a source may say nothing else of a fetch. */
const passing: readonly ErrorCode[] = ['token-expired', 'unavailable', 'rate-limited'];
const refusalBytes = 4096;

/** True where asking again with a new ticket may help. */
export function mayPass(problem: AtelierError): boolean {
  return passing.includes(problem.code);
}

async function refusal(from: string, response: Response): Promise<AtelierError> {
  const status = response.status;
  const body = (await readJson(response, refusalBytes).catch(() => undefined)) as { error?: unknown } | undefined;
  const said = AtelierError.from(body?.error);
  const code = mayPass(said) ? said.code : 'download-failed';
  return new AtelierError(code, `${from} answered with status ${status}.`);
}

async function send(ticket: Ticket, url: URL, init: { headers: Record<string, string>; signal: AbortSignal }, options: TransferOptions): Promise<Response> {
  // A redirect would take the ticket to a machine that it is not for.
  if (options.fetch || ticket.address === null) return (options.fetch ?? fetch)(url, { ...init, redirect: 'error' });
  const kind = addressKind(ticket.address);
  const isAllowed = kind === 'machine' || (kind === 'loopback' && options.isCoordinatorHere === true);
  if (isAllowed) return fetchAt(ticket.address, url, init);
  throw new AtelierError('download-failed', `${ticket.from} is said to be at ${ticket.address}, which is no address of another machine.`);
}

function asDownloadError(from: string, error: unknown): AtelierError {
  if (error instanceof AtelierError) return error;
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  return new AtelierError('download-failed', `${from} could not be read: ${cause instanceof Error ? cause.message : String(cause)}.`, { cause: error });
}

/** A deadline that begins again with every sign of life. */
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
