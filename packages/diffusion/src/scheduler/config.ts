import { AtelierError } from '@atelier/protocol';

export const schedulerNames = ['ddim', 'euler', 'euler-ancestral', 'dpmpp-2m', 'unipc', 'lcm'] as const;
export type SchedulerName = (typeof schedulerNames)[number];

/** What a network's output means: the noise, v of Salimans and Ho (arXiv 2202.00512, appendix D), or the clean sample. */
export type PredictionType = 'epsilon' | 'v_prediction' | 'sample';

/** The settings of a diffusers scheduler_config.json that the schedulers here obey. */
export interface SchedulerConfig {
  readonly trainTimesteps: number;
  readonly betaStart: number;
  readonly betaEnd: number;
  readonly betaSchedule: 'linear' | 'scaled_linear';
  readonly predictionType: PredictionType;
  readonly timestepSpacing: 'leading' | 'trailing' | 'linspace';
  readonly stepsOffset: number;
  /** Rescaled so that the last timestep holds no signal (Lin et al., arXiv 2305.08891, algorithm 1). */
  readonly zeroTerminalSnr: boolean;
  /** Noise levels by the formula of Karras et al. rather than those of the timesteps. */
  readonly usesKarrasSigmas: boolean;
  /** Whether the last step ends at no noise, or at the least that was trained. Not for ddim, euler-ancestral and lcm. */
  readonly endsAt: 'zero' | 'sigma_min';
  /** DDIM only: the last step ends at exactly no noise, rather than at the noise of timestep 0. */
  readonly setAlphaToOne: boolean;
  /** DDIM and LCM: the predicted clean sample is held within plus and minus this; undefined does not clip. */
  readonly clipRange: number | undefined;
  /** DPM++ 2M only: the last step of a schedule below 15 steps is of first order. */
  readonly lowerOrderFinal: boolean;
  /** DPM++ 2M only: the last step of every schedule is of first order. */
  readonly eulerAtFinal: boolean;
  /** LCM only: the steps of the schedule that the model was distilled with. */
  readonly distilledSteps: number;
  /** LCM only: how sharply the model's own output takes over from the sample away from timestep 0. */
  readonly timestepScaling: number;
}

const noise: readonly PredictionType[] = ['epsilon', 'v_prediction'];
const every: readonly PredictionType[] = [...noise, 'sample'];

/** What each scheduler was compared with diffusers for: its predictions, and the only values of settings that would change its result. */
const offers: Readonly<
  Record<SchedulerName, { readonly predictions: readonly PredictionType[]; readonly only: Readonly<Record<string, readonly unknown[]>> }>
> = {
  ddim: { predictions: every, only: {} },
  euler: { predictions: every, only: { ...onlyOf('sigmas'), interpolation_type: ['linear'], timestep_type: ['discrete'] } },
  'euler-ancestral': { predictions: noise, only: {} },
  'dpmpp-2m': {
    predictions: every,
    only: {
      ...onlyOf('sigmas'),
      ...onlyOf('multistep'),
      algorithm_type: ['dpmsolver++'],
      solver_type: ['midpoint', 'bh1', 'bh2'],
      use_lu_lambdas: [false],
      lambda_min_clipped: [Number.NEGATIVE_INFINITY, '-Infinity'],
      variance_type: [],
    },
  },
  unipc: {
    predictions: every,
    only: {
      ...onlyOf('sigmas'),
      ...onlyOf('multistep'),
      predict_x0: [true],
      solver_type: ['bh2', 'midpoint', 'heun'],
      lower_order_final: [true],
      disable_corrector: [],
      solver_p: [],
    },
  },
  lcm: { predictions: every, only: {} },
};

function onlyOf(kind: 'sigmas' | 'multistep'): Readonly<Record<string, readonly unknown[]>> {
  if (kind === 'sigmas') return { use_exponential_sigmas: [false], use_beta_sigmas: [false], sigma_min: [], sigma_max: [] };
  return { solver_order: [2], use_flow_sigmas: [false], use_dynamic_shifting: [false] };
}

