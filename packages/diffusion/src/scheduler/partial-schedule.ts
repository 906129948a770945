import type { Scheduler } from './scheduler.ts';

/**
 * The first step of a picture that begins with another: the last `strength` of the steps are taken, but at least one.
 * As in diffusers' image-to-image pipelines, which round down.
 * @param strength 0 to 1; 1 takes every step
 */
export function stepAtStrength(scheduler: Pick<Scheduler, 'timesteps'>, strength: number): number {
  const steps = scheduler.timesteps.length;
  return steps - Math.min(steps, Math.max(1, Math.floor(steps * strength)));
}

/**
 * The step at which one model hands a picture over to another: the first takes the steps before it, the second this one and those after it.
 * As in diffusers' `denoising_end` and `denoising_start`, the share counts in training timesteps, not in steps.
 * @param share 0 to 1 of the way from noise to picture
 */
export function stepAtShare({ timesteps, trainTimesteps }: Pick<Scheduler, 'timesteps' | 'trainTimesteps'>, share: number): number {
  const cutoff = Math.round(trainTimesteps * (1 - share));
  const index = timesteps.findIndex((timestep) => timestep < cutoff);
  return index === -1 ? timesteps.length : index;
}
