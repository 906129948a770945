import { setTimeout as pause } from 'node:timers/promises';
import type { KeyProver } from '@atelier/artifacts';
import { guarded } from '@atelier/background';
import { AtelierError, Challenge, edgeProtocolVersion, type FromEdge, limits, ToEdge } from '@atelier/protocol';
import type { Logger } from 'pino';
import { type RawData, WebSocket } from 'ws';
import type { Identity } from '../identity/identity.ts';
import { backoffMs } from './backoff.ts';
import { CoordinatorClock } from './coordinator-clock.ts';

export type Welcome = Extract<ToEdge, { kind: 'welcome' }>;

interface LinkEvents {
  /** After `welcome`; what it returns is sent first. */
  onWelcome(welcome: Welcome): FromEdge[];
  onMessage(message: ToEdge): void;
  /** Seconds there and back, measured by a ping. */
  onRoundTrip(seconds: number): void;
  /** The coordinator does not know this edge, or no longer. Another identity is tried once; null ends the link with the error. */
  onRefused(error: AtelierError): Promise<Identity | null>;
}

export interface LinkOptions {
  readonly identity: Identity;
  readonly events: LinkEvents;
  readonly log: Logger;
  /** Simulation: each message waits so long, each way. */
  readonly delayMs?: number | undefined;
}

/** A socket that says nothing for so many heartbeats is given up and dialled again. */
const silentBeats = 3;
/** After so long without a word from the coordinator, also of sleep, it may have said something that was not heard. */
const outOfTouchMs = 10_000;
/** Over so many unsent bytes passing news is dropped. */
const fullBytes = 1024 ** 2;
/** A connection that lasted so long was a good one. */
const steadyMs = 2_000;
/** From dialling to `welcome`. */
const welcomeMs = 15_000;
/** Heartbeats between two measurements of the round trip. */
const beatsPerPing = 15;

/** The one socket to the coordinator: dials out, proves who it is, and dials again whenever it breaks. */
export class CoordinatorLink {
  readonly #options: LinkOptions;
  readonly #stop = new AbortController();
  readonly clock = new CoordinatorClock();
  #identity: Identity;
  #prove: KeyProver;
  #socket: WebSocket | undefined;
  #life: SocketLife | undefined;
  #welcomed: Welcome | undefined;
  #ready = false;
  #readyAt = 0;
  #failures = 0;
  /** Resolves after `close`; rejects where the coordinator refuses this edge for good. */
  readonly closed: Promise<void>;

  constructor(options: LinkOptions) {
    this.#options = options;
    this.#identity = options.identity;
    this.#prove = this.#identity.keyProver(() => this.clock.now());
    this.closed = this.#keepDialling();
    this.closed.catch(() => undefined);
  }

  get identity(): Identity {
    return this.#identity;
  }

  /** Proves this edge's key for requests over HTTP. */
  get prove(): KeyProver {
    return this.#prove;
  }

  /** Of this connection, or the last one. */
  get welcome(): Welcome | undefined {
    return this.#welcomed;
  }

  get connected(): boolean {
    return this.#ready;
  }

  /** Whether what the coordinator said until just now was heard. */
  get isInTouch(): boolean {
    return this.#ready && (this.#life?.silentMs ?? Number.POSITIVE_INFINITY) < outOfTouchMs;
  }