/** The schedulers for which Karras noise levels are offered. */
export const karrasSchedulers: readonly SchedulerName[] = ['euler', 'euler-ancestral', 'dpmpp-2m', 'unipc'];

/**
 * Reads a parsed scheduler_config.json of any scheduler for one of ours. As in diffusers' `from_config`, a key that the file leaves
 * out takes the default of the scheduler that is built, not of the one that wrote the file, and keys of other schedulers say nothing.
 * @param sigmas `karras` asks for those noise levels whatever the file says
 * @throws AtelierError `invalid-input` for a setting that is not offered
 */
export function parseSchedulerConfig(name: SchedulerName, json: unknown, sigmas: 'model' | 'karras' = 'model'): SchedulerConfig {
  const given = typeof json === 'object' && json !== null ? (json as Record<string, unknown>) : {};
  const { predictions, only } = offers[name];
  for (const [key, values] of Object.entries({ trained_betas: [], thresholding: [false], ...only })) refuseOthers(given, key, values);
  if (sigmas === 'karras' && !karrasSchedulers.includes(name)) {
    throw new AtelierError('invalid-input', `The scheduler ${name} has no Karras noise levels.`, { hint: `Choose one of: ${karrasSchedulers.join(', ')}.` });
  }
  const asksForKarras = given.use_karras_sigmas === true && name !== 'euler-ancestral' && karrasSchedulers.includes(name);
  const isLcm = name === 'lcm';
  const clips = given.clip_sample === undefined ? !isLcm : given.clip_sample === true;
  return {
    trainTimesteps: number(given, 'num_train_timesteps', 1000),
    betaStart: number(given, 'beta_start', isLcm ? 0.00085 : 0.0001),
    betaEnd: number(given, 'beta_end', isLcm ? 0.012 : 0.02),
    betaSchedule: choice(given, 'beta_schedule', ['linear', 'scaled_linear'], isLcm ? 'scaled_linear' : 'linear'),
    predictionType: choice(given, 'prediction_type', predictions, 'epsilon'),
    timestepSpacing: choice(given, 'timestep_spacing', ['leading', 'trailing', 'linspace'], name === 'ddim' || isLcm ? 'leading' : 'linspace'),
    stepsOffset: number(given, 'steps_offset', 0),
    zeroTerminalSnr: given.rescale_betas_zero_snr === true,
    usesKarrasSigmas: sigmas === 'karras' || asksForKarras,
    endsAt: choice(given, 'final_sigmas_type', ['zero', 'sigma_min'], 'zero'),
    setAlphaToOne: given.set_alpha_to_one !== false,
    clipRange: clips ? number(given, 'clip_sample_range', 1) : undefined,
    lowerOrderFinal: given.lower_order_final !== false,
    eulerAtFinal: given.euler_at_final === true,
    distilledSteps: number(given, 'original_inference_steps', 50),
    timestepScaling: number(given, 'timestep_scaling', 10),
  };
}

/** A setting that is left out, null or an empty list is always at its default, which is offered. */
function refuseOthers(given: Record<string, unknown>, key: string, values: readonly unknown[]): void {
  const value = given[key] ?? undefined;
  const isDefault = value === undefined || (Array.isArray(value) && value.length === 0);
  if (!isDefault && !values.includes(value)) throw unsupported(key, JSON.stringify(value), values.map(String));
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
  return new AtelierError('invalid-input', `The model's scheduler_config.json says ${key}: ${value}, which this scheduler does not offer here.`, {
    hint:
      offered.length > 0
        ? `Offered is: ${offered.join(', ')}. Or choose another scheduler.`
        : `Remove ${key} from the model's scheduler/scheduler_config.json, or choose another scheduler or model.`,
  });
}
