/** Where to cut a row of heights so that both parts, kept in order, are as even as can be; the first part is never empty. */
export function evenSplit(heights: readonly number[]): number {
  const total = heights.reduce((sum, height) => sum + height, 0);
  let best = { at: heights.length, difference: Number.POSITIVE_INFINITY };
  let before = 0;
  for (const [index, height] of heights.entries()) {
    before += height;
    const difference = Math.abs(total - 2 * before);
    if (difference < best.difference) best = { at: index + 1, difference };
  }
  return best.at;
}
