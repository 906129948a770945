import { AtelierError, type ErrorCode, type FromWatcher, type RunEvent, type RunId, ToWatcher, watchAliveMs, watchSocketPath } from '@atelier/protocol';
import { markUnanswered } from './errors.ts';

/** The part of a browser's WebSocket that is used. */
export type Dial = (url: string) => Pick<WebSocket, 'send' | 'close' | 'readyState' | 'addEventListener'>;
type Socket = ReturnType<Dial>;

/** The events of one run until they are over, for whoever reads them. */
interface Reader {
  readonly waiting: RunEvent[];
  over: { error: AtelierError | null } | null;
  wake: () => void;
}

const open = 1;

/** Milliseconds. */
export interface WatchTimes {
  /** From dialling until the socket is open. */
  readonly openMs: number;
  /** Without a word from the studio; then the line is dead, whatever the browser believes, as after a sleep or behind a router that forgot it. */
  readonly silentMs: number;
}

const watchTimes: WatchTimes = { openMs: 10_000, silentMs: 3 * watchAliveMs };

/**
 * The events of any number of runs over one WebSocket, so that pages with many runs, and many pages, leave the browser's few
 * connections over HTTP/1.1 for everything else. It is opened with the first run and closed behind the last one.
 */
export class WatchSocket {
  readonly #url: string;
  readonly #dial: Dial;
  readonly #times: WatchTimes;
  readonly #readers = new Map<RunId, Set<Reader>>();
  #socket: Promise<Socket> | null = null;

  /** @param url the studio's address, `http:` or `https:` */
  constructor(url: string, dial: Dial = (address) => new WebSocket(address), times: WatchTimes = watchTimes) {
    this.#times = times;
    this.#url = `${url.replace(/^http/, 'ws')}${watchSocketPath}`;
    this.#dial = dial;
  }

  /**
   * Events of a run; opens with a snapshot.
   * @throws AtelierError `unavailable` if no socket can be opened: its way may be barred, or the studio is away
   */
  async events(runId: RunId, signal?: AbortSignal): Promise<AsyncGenerator<RunEvent, void, undefined>> {
    let opening: Promise<Socket>;
    let socket: Socket;
    // The last reader of before may close one while it is waited for; then another is opened.
    do {
      opening = this.#opened();
      socket = await opening;
    } while (this.#socket !== opening);
    const reader: Reader = { waiting: [], over: null, wake: () => undefined };
    const readers = this.#readers.get(runId) ?? new Set();
    this.#readers.set(runId, readers.add(reader));
    // A second reader of a run needs a snapshot of its own; the first gets it too, which changes nothing for it.
    tell(socket, { kind: 'watch', runId });
    return this.#read(runId, reader, signal);
  }

  async *#read(runId: RunId, reader: Reader, signal: AbortSignal | undefined): AsyncGenerator<RunEvent, void, undefined> {
    const stop = () => end(reader, new AtelierError('cancelled', 'The request was called off.'));
    if (signal?.aborted) stop();
    signal?.addEventListener('abort', stop, { once: true });
    try {
      for (;;) {
        const event = reader.waiting.shift();
        if (event) yield event;
        else if (reader.over?.error) throw reader.over.error;
        else if (reader.over) return;
        else await new Promise<void>((resolve) => (reader.wake = resolve));
      }
    } finally {
      signal?.removeEventListener('abort', stop);
      this.#leave(runId, reader);
    }
  }

  #leave(runId: RunId, reader: Reader): void {
    const readers = this.#readers.get(runId);
    if (!readers?.delete(reader) || readers.size > 0) return;
    this.#readers.delete(runId);
    this.#socket?.then(
      (socket) => {
        // Somebody may have come meanwhile, and would be left too.
        if (this.#readers.has(runId)) return;
        tell(socket, { kind: 'leave', runId });
        if (this.#readers.size > 0) return;
        this.#socket = null;
        socket.close();
      },
      () => undefined,
    );
  }

  #opened(): Promise<Socket> {
    if (this.#socket) return this.#socket;
    const opening = new Promise<Socket>((resolve, reject) => {
      const socket = this.#dial(this.#url);
      const lose = () => {
        life.end();
        const lost = markUnanswered(new AtelierError('unavailable', 'The studio does not answer.'));
        reject(lost);
        // One that was closed behind its last reader has a successor already.
        if (this.#socket !== opening) return;
        this.#socket = null;
        for (const readers of this.#readers.values()) for (const reader of readers) end(reader, lost);
      };
      const life = new Life(this.#times, () => {
        // A line that is dead answers no goodbye, so nobody waits for it.
        lose();
        socket.close();
      });
      socket.addEventListener('open', () => {
        life.opened();
        resolve(socket);
      });
      socket.addEventListener('message', ({ data }) => {
        life.heard();
        this.#hear(String(data));
      });
      socket.addEventListener('close', lose);
    });
    this.#socket = opening;
    return opening;
  }

  #hear(text: string): void {
    const message = ToWatcher.safeParse(JSON.parse(text));
    // What a later release adds is passed over.
    if (!message.success || message.data.kind === 'alive') return;
    for (const reader of this.#readers.get(message.data.runId as RunId) ?? []) {
      if (message.data.kind === 'event') {
        reader.waiting.push(message.data.event);
        reader.wake();
      } else end(reader, message.data.error && errorOf(message.data.error));
    }
  }
}

/** Notices a socket that does not open, or that died without a word. */
class Life {
  readonly #times: WatchTimes;
  readonly #dead: () => void;
  #timer: ReturnType<typeof setTimeout>;
  /** By the clock of the wall, which goes on while a machine sleeps. */
  #heardOn = Date.now();

  constructor(times: WatchTimes, dead: () => void) {
    this.#times = times;
    this.#dead = dead;
    this.#timer = setTimeout(dead, times.openMs);
  }

  opened(): void {
    this.heard();
    clearTimeout(this.#timer);
    this.#timer = setInterval(() => {
      if (Date.now() - this.#heardOn > this.#times.silentMs) this.#dead();
    }, this.#times.silentMs / 6);
  }

  heard(): void {
    this.#heardOn = Date.now();
  }

  end(): void {
    clearTimeout(this.#timer);
  }
}

function end(reader: Reader, error: AtelierError | null): void {
  reader.over ??= { error };
  reader.wake();
}

function errorOf({ code, message, hint }: { code: string; message: string; hint?: string | undefined }): AtelierError {
  return new AtelierError(code as ErrorCode, message, hint === undefined ? {} : { hint });
}

function tell(socket: Socket, message: FromWatcher): void {
  if (socket.readyState === open) socket.send(JSON.stringify(message));
}
