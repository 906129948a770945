/**
 * Schedulers: which timesteps a picture visits and how noise is taken away between them.
 * Not here: networks, noise and pictures; a scheduler is arithmetic on flat arrays.
 * Begin with scheduler.ts, then ddim.ts and euler.ts; noise-schedule.ts is what they share.
 */
import { parseSchedulerConfig, type SchedulerName } from './config.ts';
import { ddimScheduler } from './ddim.ts';
import { eulerScheduler } from './euler.ts';
import type { Scheduler } from './scheduler.ts';

export { parseSchedulerConfig, type SchedulerConfig, type SchedulerName, schedulerNames } from './config.ts';
export type { Scheduler, SchedulerStep } from './scheduler.ts';

/**
 * A scheduler for a number of steps.
 * @param json a parsed diffusers scheduler_config.json, of whichever scheduler the model was published with
 * @throws AtelierError `invalid-input` for a setting that is not offered
 * @example createScheduler('ddim', { prediction_type: 'v_prediction', timestep_spacing: 'trailing' }, 20).timesteps[0] // 999
 */
export function createScheduler(name: SchedulerName, json: unknown, steps: number): Scheduler {
  const config = parseSchedulerConfig(name, json);
  return name === 'ddim' ? ddimScheduler(config, steps) : eulerScheduler(config, steps);
}
