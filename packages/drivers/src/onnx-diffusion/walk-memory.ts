import { stat } from 'node:fs/promises';
import { type DiffusionModel, Recent, WalkMemory, type WalkPicture } from '@atelier/diffusion';
import type { MediaFile } from '../driver.ts';

/** What frames of walks on one model share. Bounded. */
export interface WalkFiles {
  readonly walk: WalkMemory;
  /** Pictures as the model sees them. */
  readonly pictures: Recent<WalkPicture>;
  /** How far a walk is at each time of a track. */
  readonly paces: Recent<(time: number) => number>;
}

const memories = new WeakMap<DiffusionModel, WalkFiles>();

/** What a loaded model remembers of walks, for as long as it is loaded. */
export function walkMemoryOf(model: DiffusionModel): WalkFiles {
  const known = memories.get(model) ?? { walk: new WalkMemory(), pictures: new Recent<WalkPicture>(8), paces: new Recent<(time: number) => number>(4) };
  memories.set(model, known);
  return known;
}

/** Names a file as it is now, without reading it. */
export async function fileKey({ path }: MediaFile): Promise<string> {
  const { size, mtimeMs } = await stat(path);
  return `${path} ${size} ${mtimeMs}`;
}