  /** @returns false if there is no connection; nothing was sent then */
  send(message: FromEdge): boolean {
    if (!this.#ready) return false;
    this.#write(message);
    return true;
  }

  /** For news that may be lost: dropped where there is no connection or much is still unsent. */
  sendPassing(message: FromEdge): void {
    if (this.#ready && (this.#socket?.bufferedAmount ?? 0) < fullBytes) this.#write(message);
  }

  async close(): Promise<void> {
    this.#stop.abort();
    this.#socket?.close(1000, 'the edge stops');
    const force = setTimeout(() => this.#socket?.terminate(), 500);
    await this.closed.catch(() => undefined);
    clearTimeout(force);
  }

  #write(message: object): void {
    const socket = this.#socket;
    const text = JSON.stringify(message);
    if (Buffer.byteLength(text) > limits.edgeMessageBytes) this.#options.log.error({ kind: (message as FromEdge).kind }, 'a message is too large to be sent');
    else this.#later(() => socket?.readyState === WebSocket.OPEN && socket.send(text));
  }

  /** Equal delays keep their order: Node fires timers of one length in turn. */
  #later(act: () => void): void {
    const delayMs = this.#options.delayMs ?? 0;
    if (delayMs > 0) setTimeout(guarded(this.#options.log, 'a delayed message was lost', act), delayMs);
    else act();
  }

  async #keepDialling(): Promise<void> {
    while (!this.#stop.signal.aborted) {
      const refused = await this.#connectOnce();
      if (this.#stop.signal.aborted) return;
      if (refused) {
        const other = await this.#options.events.onRefused(refused);
        if (!other) throw refused;
        this.#identity = other;
        this.#prove = other.keyProver(() => this.clock.now());
      }
      await pause(backoffMs(this.#failures++, Math.random()), undefined, { signal: this.#stop.signal }).catch(() => undefined);
    }
  }

  /** Lives as long as one socket. @returns an error where the coordinator refused this edge */
  #connectOnce(): Promise<AtelierError | undefined> {
    const url = new URL('/api/edge/socket', this.#identity.coordinatorUrl);
    url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:';
    const socket = new WebSocket(url, { maxPayload: 4 * limits.edgeMessageBytes, handshakeTimeout: 10_000, perMessageDeflate: false });
    this.#socket = socket;
    const life = new SocketLife(
      socket,
      (seconds) => this.#options.events.onRoundTrip(seconds + (2 * (this.#options.delayMs ?? 0)) / 1000),
      (time) => this.clock.set(time),
    );
    this.#life = life;
    let refused: AtelierError | undefined;
    return new Promise((resolve) => {
      const hear = (data: RawData) => {
        life.heard();
        this.#later(() => {
          if (socket !== this.#socket) return;
          refused = this.#read(data, life) ?? refused;
        });
      };
      socket.on('message', guarded(this.#options.log, 'a message of the coordinator could not be followed', hear));
      socket.on('error', (error) => this.#options.log.debug({ error: error.message }, 'connection failed'));
      socket.once('close', (code) => {
        life.end();
        if (this.#ready) this.#lost(code);
        this.#socket = undefined;
        resolve(refused);
      });
    });
  }

  /** After a connection that lasted, the next dial is at once; one that breaks right away must not become a storm of dials. */
  #lost(code: number): void {
    if (!this.#stop.signal.aborted) this.#options.log.warn({ code }, 'connection to the coordinator lost');
    this.#ready = false;
    if (performance.now() - this.#readyAt > steadyMs) this.#failures = 0;
  }

  #read(data: RawData, life: SocketLife): AtelierError | undefined {
    const message = parse(data);
    if (message === 'another version') return this.#leaveOther();
    if (!message) {
      this.#options.log.warn('a message of the coordinator was not understood');
      return undefined;
    }
    if (message.kind === 'challenge') {
      this.#write({ kind: 'identify', edgeId: this.#identity.edgeId, signature: this.#identity.prove(message.nonce) });
      return undefined;
    }
    if (message.kind === 'error') {
      const error = AtelierError.from(message.error);
      this.#options.log.error({ error: error.toJSON() }, 'the coordinator reports an error');
      return error.code === 'unauthenticated' || error.code === 'forbidden' || error.code === 'not-found' ? error : undefined;
    }
    if (message.kind === 'welcome') this.#welcome(message, life);
    else if (this.#ready) this.#options.events.onMessage(message);
    return undefined;
  }

  /** A coordinator of another release may be updated at any time, so that it is dialled again. */
  #leaveOther(): undefined {
    this.#options.log.error('the coordinator is of another release than this edge: run the same release of Atelier on both machines');
    this.#socket?.close(4400, 'another release');
  }

  #welcome(message: Welcome, life: SocketLife): void {
    this.#welcomed = message;
    this.clock.set(message.time);
    this.#ready = true;
    this.#readyAt = performance.now();
    life.beat(message.heartbeatMs);
    this.#options.log.info({ edgeId: message.edgeId }, 'connected to the coordinator');
    for (const first of this.#options.events.onWelcome(message)) this.#write(first);
  }
}

function parse(data: RawData): ToEdge | Challenge | 'another version' | undefined {
  try {
    const value = JSON.parse(data.toString());
    // Looked at first: what else another version says may not be understood.
    if (value?.kind === 'welcome' && value.protocolVersion !== edgeProtocolVersion) return 'another version';
    const challenge = Challenge.safeParse(value);
    return challenge.success ? challenge.data : ToEdge.parse(value);
  } catch {
    return undefined;
  }
}

/** Notices a connection that died without a word, and measures round trips. */
class SocketLife {
  readonly #socket: WebSocket;
  readonly #onRoundTrip: (seconds: number) => void;
  #timer: NodeJS.Timeout | undefined;
  #heardAt = performance.now();
  /** By the clock of the wall, which goes on while a machine sleeps. */
  #heardOn = Date.now();
  #pingedAt: number | undefined;
  #beats = 0;

  /** @param onTime told the coordinator's time with each of its pings, since a clock that counts stands still while a machine sleeps */
  constructor(socket: WebSocket, onRoundTrip: (seconds: number) => void, onTime: (time: number) => void) {
    this.#socket = socket;
    this.#onRoundTrip = onRoundTrip;
    // A server that takes the connection and then says nothing is left too.
    this.#timer = setTimeout(() => socket.terminate(), welcomeMs);
    socket.on('ping', (data: Buffer) => {
      this.heard();
      const time = Number(data.toString());
      if (time > 0) onTime(time);
    });
    socket.on('pong', () => this.#pong());
  }

  heard(): void {
    this.#heardAt = performance.now();
    this.#heardOn = Date.now();
  }

  /** Since the last sign of life; a clock that was set makes it longer until the next one. */
  get silentMs(): number {
    return Math.max(performance.now() - this.#heardAt, Math.abs(Date.now() - this.#heardOn));
  }

  beat(everyMs: number): void {
    clearTimeout(this.#timer);
    this.#ping();
    this.#timer = setInterval(() => {
      if (performance.now() - this.#heardAt > silentBeats * everyMs) this.#socket.terminate();
      else this.#ping();
    }, everyMs);
  }

  end(): void {
    clearInterval(this.#timer);
  }

  #ping(): void {
    if (this.#socket.readyState !== WebSocket.OPEN) return;
    if (this.#beats++ % beatsPerPing === 0) this.#pingedAt = performance.now();
    this.#socket.ping();
  }

  #pong(): void {
    this.heard();
    if (this.#pingedAt === undefined) return;
    this.#onRoundTrip((performance.now() - this.#pingedAt) / 1000);
    this.#pingedAt = undefined;
  }
}
