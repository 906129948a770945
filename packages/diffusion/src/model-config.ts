import { AtelierError } from '@atelier/protocol';
import { z } from 'zod';
import { modelHint } from './tensor.ts';

/** A linear map from a scaled latent pixel to red, green and blue in -1 to 1: a rough picture for nothing. */
export interface LatentToRgb {
  /** Three rows, one column a latent channel. */
  readonly weight: readonly (readonly number[])[];
  readonly bias: readonly number[];
}

/** What the pipelines know of a model besides its networks. */
export interface DiffusionConfig {
  readonly latentChannels: number;
  /** Channels that the unet takes: those of the latent, and five more for mask and masked picture where it was made for inpainting. */
  readonly unetChannels: number;
  /** Width and height of the latent the model was trained on. */
  readonly latentSize: number;
  /** Pixels of the picture to one of the latent, along each side. */
  readonly pixelsPerLatent: number;
  /** What the sides of a latent are best divisible by, since the unet halves them this often over. */
  readonly latentMultiple: number;
  readonly scalingFactor: number;
  readonly shiftFactor: number;
  readonly latentToRgb: LatentToRgb | undefined;
  /** Width of the embedded guidance scale that a consistency model (LCM) takes; undefined for others. */
  readonly guidanceWidth: number | undefined;
  /** SDXL: an empty negative prompt is told with zeros. */
  readonly zerosForEmpty: boolean;
  /** The refiner of SDXL is told how beautiful the picture is to be, instead of its size. */
  readonly wantsAestheticScore: boolean;
  /** scheduler_config.json, parsed. */
  readonly scheduler: unknown;
}

/** Configuration files of the diffusers folder layout, as parsed JSON. */
export interface DiffusionConfigFiles {
  readonly index?: unknown;
  readonly unet: unknown;
  readonly vae: unknown;
  readonly scheduler: unknown;
}

const IndexConfig = z.object({
  _class_name: z.string().optional(),
  force_zeros_for_empty_prompt: z.boolean().nullish(),
  requires_aesthetics_score: z.boolean().nullish(),
});
const UnetConfig = z.object({
  in_channels: z.int().positive(),
  sample_size: z.int().positive(),
  block_out_channels: z.array(z.int()).min(1).optional(),
  time_cond_proj_dim: z.int().positive().nullish(),
  addition_embed_type: z.string().nullish(),
});
const VaeConfig = z.object({
  _class_name: z.string().optional(),
  latent_channels: z.int().positive().default(4),
  scaling_factor: z.number().positive().optional(),
  shift_factor: z.number().nullish(),
  sample_size: z.int().positive().optional(),
  block_out_channels: z.array(z.int()).min(1).optional(),
  latent_rgb: z.object({ weight: z.array(z.array(z.number())).length(3), bias: z.array(z.number()).length(3) }).optional(),
});
const TextConfig = z.object({ max_length: z.int().positive().optional(), max_position_embeddings: z.int().positive().optional() });
const TokenizerConfig = z.object({ model_max_length: z.number().positive().optional() });

/**
 * Reads the configuration of a model in the diffusers folder layout.
 * @throws AtelierError `invalid-input` naming the file and the field that does not fit
 */
export function parseDiffusionConfig(files: DiffusionConfigFiles): DiffusionConfig {
  const index = parsed(IndexConfig, files.index ?? {}, 'model_index.json');
  const unet = parsed(UnetConfig, files.unet, 'unet/config.json');
  const vae = parsed(VaeConfig, files.vae, 'vae_decoder/config.json');
  if (unet.in_channels !== vae.latent_channels && unet.in_channels !== 2 * vae.latent_channels + 1) {
    throw new AtelierError('invalid-input', `The unet takes ${unet.in_channels} channels and the autoencoder gives ${vae.latent_channels}.`, {
      hint: 'Models for images and for inpainting are run here, not those for depth or video.',
    });
  }
  const fromBlocks = vae.block_out_channels === undefined ? undefined : 2 ** (vae.block_out_channels.length - 1);
  const fromSizes = vae.sample_size === undefined ? undefined : vae.sample_size / unet.sample_size;
  const isXl = unet.addition_embed_type === 'text_time';
  return {
    latentChannels: vae.latent_channels,
    unetChannels: unet.in_channels,
    latentSize: unet.sample_size,
    pixelsPerLatent: fromBlocks ?? fromSizes ?? 8,
    latentMultiple: 2 ** ((unet.block_out_channels?.length ?? 1) - 1),
    scalingFactor: vae.scaling_factor ?? (vae._class_name === 'AutoencoderTiny' ? 1 : 0.18215),
    shiftFactor: vae.shift_factor ?? 0,
    latentToRgb: vae.latent_rgb,
    guidanceWidth: unet.time_cond_proj_dim ?? undefined,
    zerosForEmpty: isXl && index.force_zeros_for_empty_prompt !== false,
    wantsAestheticScore: index.requires_aesthetics_score === true,
    scheduler: isXl ? files.scheduler : { ...(files.scheduler as object), ...oldPipelines },
  };
}

/**
 * What diffusers' Stable Diffusion pipelines put in place of anything else in a scheduler's configuration, since the files of
 * early models say otherwise: latents are not held within -1 to 1.
 */
const oldPipelines = { clip_sample: false, steps_offset: 1 } as const;

/**
 * How many tokens go through a text encoder at once.
 * @param name the encoder's folder, as messages show it
 * @throws AtelierError `invalid-input` naming the file and the field that does not fit
 */
export function tokensAtOnce(name: string, encoder: unknown, tokenizer: unknown): number {
  const text = parsed(TextConfig, encoder, `${name}/config.json`);
  const { model_max_length: longest } = parsed(TokenizerConfig, tokenizer, `${name.replace('text_encoder', 'tokenizer')}/tokenizer_config.json`);
  const least = Math.min(text.max_length ?? text.max_position_embeddings ?? Number.POSITIVE_INFINITY, longest ?? Number.POSITIVE_INFINITY);
  return least <= 4096 ? least : 77;
}

function parsed<T extends z.ZodType>(schema: T, json: unknown, file: string): z.infer<T> {
  const result = schema.safeParse(json);
  if (result.success) return result.data;
  const issue = result.error.issues[0];
  throw new AtelierError('invalid-input', `${file}: ${issue?.path.join('.') ?? ''} ${issue?.message ?? 'does not fit'}.`, { hint: modelHint });
}
