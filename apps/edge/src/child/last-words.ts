import { cutToEnd } from '@atelier/protocol';

/** The end of what a process wrote, as a text of at most so many bytes. */
export class LastWords {
  readonly #mostBytes: number;
  readonly #pieces: string[] = [];
  #length = 0;

  constructor(mostBytes: number) {
    this.#mostBytes = mostBytes;
  }

  keep(chunk: Buffer | string): void {
    const text = chunk.toString('utf8');
    this.#pieces.push(text);
    this.#length += text.length;
    while (this.#pieces.length > 1 && this.#length > 2 * this.#mostBytes) this.#length -= (this.#pieces.shift() as string).length;
  }

  toString(): string {
    return cutToEnd(this.#pieces.join(''), this.#mostBytes);
  }
}
