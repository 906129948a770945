/** A seeded source of randomness (mulberry32); the seed is printed, and taken from ATELIER_TEST_SEED to repeat a failure. */
export function seeded(name: string): { readonly seed: number; next(): number; pick<T>(values: readonly T[]): T; below(bound: number): number } {
  const seed = Number(process.env.ATELIER_TEST_SEED ?? Math.floor(Math.random() * 2 ** 31));
  console.log(`${name}: ATELIER_TEST_SEED=${seed}`);
  let state = seed >>> 0;
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  const below = (bound: number) => Math.floor(next() * bound);
  return { seed, next, below, pick: (values) => values[below(values.length)] as (typeof values)[number] };
}
