import { readFile } from 'node:fs/promises';
import { pacedFrame, paceOf } from '@atelier/diffusion';
import { decodeAudio, onsetSampleRate, onsetStrength } from '@atelier/media';
import type { WalkParameters } from '@atelier/protocol';
import type { MediaFile } from '../driver.ts';
import { fileKey, type WalkFiles } from './walk-memory.ts';

/**
 * The place of a frame, counted in frames of even pace: the frame itself, or where a track has the walk by then.
 * @throws AtelierError as reading the recording does
 */
export async function pacedBy({ paces }: WalkFiles, walk: WalkParameters, frame: number, track: MediaFile | undefined): Promise<number> {
  if (track === undefined) return frame;
  const pace = await paces.get(await fileKey(track), async () => paceOf(onsetStrength(await decodeAudio(await readFile(track.path), onsetSampleRate))));
  return pacedFrame(pace, frame, walk);
}
