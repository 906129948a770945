import { z } from 'zod';
import type { Dimensions } from '../dimensions.ts';
import { hint, type InputHashes } from '../task.ts';

/** How noise is taken away from step to step, by the names under which the methods were published. */
export const schedulerNames = ['auto', 'ddim', 'euler', 'euler-ancestral', 'dpmpp-2m', 'unipc', 'lcm'] as const;

const side = (title: string, of: 'width' | 'height') =>
  hint(z.int().min(64).max(4096).multipleOf(8).optional(), {
    title,
    side: of,
    description: 'Pixels, a multiple of 8. Left empty, the size that the model was trained on.',
    control: 'number',
    step: 8,
    unit: 'px',
  });

/** Parameters of every task that draws with a diffusion model. */
export const pictureParameters = {
  negativePrompt: hint(z.string().max(2000).default(''), { title: 'Negative prompt', description: 'What the image should not show.', control: 'textarea' }),
  steps: hint(z.int().min(1).max(150).default(20), { title: 'Steps', description: 'More steps are finer and slower.', control: 'slider' }),
  guidanceScale: hint(z.number().min(0).max(30).default(4), {
    title: 'Guidance scale',
    description: 'How closely the image follows the text; at 1 and below the negative prompt has no effect.',
    control: 'slider',
    step: 0.1,
  }),
  scheduler: hint(z.enum(schedulerNames).default('auto'), {
    title: 'Scheduler',
    description: 'How noise is taken away from step to step. auto is the one that the model names as its own.',
    control: 'select',
    labels: { auto: "Automatic: the model's own", ddim: 'DDIM', 'dpmpp-2m': 'DPM++ 2M', unipc: 'UniPC', lcm: 'LCM' },
  }),
  sigmas: hint(z.enum(['model', 'karras']).default('model'), {
    title: 'Noise levels',
    description: 'karras puts more steps at low noise (Karras et al., 2022); only for euler, euler-ancestral, dpmpp-2m and unipc.',
    control: 'select',
    labels: { model: "The model's own", karras: 'Karras' },
    advanced: true,
  }),
  guidanceRescale: hint(z.number().min(0).max(1).default(0), {
    title: 'Guidance rescale',
    description: 'Takes back the washed-out colours of a strong guidance (Lin et al., 2023); 0.7 suits models with zero terminal SNR.',
    control: 'slider',
    step: 0.05,
    advanced: true,
  }),
};

export const pictureSide = { width: side('Width', 'width'), height: side('Height', 'height') };

/** Several pictures from one request; picture number n has the seed plus n. */
export const pictureCount = hint(z.int().min(1).max(16).default(1), {
  title: 'Images',
  description: 'How many at once. Each has a seed of its own, counted up from the first; edges share them.',
  control: 'slider',
});

/** How strongly a picture that is given is changed. */
export const strength = (initial: number) =>
  hint(z.number().min(0.01).max(1).default(initial), {
    title: 'Strength',
    description: 'How far the result may move away from the image: 1 keeps nothing of it.',
    control: 'slider',
    step: 0.01,
  });

/** Shards of a task with `count` pictures: the seed of number n is `seed + n`, wrapped at 32 bits. */
export const picturesAsShards = {
  count: (parameters: Record<string, unknown>) => Number(parameters.count ?? 1),
  order: (parameters: Record<string, unknown>) => Array.from({ length: Number(parameters.count ?? 1) }, (_, index) => index),
  key: ({ count: _count, seed, variationSeed, ...others }: Record<string, unknown>, shard: number, inputs: InputHashes) => ({
    ...others,
    ...seedsOfShard({ ...others, seed, variationSeed }, shard),
    inputs,
  }),
  alone: (parameters: Record<string, unknown>, shard: number) => ({ ...parameters, count: 1, ...seedsOfShard(parameters, shard) }),
};

/**
 * The seeds with which picture number `shard` of a batch is drawn. Where it is a variation, the variation's seed counts up and
 * the picture's own stays, so that a batch shows several variations of one picture.
 */
export function seedsOfShard(parameters: Record<string, unknown>, shard: number): { seed: number; variationSeed?: number } {
  const seed = Number(parameters.seed ?? 0);
  const varies = Number(parameters.variationStrength ?? 0) > 0;
  const variationSeed = parameters.variationSeed === undefined ? undefined : Number(parameters.variationSeed);
  if (!varies || variationSeed === undefined) return { seed: (seed + shard) % 2 ** 32 };
  return { seed, variationSeed: (variationSeed + shard) % 2 ** 32 };
}

/** What was asked for; nothing if one of the sides is left to the model. */
export function askedSize({ width, height }: Record<string, unknown>): Dimensions {
  return width === undefined || height === undefined ? {} : { width: Number(width), height: Number(height) };
}

/** Network calls: steps, twice where guidance needs the negative prompt too. */
export function pictureWork(parameters: Record<string, unknown>, share = 1): number {
  return Math.max(1, Number(parameters.steps ?? 20) * share) * (Number(parameters.guidanceScale ?? 4) > 1 ? 2 : 1);
}
