/** What a counter comes to, computed from the record alone: tests compare it with what a run made. */
export interface Change {
  readonly at: number;
  readonly size: number;
}

/** @param changes in the order in which they took effect */
export function countOf({ iterations, size, shard = 0 }: { iterations: number; size: number; shard?: number }, changes: readonly Change[]): number {
  let [count, step] = [0n, BigInt(size)];
  for (let at = 0; at < iterations; at += 1) {
    for (const change of changes) if (change.at === at) step = BigInt(change.size);
    const next = (count * 31n + step + BigInt(shard)) % 1_000_003n;
    count = next < 0n ? next + 1_000_003n : next;
  }
  return Number(count);
}
