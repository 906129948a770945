import { slerp } from './interpolate.ts';
import { type StepNoise, seededStepNoise } from './scheduler/index.ts';
import { seededNormals } from './seeded-noise.ts';

/** All the randomness of one picture: standard normal values to begin with, and fresh ones for the steps that ask for them. */
export interface PictureNoise {
  readonly start: Float32Array;
  readonly step: StepNoise;
}

/**
 * The noise of a seed.
 * @param seed whole number of 32 bits
 * @param length values of one latent
 */
export function seededNoise(seed: number, length: number): PictureNoise {
  return { start: seededNormals(seed, 0, length), step: seededStepNoise(seed, length) };
}

/** Noise between two noises, along the sphere that they lie on: share 0 is the first, 1 the second, and what lies between is as good a noise. */
export function noiseBetween(first: PictureNoise, second: PictureNoise, share: number): PictureNoise {
  if (share === 0) return first;
  return { start: slerp(first.start, second.start, share), step: (index) => slerp(first.step(index), second.step(index), share) };
}
