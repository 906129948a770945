/**
 * The loudest moment of each of `count` equal stretches, scaled so that the loudest of all is 1; all 0 in silence.
 * @param samples one channel, -1 to 1
 */
export function peaksOf(samples: Float32Array, count: number): number[] {
  const peaks = Array.from({ length: count }, (_, stretch) => {
    let peak = 0;
    const end = Math.floor(((stretch + 1) * samples.length) / count);
    for (let index = Math.floor((stretch * samples.length) / count); index < end; index += 1) peak = Math.max(peak, Math.abs(samples[index] as number));
    return peak;
  });
  const loudest = Math.max(...peaks);
  return loudest === 0 ? peaks : peaks.map((peak) => peak / loudest);
}
