import type { SideField } from './fields.ts';

/** What a model says of the images that it draws. */
export interface NativeSize {
  /** Pixels of the side of the square that it was trained on. */
  readonly side: number;
  /** It draws that square and nothing else. */
  readonly only: boolean;
  /** The model's name, for sentences. */
  readonly title: string;
}

export interface ImageSize {
  readonly width: number;
  readonly height: number;
}

/** Proportions that are offered, as people write them. */
export const aspects = ['1:1', '4:3', '3:4', '3:2', '2:3', '16:9', '9:16'] as const;
export type Aspect = (typeof aspects)[number];

/** How many times the pixels that a model was trained on; beyond 2.25 things appear twice (packages/diffusion/src/model.ts). */
export const areas = { small: 0.5, own: 1, large: 2.25 } as const;
export type Area = keyof typeof areas;

/** The sides are rounded to this or less: a latent of 8 x 8 pixels is halved up to three times over in a network. */
const coarsest = 64;

/**
 * The size of a proportion that a model can draw within the bounds of its parameters, about as many pixels as asked for.
 * @returns undefined if the bounds or the model leave none
 */
export function sizeOf(aspect: Aspect, area: Area, native: NativeSize, [width, height]: readonly [SideField, SideField]): ImageSize | undefined {
  if (native.only) return aspect === '1:1' && area === 'own' ? { width: native.side, height: native.side } : undefined;
  const [across = 1, down = 1] = aspect.split(':').map(Number);
  const scale = (native.side * Math.sqrt(areas[area])) / Math.sqrt(across * down);
  const size = { width: rounded(across * scale, native.side, width.step), height: rounded(down * scale, native.side, height.step) };
  return within(size.width, width) && within(size.height, height) ? size : undefined;
}

/** To the grid of the model: an eighth of its side, but no coarser than 64 and no finer than the parameter's step. */
function rounded(pixels: number, side: number, step: number): number {
  let grid = step;
  while (grid * 2 <= Math.min(coarsest, side / 8)) grid *= 2;
  return Math.max(grid, Math.round(pixels / grid) * grid);
}

const within = (pixels: number, { min = 1, max = Number.POSITIVE_INFINITY }: SideField) => pixels >= min && pixels <= max;

/** The proportion and size that these sides are, or undefined if somebody wrote others. An empty side is the model's own. */
export function presetOf(size: Partial<ImageSize>, native: NativeSize, sides: readonly [SideField, SideField]): { aspect: Aspect; area: Area } | undefined {
  const [width, height] = [size.width ?? native.side, size.height ?? native.side];
  if (width === native.side && height === native.side) return { aspect: '1:1', area: 'own' };
  for (const area of Object.keys(areas) as Area[]) {
    for (const aspect of aspects) {
      const preset = sizeOf(aspect, area, native, sides);
      if (preset?.width === width && preset.height === height) return { aspect, area };
    }
  }
  return undefined;
}
