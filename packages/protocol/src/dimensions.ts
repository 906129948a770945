import { z } from 'zod';

/** How large a recording or an image is, as far as it is known: what the work of a step may depend on besides its parameters. */
export const Dimensions = z.object({
  /** Of a recording, from its start to its end. */
  seconds: z.number().positive().max(1e6).optional(),
  /** Of an image, in pixels as it is shown. */
  width: z.int().min(1).max(1_000_000).optional(),
  height: z.int().min(1).max(1_000_000).optional(),
});
export type Dimensions = z.infer<typeof Dimensions>;

/** By port or by the name of an input: the dimensions of its first value. What is not there is not known. */
export type DimensionsByName = Readonly<Record<string, Dimensions>>;

/** What stands for an image of unknown size: 512 x 512. */
const usualPixels = 512 * 512;

/** Pixels of an image over those of 512 x 512; 1 if they are not known. */
export function pixelShare({ width, height }: Dimensions = {}): number {
  return width === undefined || height === undefined ? 1 : (width * height) / usualPixels;
}

/** What stands for a recording of unknown length. */
const usualSeconds = 10;

/** The length of a recording over ten seconds; 1 if it is not known. */
export function lengthShare({ seconds }: Dimensions = {}): number {
  return seconds === undefined ? 1 : seconds / usualSeconds;
}
