/** The greatest code: twelve bits (GIF89a, appendix F). */
const codes = 4096;
const tableSize = 16_384;
const blockSize = 255;

/**
 * Compresses the pixels of a GIF's frame (GIF89a, appendix F), with one table that is used again for every frame.
 */
export class LzwEncoder {
  readonly #keys = new Int32Array(tableSize);
  readonly #values = new Uint16Array(tableSize);
  #bits = 0;
  #bitCount = 0;
  #out = new Uint8Array(64 * 1024);
  #length = 0;

  /**
   * @param pixels indices into a palette of `2 ** depth` colours
   * @returns the least code size, the codes in sub-blocks, and the empty one that ends them; valid until the next call
   */
  encode(pixels: Uint8Array, depth = 8): Uint8Array {
    const clear = 2 ** depth;
    let next = clear + 2;
    let width = depth + 1;
    this.#length = 0;
    this.#keys.fill(-1);
    this.#put(clear, width);
    let prefix = pixels[0] as number;
    for (let i = 1; i < pixels.length; i++) {
      const pixel = pixels[i] as number;
      const key = (prefix << 8) | pixel;
      const slot = this.#slotOf(key);
      if (this.#keys[slot] === key) {
        prefix = this.#values[slot] as number;
        continue;
      }
      this.#put(prefix, width);
      prefix = pixel;
      if (next < codes) {
        this.#keys[slot] = key;
        this.#values[slot] = next;
        if (next === 2 ** width) width += 1;
        next += 1;
        continue;
      }
      this.#put(clear, width);
      this.#keys.fill(-1);
      next = clear + 2;
      width = depth + 1;
    }
    this.#put(prefix, width);
    // A reader adds an entry for the code before, and may widen its codes for the one that follows.
    if (next === 2 ** width && width < 12) width += 1;
    this.#put(clear + 1, width);
    this.#flush();
    return inBlocks(this.#out.subarray(0, this.#length), depth);
  }

  /** Where a key stands or may be put: open addressing. */
  #slotOf(key: number): number {
    let slot = (Math.imul(key, 0x9e3779b1) >>> 18) & (tableSize - 1);
    while (this.#keys[slot] !== -1 && this.#keys[slot] !== key) slot = (slot + 1) & (tableSize - 1);
    return slot;
  }

  #put(code: number, width: number): void {
    this.#bits |= code << this.#bitCount;
    this.#bitCount += width;
    while (this.#bitCount >= 8) {
      this.#byte(this.#bits & 0xff);
      this.#bits >>>= 8;
      this.#bitCount -= 8;
    }
  }

  #flush(): void {
    if (this.#bitCount > 0) this.#byte(this.#bits & 0xff);
    this.#bits = 0;
    this.#bitCount = 0;
  }

  #byte(value: number): void {
    if (this.#length === this.#out.length) {
      const larger = new Uint8Array(2 * this.#out.length);
      larger.set(this.#out);
      this.#out = larger;
    }
    this.#out[this.#length++] = value;
  }
}

function inBlocks(bytes: Uint8Array, depth: number): Uint8Array {
  const blocks = Math.ceil(bytes.length / blockSize);
  const result = new Uint8Array(1 + bytes.length + blocks + 1);
  result[0] = depth;
  let offset = 1;
  for (let start = 0; start < bytes.length; start += blockSize) {
    const piece = bytes.subarray(start, start + blockSize);
    result[offset] = piece.length;
    result.set(piece, offset + 1);
    offset += 1 + piece.length;
  }
  return result;
}
