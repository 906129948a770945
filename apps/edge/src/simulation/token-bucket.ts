import { setTimeout as pause } from 'node:timers/promises';

/** Lets bytes through at a steady rate, however many streams share it. */
export class TokenBucket {
  readonly #bytesPerSecond: number;
  /** When the last bytes that were asked for are through, on the monotonic clock. */
  #freeAt = 0;

  constructor(bytesPerSecond: number) {
    this.#bytesPerSecond = bytesPerSecond;
  }

  async take(bytes: number): Promise<void> {
    const now = performance.now();
    this.#freeAt = Math.max(now, this.#freeAt) + (bytes / this.#bytesPerSecond) * 1000;
    const ms = this.#freeAt - now;
    // Timers are no finer than a millisecond; what is shorter adds up in freeAt.
    if (ms >= 1) await pause(ms);
  }
}
