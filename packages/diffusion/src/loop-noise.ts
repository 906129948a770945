import { seededNormals } from './seeded-noise.ts';

/**
 * Noise for every place of a loop: a circle of the given radius around one fixed noise, in the plane of two others,
 * sqrt(1 - radius^2) * base + radius * (cos(angle) * first + sin(angle) * second). All three are independent and standard normal, and the squares
 * of the weights add up to 1, so that every place is standard normal too, and the loop closes as smoothly as it runs.
 * @param seed whole number of 32 bits
 * @param radius 0 stands still, 1 has nothing fixed
 * @returns a function of the angle in radians
 */
export function loopNoise(seed: number, radius: number, length: number): (angle: number) => Float32Array {
  const base = seededNormals(seed, 0, length);
  const first = seededNormals(seed, 1, length);
  const second = seededNormals(seed, 2, length);
  const fixed = Math.sqrt(1 - radius * radius);
  return (angle) => {
    const across = radius * Math.cos(angle);
    const along = radius * Math.sin(angle);
    return base.map((value, i) => fixed * value + across * (first[i] as number) + along * (second[i] as number));
  };
}
