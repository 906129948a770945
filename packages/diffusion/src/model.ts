import { AtelierError } from '@atelier/protocol';
import type { ModelMemory } from './memory.ts';
import type { DiffusionConfig } from './model-config.ts';
import type { Network } from './tensor.ts';
import type { TextEncoderModel } from './text-condition.ts';

/** A latent diffusion model. Each of its networks is opened once, whichever pipelines use it. */
export interface DiffusionModel {
  readonly config: DiffusionConfig;
  /** One; SDXL has two, whose states stand beside each other. */
  readonly textEncoders: readonly TextEncoderModel[];
  readonly unet: Network;
  readonly vaeDecoder: Network;
  /** Only what begins with a picture needs it; undefined if the model has none. */
  readonly vaeEncoder: Network | undefined;
  /** Takes over the last steps of every picture. */
  readonly refiner: Refiner | undefined;
  readonly memory: ModelMemory;
}

/** What reading a prompt needs of a model. */
export type TextModel = Pick<DiffusionModel, 'config' | 'textEncoders' | 'unet' | 'memory'>;

/** A second model over the same latents that is good at fine detail: Podell et al., arXiv 2307.01952, section 2.5. */
export interface Refiner {
  readonly model: TextModel;
  /** The share of the schedule after which it takes over, 0 to 1. */
  readonly from: number;
}

export interface PictureSize {
  readonly width: number;
  readonly height: number;
}

/** The size of a model's graph where that is fixed, and the size it was trained on. */
async function ownSize(model: DiffusionModel): Promise<{ readonly trained: PictureSize; readonly fixed: Partial<PictureSize> }> {
  const { pixelsPerLatent, latentSize } = model.config;
  const [height, width] = (await model.unet()).inputs.sample?.shape.slice(2) ?? [];
  const pixels = (side: number | string | undefined) => (typeof side === 'number' && side > 0 ? { side: side * pixelsPerLatent } : {}).side;
  const own = latentSize * pixelsPerLatent;
  const [fixedWidth, fixedHeight] = [pixels(width), pixels(height)];
  return {
    trained: { width: fixedWidth ?? own, height: fixedHeight ?? own },
    fixed: { ...(fixedWidth === undefined ? {} : { width: fixedWidth }), ...(fixedHeight === undefined ? {} : { height: fixedHeight }) },
  };
}

/**
 * The size of the picture that a model can draw for a wish, in pixels. A side that is left open is the one it was trained on.
 * @throws AtelierError `parameter-out-of-bounds` if the model's graph has another, fixed size or its latents need another multiple
 */
export async function pictureSize(
  model: DiffusionModel,
  wish: { readonly width?: number | undefined; readonly height?: number | undefined },
): Promise<PictureSize> {
  const { trained, fixed } = await ownSize(model);
  const { pixelsPerLatent } = model.config;
  const size = { width: wish.width ?? trained.width, height: wish.height ?? trained.height };
  if ((fixed.width ?? size.width) !== size.width || (fixed.height ?? size.height) !== size.height) {
    throw new AtelierError('parameter-out-of-bounds', `This model draws only images of ${trained.width} x ${trained.height} pixels.`, {
      hint: 'Leave width and height empty.',
    });
  }
  if (size.width % pixelsPerLatent !== 0 || size.height % pixelsPerLatent !== 0) {
    throw new AtelierError('parameter-out-of-bounds', `Width and height must be multiples of ${pixelsPerLatent} for this model.`);
  }
  return size;
}

/** More pixels than this many times what a model was trained on are slow, and things appear twice. */
const mostPixels = 2.25;

/**
 * The size at which a model best redraws a picture: the picture's own where the graph leaves it open, scaled down where it is
 * much larger than what the model was trained on, and rounded to whole latent pixels.
 */
export async function sizeForPicture(model: DiffusionModel, picture: PictureSize): Promise<PictureSize> {
  const { trained, fixed } = await ownSize(model);
  const multiple = model.config.pixelsPerLatent * model.config.latentMultiple;
  const scale = Math.min(1, Math.sqrt((mostPixels * trained.width * trained.height) / (picture.width * picture.height)));
  const rounded = (side: number) => Math.max(multiple, Math.round((side * scale) / multiple) * multiple);
  return { width: fixed.width ?? rounded(picture.width), height: fixed.height ?? rounded(picture.height) };
}

/** The shape of one latent for a picture of a size. */
export function latentShape({ config }: Pick<DiffusionModel, 'config'>, { width, height }: PictureSize): readonly [number, number, number, number] {
  return [1, config.latentChannels, height / config.pixelsPerLatent, width / config.pixelsPerLatent];
}
