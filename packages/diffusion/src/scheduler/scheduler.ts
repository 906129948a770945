import { AtelierError } from '@atelier/protocol';

/**
 * Samples are flat float32 of any shape; every index counts the steps from 0, from noise to picture.
 * A scheduler is for one sampling at a time: the multistep ones keep what the step before saw. A step that does not follow on the last
 * one begins again, so that a schedule may be entered anywhere (a strength, a refiner) and used again when a sampling is over.
 */
export interface Scheduler {
  /** The training timestep that the network is told at each step. */
  readonly timesteps: readonly number[];
  /** How many timesteps the model was trained on: the shares of `stepAtShare` count in them. */
  readonly trainTimesteps: number;
  /** What standard normal noise is multiplied with to begin a picture from nothing. */
  readonly initialNoiseScale: number;
  /** The sample as the network wants to see it. */
  scaleInput(sample: Float32Array, index: number): Float32Array;
  /**
   * Takes one step.
   * @param noise fresh noise for this step; euler-ancestral and lcm ask for it, the others never do
   * @throws AtelierError `internal` if a scheduler that adds noise is given none
   */
  step(prediction: Float32Array, index: number, sample: Float32Array, noise?: StepNoise): SchedulerStep;
  /** A clean sample with as much of the noise as step `index` begins with. */
  addNoise(clean: Float32Array, noise: Float32Array, index: number): Float32Array;
}

/** Standard normal values, as many as a sample has, for the step of this index. The same index must give the same values. */
export type StepNoise = (index: number) => Float32Array;

export interface SchedulerStep {
  /** The sample for the next step; after the last step, the result. */
  readonly sample: Float32Array;
  /** What the network believes now that the clean sample is: good for a preview. */
  readonly clean: Float32Array;
}

/** The noise of a step. @throws AtelierError `internal` if the caller brought none */
export function stepNoise(scheduler: string, noise: StepNoise | undefined, index: number): Float32Array {
  if (noise === undefined) throw new AtelierError('internal', `The scheduler ${scheduler} needs fresh noise for its steps.`);
  return noise(index);
}

/** a * x + b * y, value by value. */
export function weightedSum(a: number, x: Float32Array, b: number, y: Float32Array): Float32Array {
  const sum = new Float32Array(x.length);
  for (let i = 0; i < sum.length; i++) sum[i] = a * (x[i] as number) + b * (y[i] as number);
  return sum;
}
