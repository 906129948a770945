/**
 * How long to wait before dialling again: at once the first time, then twice as long each time with full jitter, at most `mostMs`.
 * @param failures dials that failed in a row @param random 0 to 1
 */
export function backoffMs(failures: number, random: number, mostMs = 5_000): number {
  if (failures === 0) return 0;
  const ceiling = Math.min(mostMs, 125 * 2 ** failures);
  return Math.round(ceiling * (0.25 + 0.75 * random));
}
