import { AtelierError } from '@atelier/protocol';
import { z } from 'zod';
import { type FloatTensor, floatOutput, floatTensor, modelHint, type TensorSession } from './tensor.ts';
import type { TextEncoderModel } from './text-states.ts';

/** A linear map from a scaled latent pixel to red, green and blue in -1 to 1: a rough picture for nothing. */
export interface LatentToRgb {
  /** Three rows, one column a latent channel. */
  readonly weight: readonly (readonly number[])[];
  readonly bias: readonly number[];
}

/** What the pipelines know of a model besides its networks. */
export interface DiffusionConfig {
  readonly latentChannels: number;
  /** Width and height of the latent the model was trained on. */
  readonly latentSize: number;
  /** Pixels of the picture to one of the latent, along each side. */
  readonly pixelsPerLatent: number;
  readonly scalingFactor: number;
  readonly shiftFactor: number;
  readonly latentToRgb: LatentToRgb | undefined;
  /** scheduler_config.json, parsed. */
  readonly scheduler: unknown;
}

/** The networks of a latent diffusion model, in memory. */
export interface DiffusionModel {
  readonly config: DiffusionConfig;
  readonly text: TextEncoderModel;
  readonly unet: TensorSession;
  readonly vaeDecoder: TensorSession;
  /** Only what begins with a picture needs it. */
  readonly vaeEncoder: TensorSession | undefined;
}

const UnetConfig = z.object({ in_channels: z.int().positive(), sample_size: z.int().positive() });
const VaeConfig = z.object({
  latent_channels: z.int().positive().default(4),
  scaling_factor: z.number().positive().default(0.18215),
  shift_factor: z.number().nullish(),
  sample_size: z.int().positive().optional(),
  block_out_channels: z.array(z.int()).min(1).optional(),
  latent_rgb: z.object({ weight: z.array(z.array(z.number())).length(3), bias: z.array(z.number()).length(3) }).optional(),
});
const TextConfig = z.object({ max_length: z.int().positive().optional(), max_position_embeddings: z.int().positive().optional() });
const TokenizerConfig = z.object({ model_max_length: z.number().positive().optional() });

/** Configuration files of the diffusers folder layout, as parsed JSON. */
export interface DiffusionConfigFiles {
  readonly unet: unknown;
  readonly vae: unknown;
  readonly textEncoder: unknown;
  readonly tokenizer: unknown;
  readonly scheduler: unknown;
}

/**
 * Reads the configuration of a model in the diffusers folder layout.
 * @throws AtelierError `invalid-input` naming the file and the field that does not fit
 */
export function parseDiffusionConfig(files: DiffusionConfigFiles): { config: DiffusionConfig; maxTokens: number } {
  const unet = parsed(UnetConfig, files.unet, 'unet/config.json');
  const vae = parsed(VaeConfig, files.vae, 'vae_decoder/config.json');
  const text = parsed(TextConfig, files.textEncoder, 'text_encoder/config.json');
  const tokenizer = parsed(TokenizerConfig, files.tokenizer, 'tokenizer/tokenizer_config.json');
  if (unet.in_channels !== vae.latent_channels) {
    throw new AtelierError('invalid-input', `The unet takes ${unet.in_channels} channels and the autoencoder gives ${vae.latent_channels}.`, {
      hint: 'Only plain text-to-image models are run here, not those for inpainting or depth.',
    });
  }
  const fromBlocks = vae.block_out_channels === undefined ? undefined : 2 ** (vae.block_out_channels.length - 1);
  const fromSizes = vae.sample_size === undefined ? undefined : vae.sample_size / unet.sample_size;
  const maxTokens = text.max_length ?? text.max_position_embeddings ?? tokenizer.model_max_length ?? 77;
  return {
    maxTokens: Math.min(maxTokens, 4096),
    config: {
      latentChannels: vae.latent_channels,
      latentSize: unet.sample_size,
      pixelsPerLatent: fromBlocks ?? fromSizes ?? 8,
      scalingFactor: vae.scaling_factor,
      shiftFactor: vae.shift_factor ?? 0,
      latentToRgb: vae.latent_rgb,
      scheduler: files.scheduler,
    },
  };
}

