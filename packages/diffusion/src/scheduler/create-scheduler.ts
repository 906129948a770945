import { parseSchedulerConfig, type SchedulerConfig, type SchedulerName } from './config.ts';
import { ddimScheduler } from './ddim.ts';
import { dpmpp2mScheduler } from './dpmpp-2m.ts';
import { eulerAncestralScheduler, eulerScheduler } from './euler.ts';
import { lcmScheduler } from './lcm.ts';
import type { Scheduler } from './scheduler.ts';
import { unipcScheduler } from './unipc.ts';

const makers: Readonly<Record<SchedulerName, (config: SchedulerConfig, steps: number) => Scheduler>> = {
  ddim: ddimScheduler,
  euler: eulerScheduler,
  'euler-ancestral': eulerAncestralScheduler,
  'dpmpp-2m': dpmpp2mScheduler,
  unipc: unipcScheduler,
  lcm: lcmScheduler,
};

/** The names under which diffusers writes our schedulers into scheduler_config.json. */
const ownNames: Readonly<Record<string, SchedulerName>> = {
  DDIMScheduler: 'ddim',
  EulerDiscreteScheduler: 'euler',
  EulerAncestralDiscreteScheduler: 'euler-ancestral',
  DPMSolverMultistepScheduler: 'dpmpp-2m',
  UniPCMultistepScheduler: 'unipc',
  LCMScheduler: 'lcm',
};

/**
 * The scheduler that a wish means: `auto` is the one that the model's scheduler_config.json names, where it is one of ours, else ddim.
 * @example schedulerFor('auto', { _class_name: 'LCMScheduler' }) // 'lcm'
 */
export function schedulerFor(wish: SchedulerName | 'auto', json: unknown): SchedulerName {
  if (wish !== 'auto') return wish;
  const given = typeof json === 'object' && json !== null ? (json as { _class_name?: unknown })._class_name : undefined;
  return (typeof given === 'string' && ownNames[given]) || 'ddim';
}

export interface SchedulerOptions {
  /** `model`: the noise levels that the model's configuration asks for; `karras`: those of Karras et al., arXiv 2206.00364, formula 5. */
  readonly sigmas?: 'model' | 'karras';
}

/**
 * A scheduler for a number of steps, for one sampling at a time.
 * @param json a parsed diffusers scheduler_config.json, of whichever scheduler the model was published with
 * @throws AtelierError `invalid-input` for a setting that is not offered
 * @example createScheduler('ddim', { prediction_type: 'v_prediction', timestep_spacing: 'trailing' }, 20).timesteps[0] // 999
 */
export function createScheduler(name: SchedulerName, json: unknown, steps: number, { sigmas = 'model' }: SchedulerOptions = {}): Scheduler {
  return makers[name](parseSchedulerConfig(name, json, sigmas), steps);
}
