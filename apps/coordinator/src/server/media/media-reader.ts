import { inBackground, stderrLog } from '@atelier/background';
import { AtelierError, type Dimensions, limits } from '@atelier/protocol';
import { MediaChild } from './media-child.ts';
import type { FittedPicture, MediaAnswer, MediaQuestion, WantedPicture } from './messages.ts';

export interface MediaReader {
  /**
   * Reads a picture or recording to its end, and the head of a film.
   * @param mediaType what its first bytes look like
   * @returns what it is by the streams inside of it, with the length of a recording and the pixels of an image
   * @throws AtelierError `unsupported-media`, `damaged-media`, `too-large`, `timeout`, `rate-limited`
   */
  inspect(file: string, mediaType: string): Promise<{ mediaType: string; dimensions: Dimensions | null }>;
  /** A WebP of a picture that fits in a square. @throws AtelierError as {@link inspect} */
  shrink(file: string, side: number): Promise<Uint8Array>;
  /** What of a picture is to be drawn again, white on black, by OpenAI's way of reading a mask; undefined for all of it. @throws AtelierError as {@link inspect} */
  editMask(file: string, mask: string | undefined): Promise<Uint8Array | undefined>;
  /** A picture in another size, scaled to cover it and cut evenly, or of another kind. @throws AtelierError as {@link inspect} */
  fit(file: string, wanted: WantedPicture): Promise<FittedPicture>;
  /** The processes that run now. */
  processes(): readonly number[];
  close(): Promise<void>;
}

export interface MediaReaderOptions {
  /** Milliseconds that a file may take. */
  readonly mostMs?: number;
  /** Bytes of memory that a process may take. */
  readonly mostBytes?: number;
  /** Milliseconds after which a process with nothing to do ends. */
  readonly idleMs?: number;
}

/** A few processes that read files, started when there is something to read. The last one stays for a while, so that the next file need not wait for a start. */
export function createMediaReader({ mostMs = 120_000, mostBytes = limits.mediaProcessBytes, idleMs = 120_000 }: MediaReaderOptions = {}): MediaReader {
  const pool = new ChildPool({ mostMs, mostBytes, idleMs });
  return {
    async inspect(file, mediaType) {
      const answer = (await pool.ask({ kind: 'inspect', file, mediaType })) as MediaAnswer & { kind: 'inspect' };
      return { mediaType: answer.mediaType, dimensions: answer.dimensions };
    },
    async shrink(file, side) {
      return ((await pool.ask({ kind: 'shrink', file, side })) as MediaAnswer & { kind: 'shrink' }).bytes;
    },
    async editMask(file, mask) {
      return ((await pool.ask({ kind: 'mask', file, mask })) as MediaAnswer & { kind: 'mask' }).bytes;
    },
    async fit(file, wanted) {
      return (await pool.ask({ kind: 'fit', file, wanted })) as MediaAnswer & { kind: 'fit' };
    },
    processes: () => pool.processes(),
    close: () => pool.close(),
  };
}

class ChildPool {
  readonly #bounds: Required<MediaReaderOptions>;
  readonly #busy = new Set<MediaChild>();
  readonly #waiting: Array<() => void> = [];
  #idle: MediaChild | undefined;
  #idleTimer: NodeJS.Timeout | undefined;
  #isClosed = false;

  constructor(bounds: Required<MediaReaderOptions>) {
    this.#bounds = bounds;
  }

  async ask(question: MediaQuestion): Promise<MediaAnswer> {
    const child = await this.#take();
    try {
      return await child.ask(question, this.#bounds.mostMs);
    } finally {
      this.#give(child);
    }
  }

  processes(): readonly number[] {
    return [...this.#busy, ...(this.#idle === undefined ? [] : [this.#idle])].flatMap(({ pid }) => pid ?? []);
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    clearTimeout(this.#idleTimer);
    for (const next of this.#waiting.splice(0)) next();
    await Promise.all([...this.#busy, ...(this.#idle === undefined ? [] : [this.#idle])].map((child) => child.end()));
  }

  async #take(): Promise<MediaChild> {
    if (this.#busy.size >= limits.mediaProcesses) {
      if (this.#waiting.length >= limits.mediaWaiting) {
        throw new AtelierError('rate-limited', 'Too many files wait to be read.', { hint: 'Try again in a minute.' });
      }
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
    if (this.#isClosed) throw new AtelierError('unavailable', 'The studio is closing.');
    clearTimeout(this.#idleTimer);
    const child = this.#idle?.isAlive === true ? this.#idle : new MediaChild(this.#bounds.mostBytes);
    this.#idle = undefined;
    this.#busy.add(child);
    return child;
  }

  #give(child: MediaChild): void {
    this.#busy.delete(child);
    const isKept = child.isAlive && this.#idle === undefined && !this.#isClosed;
    if (isKept) this.#keep(child);
    else endLater(child);
    this.#waiting.shift()?.();
  }

  #keep(child: MediaChild): void {
    this.#idle = child;
    this.#idleTimer = setTimeout(() => {
      if (this.#idle === child) this.#idle = undefined;
      endLater(child);
    }, this.#bounds.idleMs);
    this.#idleTimer.unref();
  }
}

function endLater(child: MediaChild): void {
  inBackground(stderrLog, 'A process that read a file could not be ended', child.end());
}
