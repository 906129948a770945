/** Bits of some bytes, from the highest of the first one on. */
export class Bits {
  readonly #bytes: Uint8Array;
  #at: number;

  constructor(bytes: Uint8Array, at = 0) {
    this.#bytes = bytes;
    this.#at = at;
  }

  get left(): number {
    return this.#bytes.length * 8 - this.#at;
  }

  /** Another reader at the same place. */
  fork(): Bits {
    return new Bits(this.#bytes, this.#at);
  }

  skip(count: number): void {
    if (count > this.left) throw new RangeError('the bits ran out');
    this.#at += count;
  }

  toByte(): void {
    this.#at = Math.ceil(this.#at / 8) * 8;
  }

  /** @param count 0 to 32 @returns a whole number from 0 on @throws RangeError at the end */
  read(count: number): number {
    if (count > this.left) throw new RangeError('the bits ran out');
    let value = 0;
    for (let missing = count; missing > 0; ) {
      const inByte = 8 - (this.#at & 7);
      const taken = Math.min(inByte, missing);
      const bits = ((this.#bytes[this.#at >> 3] as number) >> (inByte - taken)) & ((1 << taken) - 1);
      value = value * 2 ** taken + bits;
      this.#at += taken;
      missing -= taken;
    }
    return value;
  }

  /** @param count 1 to 32 @returns a number with its sign, in two's complement */
  readSigned(count: number): number {
    return (this.read(count) << (32 - count)) >> (32 - count);
  }
}
