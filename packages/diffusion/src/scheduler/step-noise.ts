import { seededNormals } from '../seeded-noise.ts';
import type { StepNoise } from './scheduler.ts';

/** Above the streams from which pictures, loops and variations draw what they begin with. */
const firstStream = 0x1000_0000;

/**
 * Fresh noise for every step of one picture, each from a stream of its own: the same wherever and in whatever order it is drawn.
 * @param seed whole number of 32 bits, the picture's own
 * @param length values of one sample
 */
export function seededStepNoise(seed: number, length: number): StepNoise {
  return (index) => seededNormals(seed, firstStream + index, length);
}
