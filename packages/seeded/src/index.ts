/**
 * Randomness from a seed, so that a test or bench that drew something can draw the same again.
 * Not here: the noise of images (packages/diffusion), nor anything that has to be a secret.
 */

/** Numbers in [0, 1) that are the same for the same seed (mulberry32, by Tommy Ettinger, public domain). */
export function randomFrom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** What a test draws from. */
export interface Seeded {
  readonly seed: number;
  /** A number in [0, 1). */
  next(): number;
  /** A whole number from 0 up to `bound`, which is left out. */
  below(bound: number): number;
  pick<T>(values: readonly T[]): T;
}

/** A source whose seed is printed under this name, and taken from ATELIER_TEST_SEED to repeat a failure. */
export function seeded(name: string): Seeded {
  const seed = Number(process.env.ATELIER_TEST_SEED ?? Math.floor(Math.random() * 2 ** 31));
  console.log(`${name}: ATELIER_TEST_SEED=${seed}`);
  const next = randomFrom(seed);
  const below = (bound: number) => Math.floor(next() * bound);
  return { seed, next, below, pick: (values) => values[below(values.length)] as (typeof values)[number] };
}
