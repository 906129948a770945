import { AtelierError } from '@atelier/protocol';

export const schedulerNames = ['ddim', 'euler', 'euler-ancestral', 'dpmpp-2m', 'unipc', 'lcm'] as const;
export type SchedulerName = (typeof schedulerNames)[number];

/** The settings of a diffusers scheduler_config.json that the schedulers here obey. */
export interface SchedulerConfig {
  readonly trainTimesteps: number;
  readonly betaStart: number;
  readonly betaEnd: number;
  readonly betaSchedule: 'linear' | 'scaled_linear';
  readonly predictionType: 'epsilon' | 'v_prediction';
  readonly timestepSpacing: 'leading' | 'trailing' | 'linspace';
  readonly stepsOffset: number;
  /** Rescaled so that the last timestep holds no signal (Lin et al., arXiv 2305.08891, algorithm 1). */
  readonly zeroTerminalSnr: boolean;
  /** DDIM only: the last step ends at exactly no noise, rather than at the noise of timestep 0. */
  readonly setAlphaToOne: boolean;
  /** DDIM only: the predicted clean sample is held within plus and minus this; undefined does not clip. */
  readonly clipRange: number | undefined;
}

/** Settings that would change the result and are not offered. */
const notOffered = ['use_karras_sigmas', 'use_exponential_sigmas', 'use_beta_sigmas', 'thresholding'] as const;

/**
 * Reads a parsed scheduler_config.json of any scheduler for one of ours. As in diffusers' `from_config`, a key that the file leaves
 * out takes the default of the scheduler that is built, not of the one that wrote the file.
 * @throws AtelierError `invalid-input` for a setting that is not offered
 */
export function parseSchedulerConfig(name: SchedulerName, json: unknown): SchedulerConfig {
  const given = typeof json === 'object' && json !== null ? (json as Record<string, unknown>) : {};
  for (const key of notOffered) {
    if (given[key] === true) throw unsupported(key, 'true');
  }
  if (given.trained_betas) throw unsupported('trained_betas', 'a list');
  const clips = given.clip_sample === undefined ? true : given.clip_sample === true;
  return {
    trainTimesteps: number(given, 'num_train_timesteps', 1000),
    betaStart: number(given, 'beta_start', 0.0001),
    betaEnd: number(given, 'beta_end', 0.02),
    betaSchedule: choice(given, 'beta_schedule', ['linear', 'scaled_linear'], 'linear'),
    predictionType: choice(given, 'prediction_type', ['epsilon', 'v_prediction'], 'epsilon'),
    timestepSpacing: choice(given, 'timestep_spacing', ['leading', 'trailing', 'linspace'], name === 'ddim' ? 'leading' : 'linspace'),
    stepsOffset: number(given, 'steps_offset', 0),
    zeroTerminalSnr: given.rescale_betas_zero_snr === true,
    setAlphaToOne: given.set_alpha_to_one !== false,
    clipRange: clips ? number(given, 'clip_sample_range', 1) : undefined,
  };
}

function number(given: Record<string, unknown>, key: string, fallback: number): number {
  const value = given[key] ?? fallback;
  if (typeof value !== 'number' || !Number.isFinite(value)) throw unsupported(key, String(value));
  return value;
}

function choice<T extends string>(given: Record<string, unknown>, key: string, offered: readonly T[], fallback: T): T {
  const value = given[key] ?? fallback;
  const found = offered.find((candidate) => candidate === value);
  if (found === undefined) throw unsupported(key, String(value), offered);
  return found;
}

function unsupported(key: string, value: string, offered: readonly string[] = []): AtelierError {
  return new AtelierError('invalid-input', `The model's scheduler_config.json says ${key}: ${value}, which is not offered here.`, {
    hint:
      offered.length > 0 ? `Offered are: ${offered.join(', ')}.` : `Remove ${key} from the model's scheduler/scheduler_config.json, or choose another model.`,
  });
}
