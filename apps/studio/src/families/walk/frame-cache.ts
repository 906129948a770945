/** What a cache holds: a decoded picture. */
export interface Decoded {
  readonly width: number;
  readonly height: number;
  close(): void;
}

interface FrameCacheOptions<T extends Decoded> {
  /** Fetches and decodes one frame. */
  readonly load: (id: string, signal: AbortSignal) => Promise<T>;
  /** Bytes of decoded pictures, at four a pixel; beyond it, those that were longest not shown go. */
  readonly byteLimit: number;
  /** Told after each frame that came. */
  readonly onLoad: () => void;
  readonly atOnce?: number;
}

const bytesOf = ({ width, height }: Decoded) => width * height * 4;

/**
 * Decoded frames within a fixed number of bytes, so that a walk of thousands of frames takes no more memory than one of a
 * hundred. It loads only what is wanted now, in that order; what is no longer wanted before its turn is never fetched.
 */
export class FrameCache<T extends Decoded> {
  readonly #options: FrameCacheOptions<T>;
  /** In the order in which they were last asked for. */
  readonly #held = new Map<string, T>();
  readonly #loading = new Map<string, AbortController>();
  readonly #failures = new Map<string, number>();
  #wanted: readonly string[] = [];
  #bytes = 0;
  #closed = false;

  constructor(options: FrameCacheOptions<T>) {
    this.#options = options;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** How many frames may be wanted at once without pushing each other out. */
  get room(): number {
    const one = this.#held.values().next().value;
    return one ? Math.max(4, Math.min(64, Math.floor(this.#options.byteLimit / 2 / bytesOf(one)))) : 16;
  }

  get(id: string): T | undefined {
    const found = this.#held.get(id);
    if (!found) return undefined;
    this.#held.delete(id);
    this.#held.set(id, found);
    return found;
  }

  has(id: string): boolean {
    return this.#held.has(id);
  }

  /** Says what is needed now, most urgent first; it takes the place of what was wanted before. */
  want(ids: readonly string[]): void {
    this.#wanted = [...new Set(ids)];
    this.#begin();
  }

  close(): void {
    this.#closed = true;
    this.#wanted = [];
    for (const loading of this.#loading.values()) loading.abort();
    for (const held of this.#held.values()) held.close();
    this.#held.clear();
    this.#bytes = 0;
  }

  #begin(): void {
    for (const id of this.#wanted) {
      if (this.#loading.size >= (this.#options.atOnce ?? 6)) return;
      const hopeless = (this.#failures.get(id) ?? 0) >= 3;
      if (!this.#held.has(id) && !this.#loading.has(id) && !hopeless) void this.#load(id);
    }
  }

  async #load(id: string): Promise<void> {
    const stop = new AbortController();
    this.#loading.set(id, stop);
    try {
      this.#keep(id, await this.#options.load(id, stop.signal));
    } catch {
      this.#failures.set(id, (this.#failures.get(id) ?? 0) + 1);
    }
    this.#loading.delete(id);
    if (this.#closed) return;
    this.#begin();
    this.#options.onLoad();
  }

  #keep(id: string, decoded: T): void {
    if (this.#closed) {
      decoded.close();
      return;
    }
    this.#held.set(id, decoded);
    this.#bytes += bytesOf(decoded);
    for (const [oldest, held] of this.#held) {
      if (this.#bytes <= this.#options.byteLimit || oldest === id) break;
      this.#held.delete(oldest);
      this.#bytes -= bytesOf(held);
      held.close();
    }
  }
}
