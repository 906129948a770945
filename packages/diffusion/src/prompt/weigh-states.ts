/** Below this share of the mean magnitude, the mean of the states says nothing of their scale. */
const leastMean = 0.05;

/**
 * Multiplies each token's states by its weight and scales all of them back to the mean they had, so that weights change what is
 * stressed and not how loud the whole prompt is. The convention of the AUTOMATIC1111 web UI (modules/sd_hijack_clip.py) and of
 * diffusers' community pipeline lpw_stable_diffusion. Encoders whose states have a mean near zero, unlike CLIP's, keep their mean magnitude.
 * @param states tokens x width
 * @param weights one a token
 */
export function weighStates(states: Float32Array, weights: readonly number[]): Float32Array {
  if (weights.every((weight) => weight === 1)) return states;
  const width = states.length / weights.length;
  const weighed = states.map((value, i) => value * (weights[Math.floor(i / width)] as number));
  const magnitude = meanOf(states, Math.abs);
  const mean = meanOf(states, (value) => value);
  const measure = Math.abs(mean) < leastMean * magnitude ? Math.abs : (value: number) => value;
  const ratio = meanOf(states, measure) / meanOf(weighed, measure);
  return Number.isFinite(ratio) ? weighed.map((value) => value * ratio) : weighed;
}

function meanOf(values: Float32Array, measure: (value: number) => number): number {
  let sum = 0;
  for (const value of values) sum += measure(value);
  return sum / values.length;
}
