import { limits, type ModelManifest } from '@atelier/protocol';
import type { Size } from '../media/index.ts';

const step = 8;

/**
 * The size to ask models for when a caller wants another: about as many pixels as they were trained on, in the proportions asked for. The
 * smallest of them counts, so that whichever the planner takes draws no more than it can.
 * @param manifests of the models that may draw
 * @returns sides that are multiples of 8, as diffusion models need them; the size asked for if no manifest says what it was trained on;
 * undefined if every one draws its own size and no other
 */
export function drawnSize(asked: Size, manifests: readonly ModelManifest[]): Size | undefined {
  const free = manifests.filter(({ pictureSizes }) => pictureSizes !== 'own');
  if (free.length === 0 && manifests.length > 0) return undefined;
  const sides = free.map(({ pictureSide }) => pictureSide).filter((side) => side !== undefined);
  const factor = sides.length === 0 ? 1 : Math.min(...sides) / Math.sqrt(asked.width * asked.height);
  const fit = (pixels: number) => Math.min(limits.pictureSideMost, Math.max(limits.pictureSideLeast, Math.round((pixels * factor) / step) * step));
  return { width: fit(asked.width), height: fit(asked.height) };
}
