import { inBackground } from '@atelier/background';
import { AtelierError, admits, FromWatcher, limits, RunId, type ToWatcher, watchAliveMs, watchSocketPath } from '@atelier/protocol';
import { type RawData, WebSocket, WebSocketServer } from 'ws';
import type { Core, Logger } from '../../core/index.ts';
import type { Authenticate } from '../identity/authenticate.ts';
import type { Person } from '../identity/caller.ts';
import type { RouteTable } from '../route-table.ts';
import { identityHeaders, type Upgrade } from '../upgrade.ts';
import { asAnswer } from './answer-error.ts';
import { tooManyWatched, type Watchers } from './watchers.ts';

export interface WatchSocketOptions {
  readonly core: Core;
  readonly authenticate: Authenticate;
  readonly watchers: Watchers;
  readonly log: Logger;
}

/** The sockets over which pages watch runs. */
export interface WatchSockets {
  /** Opens a socket for somebody who is signed in. */
  open(upgrade: Upgrade): void;
  /** Ends all sockets; pages dial again later. */
  close(): Promise<void>;
}

/** The socket over which pages watch runs. */
export function addWatchRoute(routes: RouteTable, watchSockets: WatchSockets): void {
  routes.addSocket('member', watchSocketPath, (upgrade) => watchSockets.open(upgrade));
  routes.add('member', 'GET', watchSocketPath, () => {
    throw new AtelierError('invalid-input', 'This is a WebSocket.', { hint: 'Programs follow a run at /api/runs/ID/events.' });
  });
}

/** Longer than any message of a watcher. */
const messageBytes = 1024;
/** Between pings; a socket that answers none is dead. Shorter than the 60 s after which common proxies end a silent connection. */
const pingMs = 25_000;
/** Unsent bytes over which no sign of life is added. */
const aliveBytes = 64 * 1024;
const leaving = 1001;
/** Our own (RFC 6455, section 7.4.2): the session has ended. */
const signedOut = 4401;

export function createWatchSockets(options: WatchSocketOptions): WatchSockets {
  const server = new WebSocketServer({ noServer: true, maxPayload: messageBytes });
  const answering = new WeakSet<WebSocket>();
  const watching = new WeakMap<WebSocket, Watching>();
  const pinging = setInterval(() => {
    for (const socket of server.clients) {
      if (!answering.delete(socket)) {
        socket.terminate();
        continue;
      }
      socket.ping();
      const checked = watching.get(socket)?.check();
      if (checked) inBackground(options.log, 'It could not be looked up whether a watcher is still signed in', checked);
    }
  }, pingMs);
  pinging.unref();
  const living = setInterval(() => {
    for (const socket of server.clients) sayAlive(socket);
  }, watchAliveMs);
  living.unref();
  return {
    open({ request, socket, head }) {
      server.handleUpgrade(request, socket, head, (opened) => {
        answering.add(opened);
        opened.on('pong', () => answering.add(opened));
        const one = new Watching(opened, identityHeaders(request), options);
        watching.set(opened, one);
        one.listen();
        sayAlive(opened);
      });
    },
    async close() {
      clearInterval(pinging);
      clearInterval(living);
      for (const socket of server.clients) socket.close(leaving, 'The coordinator stops.');
      const cut = setTimeout(() => {
        for (const socket of server.clients) socket.terminate();
      }, 1_000);
      await new Promise<void>((resolve) => server.close(() => resolve()));
      clearTimeout(cut);
    },
  };
}

/** One that is not read has enough to read. */
function sayAlive(socket: WebSocket): void {
  if (socket.readyState === WebSocket.OPEN && socket.bufferedAmount < aliveBytes) socket.send(JSON.stringify({ kind: 'alive' } satisfies ToWatcher));
}

/** One open socket and the runs that are watched over it. */
class Watching {
  readonly #socket: WebSocket;
  readonly #headers: Headers;
  readonly #options: WatchSocketOptions;
  readonly #runs = new Map<string, AbortController>();
  #opening = 0;

  constructor(socket: WebSocket, headers: Headers, options: WatchSocketOptions) {
    this.#socket = socket;
    this.#headers = headers;
    this.#options = options;
  }

  listen(): void {
    this.#socket.on('error', () => this.#socket.terminate());
    this.#socket.on('close', () => {
      for (const stop of this.#runs.values()) stop.abort();
    });
    this.#socket.on('message', (data: RawData) => this.#hear(data.toString()));
  }

  /** Ends the socket if its session has ended or its token was revoked since. */
  async check(): Promise<void> {
    if (!(await personOf(this.#options.authenticate, this.#headers))) this.#socket.close(signedOut, 'The session has ended.');
  }

  #hear(text: string): void {
    const message = FromWatcher.safeParse(parsed(text));
    if (!message.success) {
      this.#socket.close(1008, 'A message was not understood.');
      return;
    }
    const { kind, runId } = message.data;
    this.#runs.get(runId)?.abort();
    this.#runs.delete(runId);
    if (kind === 'leave') return;
    const stop = new AbortController();
    if (this.#runs.size >= limits.eventStreamsPerPerson) {
      this.#over(runId, stop, tooManyWatched(this.#runs.size));
      return;
    }
    this.#runs.set(runId, stop);
    this.#watch(runId, stop.signal).then(
      () => this.#over(runId, stop, null),
      (thrown: unknown) => this.#over(runId, stop, asAnswer(thrown)),
    );
  }

  async #watch(text: string, signal: AbortSignal): Promise<void> {
    const { core } = this.#options;
    const { person, runId, leave } = await this.#admit(text);
    try {
      for await (const event of core.runs.watch(person, runId, signal)) {
        if (signal.aborted) return;
        // A page that reads slowly is waited for here; what only passes by is dropped meanwhile.
        await this.#send({ kind: 'event', runId, event });
      }
    } finally {
      leave();
    }
  }

  /** Who asks is looked up each time. Nothing more is read from the socket meanwhile, so that nobody asks faster than we answer. */
  async #admit(text: string) {
    const { core, authenticate, watchers } = this.#options;
    this.#opening += 1;
    this.#socket.pause();
    try {
      const person = await personOf(authenticate, this.#headers);
      if (!person) throw new AtelierError('unauthenticated', 'The session has ended.', { hint: 'Sign in again.' });
      const runId = idOf(text);
      await core.runs.get(person, runId);
      return { person, runId, leave: watchers.enter(person.id) };
    } finally {
      this.#opening -= 1;
      if (this.#opening === 0) this.#socket.resume();
    }
  }

  #over(runId: string, stop: AbortController, error: AtelierError | null): void {
    if (stop.signal.aborted) return;
    this.#runs.delete(runId);
    if (error?.code === 'internal') this.#options.log.error({ err: error.cause ?? error, runId }, 'Watching a run failed.');
    this.#send({ kind: 'over', runId, error: error?.toJSON() ?? null }).catch(() => this.#socket.terminate());
  }

  #send(message: ToWatcher): Promise<void> {
    return new Promise((resolve, reject) => {
      if (this.#socket.readyState !== WebSocket.OPEN) return resolve();
      this.#socket.send(JSON.stringify(message), (error) => (error ? reject(error) : resolve()));
    });
  }
}

async function personOf(authenticate: Authenticate, headers: Headers): Promise<Person | undefined> {
  const caller = await authenticate(headers);
  return caller.kind === 'person' && admits('member', caller.role) ? caller : undefined;
}

function idOf(text: string): RunId {
  const id = RunId.safeParse(text);
  if (id.success) return id.data;
  throw new AtelierError('not-found', 'There is no such run.');
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
