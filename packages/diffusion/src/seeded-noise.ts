/**
 * Standard normal noise that a seed determines: Philox 4x32-10 (Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", SC 2011)
 * and the Box-Muller transform. Every value depends on seed, stream and index alone, so that parts can be drawn apart and in any order.
 */
const multiplierA = 0xd2511f53;
const multiplierB = 0xcd9e8d57;
const weylA = 0x9e3779b9;
const weylB = 0xbb67ae85;
const rounds = 10;

/**
 * Independent standard normal values.
 * @param seed whole number of 32 bits
 * @param stream whole number of 32 bits; other streams of a seed are independent of this one
 * @param length how many values
 */
export function seededNormals(seed: number, stream: number, length: number): Float32Array {
  const values = new Float32Array(length);
  for (let index = 0; index < length; index += 4) {
    const [a, b, c, d] = philox([index / 4, 0, stream >>> 0, 0], [seed >>> 0, 0]);
    writePair(values, index, a, b);
    writePair(values, index + 2, c, d);
  }
  return values;
}

type Four = readonly [number, number, number, number];

/** One block of four random 32-bit numbers for a 128-bit counter and a 64-bit key. */
export function philox(counter: Four, key: readonly [number, number]): Four {
  let [c0, c1, c2, c3] = counter;
  let [k0, k1] = key;
  for (let round = 0; round < rounds; round++) {
    const [highA, lowA] = multiply(multiplierA, c0);
    const [highB, lowB] = multiply(multiplierB, c2);
    [c0, c1, c2, c3] = [(highB ^ c1 ^ k0) >>> 0, lowB, (highA ^ c3 ^ k1) >>> 0, lowA];
    k0 = (k0 + weylA) >>> 0;
    k1 = (k1 + weylB) >>> 0;
  }
  return [c0, c1, c2, c3];
}

/** The upper and lower 32 bits of a product of two 32-bit numbers. */
function multiply(a: number, b: number): readonly [number, number] {
  const aLow = a & 0xffff;
  const aHigh = a >>> 16;
  const bLow = b & 0xffff;
  const bHigh = b >>> 16;
  const middle = aHigh * bLow + ((aLow * bLow) >>> 16);
  const middleLow = (middle % 0x1_0000) + aLow * bHigh;
  const high = aHigh * bHigh + Math.floor(middle / 0x1_0000) + Math.floor(middleLow / 0x1_0000);
  return [high >>> 0, Math.imul(a, b) >>> 0];
}

/** Box-Muller: two uniform 32-bit numbers to two normal values. The half keeps the logarithm finite. */
function writePair(values: Float32Array, index: number, a: number, b: number): void {
  const radius = Math.sqrt(-2 * Math.log((a + 0.5) / 2 ** 32));
  const angle = (2 * Math.PI * b) / 2 ** 32;
  values[index] = radius * Math.cos(angle);
  if (index + 1 < values.length) values[index + 1] = radius * Math.sin(angle);
}
