import type { Duplex } from 'node:stream';
import { type FailureLog, guarded } from '@atelier/background';
import { limits } from '@atelier/protocol';
import type { RawData, WebSocket } from 'ws';

/** The socket has closed, and all that it had said was read. */
export class SocketEnded extends Error {}

/**
 * A socket's messages one by one. A stranger may say little: one message at a time, and few bytes in all; who says more is cut off
 * at once. For a known edge the messages and bytes that wait are bounded: then no more is read from the network.
 */
export class Inbox {
  readonly #socket: WebSocket;
  readonly #raw: Duplex;
  readonly #waiting: string[] = [];
  #waitingBytes = 0;
  #strangerBytes = 0;
  #isKnown = false;
  #isOver = false;
  #wake: () => void = () => undefined;

  /** @param raw the connection under the socket: what comes on it is counted before it is a message @param onSign called at each message */
  constructor(socket: WebSocket, raw: Duplex, log: FailureLog, onSign: () => void) {
    this.#socket = socket;
    this.#raw = raw;
    raw.on('data', this.#count);
    const hear = (data: RawData) => {
      onSign();
      this.#take(data.toString());
    };
    socket.on('message', guarded(log, 'A message of a socket could not be taken.', hear));
    socket.on('error', () => socket.terminate());
    socket.on('close', () => this.close());
  }

  /** The next message. @throws SocketEnded */
  async next(): Promise<string> {
    while (this.#waiting.length === 0) {
      if (this.#isOver) throw new SocketEnded();
      await new Promise<void>((resolve) => (this.#wake = resolve));
    }
    const message = this.#waiting.shift() as string;
    this.#waitingBytes -= message.length;
    if (this.#socket.isPaused && this.#hasRoom(2)) this.#socket.resume();
    return message;
  }

  /** From now on it is a known edge that speaks. */
  setKnown(): void {
    this.#isKnown = true;
    this.#raw.removeListener('data', this.#count);
  }

  /** Takes nothing more. */
  close(): void {
    this.#isOver = true;
    this.#wake();
  }

  readonly #count = (chunk: Uint8Array): void => {
    this.#strangerBytes += chunk.byteLength;
    if (this.#strangerBytes > limits.strangerSocketBytes) this.#cut();
  };

  #take(message: string): void {
    if (this.#isOver) return;
    if (!this.#isKnown && this.#waiting.length > 0) {
      this.#cut();
      return;
    }
    this.#waiting.push(message);
    this.#waitingBytes += message.length;
    if (!this.#hasRoom(1)) this.#socket.pause();
    this.#wake();
  }

  /** Reading begins again when the half is free, so that it does not stop at each message. */
  #hasRoom(share: 1 | 2): boolean {
    if (!this.#isKnown) return this.#waiting.length === 0;
    return this.#waiting.length < limits.edgeWaitingMessages / share && this.#waitingBytes < limits.edgeWaitingBytes / share;
  }

  #cut(): void {
    this.close();
    this.#socket.terminate();
  }
}