function parsed<T extends z.ZodType>(schema: T, json: unknown, file: string): z.infer<T> {
  const result = schema.safeParse(json);
  if (result.success) return result.data;
  const issue = result.error.issues[0];
  throw new AtelierError('invalid-input', `${file}: ${issue?.path.join('.') ?? ''} ${issue?.message ?? 'does not fit'}.`, { hint: modelHint });
}

export interface PictureSize {
  readonly width: number;
  readonly height: number;
}

/**
 * The size of the picture that a model can draw for a wish, in pixels.
 * @throws AtelierError `parameter-out-of-bounds` where the model's graph has another, fixed size or its latents need another multiple
 */
export function pictureSize(model: DiffusionModel, wish: Partial<PictureSize>): PictureSize {
  const { pixelsPerLatent, latentSize } = model.config;
  const own = latentSize * pixelsPerLatent;
  const size = { width: wish.width ?? own, height: wish.height ?? own };
  const sides = model.unet.inputs.sample?.shape.slice(2) ?? [];
  for (const [axis, pixels] of [size.height, size.width].entries()) {
    const fixed = sides[axis];
    if (typeof fixed === 'number' && fixed > 0 && fixed * pixelsPerLatent !== pixels) {
      throw new AtelierError('parameter-out-of-bounds', `This model draws only pictures of ${own} x ${own} pixels.`, { hint: 'Leave width and height empty.' });
    }
    if (pixels % pixelsPerLatent !== 0) {
      throw new AtelierError('parameter-out-of-bounds', `Width and height must be multiples of ${pixelsPerLatent} for this model.`);
    }
  }
  return size;
}

/** The shape of one latent for a picture of a size. */
export function latentShape({ config }: DiffusionModel, { width, height }: PictureSize): readonly [number, number, number, number] {
  return [1, config.latentChannels, height / config.pixelsPerLatent, width / config.pixelsPerLatent];
}

/**
 * Pictures to scaled latents. An encoder that gives mean and variance is taken at its mean.
 * @param pictures shape B x 3 x height x width, -1 to 1
 */
export async function encodePictures(model: DiffusionModel, pictures: FloatTensor): Promise<FloatTensor> {
  const { vaeEncoder, config } = model;
  if (vaeEncoder === undefined)
    throw new AtelierError('invalid-input', 'This model has no vae_encoder, so it cannot begin with a picture.', { hint: modelHint });
  const latent = floatOutput(vaeEncoder, await vaeEncoder.run({ [vaeEncoder.inputNames[0] ?? 'sample']: pictures }), 'latent_sample');
  const [batch = 1, channels = 1, height = 1, width = 1] = latent.shape;
  const own = config.latentChannels * height * width;
  const data = new Float32Array(batch * own);
  for (let row = 0; row < batch; row++) {
    const from = row * channels * height * width;
    for (let i = 0; i < own; i++) data[row * own + i] = ((latent.data[from + i] as number) - config.shiftFactor) * config.scalingFactor;
  }
  return floatTensor([batch, config.latentChannels, height, width], data);
}

/**
 * Scaled latents to pictures.
 * @returns shape B x 3 x height x width, about -1 to 1
 * @throws AtelierError `step-failed` where the result holds values that are no numbers
 */
export async function decodeLatents({ vaeDecoder, config }: DiffusionModel, latents: FloatTensor): Promise<FloatTensor> {
  const unscaled = floatTensor(
    latents.shape,
    latents.data.map((value) => value / config.scalingFactor + config.shiftFactor),
  );
  const pictures = floatOutput(vaeDecoder, await vaeDecoder.run({ [vaeDecoder.inputNames[0] ?? 'latent_sample']: unscaled }), 'sample');
  refuseNotANumber(pictures.data);
  return pictures;
}

/** @throws AtelierError `step-failed` */
export function refuseNotANumber(values: Float32Array): void {
  if (values.every(Number.isFinite)) return;
  throw new AtelierError('step-failed', 'The model computed values that are not numbers, so there is no picture.', {
    hint: 'Lower the guidance scale or choose the other scheduler; a model exported in half precision may overflow: export it in float32.',
  });
}
