import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AtelierError } from '@atelier/protocol';
import { type FilmOptions, openFilmWriter, sampleNumbers } from './film-writer.ts';
import type { RgbPicture } from './picture.ts';

/** The lesser side that a film of small frames is enlarged to, about, so that players show it well: 128 becomes 512. */
export const leastFilmSide = 512;

/**
 * The size that frames are best encoded at: a whole multiple that brings the lesser side to about {@link leastFilmSide}, and even, as H.264 needs.
 * Larger frames keep their size, but for an odd row or column, which is enlarged to the next even number.
 */
export function filmSize({ width, height }: { readonly width: number; readonly height: number }): { width: number; height: number } {
  const factor = Math.max(1, Math.round(leastFilmSide / Math.min(width, height)));
  const even = (side: number) => 2 * Math.ceil((side * factor) / 2);
  return { width: even(width), height: even(height) };
}

/**
 * Encodes frames that are all in memory; for films of any length take {@link openFilmWriter}, which this uses.
 * @throws AtelierError `invalid-input` for no frames, frames of several sizes, or an odd side in an MP4
 * @example const { bytes } = await encodeFilm(frames, { format: 'mp4', framesPerSecond: 12 });
 */
export async function encodeFilm(frames: readonly RgbPicture[], options: FilmOptions): Promise<{ mediaType: string; bytes: Uint8Array }> {
  const first = frames[0];
  if (first === undefined) throw new AtelierError('invalid-input', 'A video needs at least one frame.');
  const folder = await mkdtemp(join(tmpdir(), 'atelier-film-'));
  try {
    const path = join(folder, `film.${options.format}`);
    const sample = () => sampleNumbers(frames.length).map((number) => frames[number] as RgbPicture);
    const film = await openFilmWriter(path, { ...options, width: first.width, height: first.height, sample });
    try {
      for (const frame of frames) await film.add(frame);
    } catch (error) {
      await film.discard();
      throw error;
    }
    await film.close();
    return { mediaType: film.mediaType, bytes: await readFile(path) };
  } finally {
    await rm(folder, { recursive: true });
  }
}
