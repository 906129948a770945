import { AtelierError } from '@atelier/protocol';
import type { FilmFormat, FilmWriter, FilmWriterOptions, FormatOptions, OpenedFilm } from './film-format.ts';
import { openGifWriter } from './gif-writer.ts';
import { openMp4Writer } from './mp4-writer.ts';
import { openWebpWriter } from './webp-writer.ts';

export type { FilmFormat, FilmOptions, FilmWriter, FilmWriterOptions } from './film-format.ts';
export { filmFormats } from './film-format.ts';

interface Format {
  readonly mediaType: string;
  /** Pixels that one side may have. */
  readonly greatestSide: number;
  open(path: string, options: FormatOptions): Promise<OpenedFilm>;
}

/**
 * The bounds of sides: MP4's is that of H.264 at level 5.2, WebP's and GIF's are those of their fields.
 */
const formats: Readonly<Record<FilmFormat, Format>> = {
  mp4: { mediaType: 'video/mp4', greatestSide: 4096, open: openMp4Writer },
  webp: { mediaType: 'image/webp', greatestSide: 16_383, open: openWebpWriter },
  gif: { mediaType: 'image/gif', greatestSide: 65_535, open: openGifWriter },
};

/**
 * Opens a film for writing, frame by frame, in memory that does not grow with their number: MP4 (H.264, playable while it loads),
 * animated WebP, or GIF with one palette; the animated pictures repeat for ever. The same frames give the same bytes.
 * @throws AtelierError `invalid-input` for sides that the format cannot have
 * @example
 * const film = await openFilmWriter('walk.gif', { format: 'gif', framesPerSecond: 12, width, height, sample: () => someFrames });
 * for await (const frame of frames) await film.add(frame);
 * await film.close();
 */
export async function openFilmWriter(path: string, { format, ...options }: FilmWriterOptions): Promise<FilmWriter> {
  const { mediaType, greatestSide, open } = formats[format];
  const { width, height } = options;
  if (Math.max(width, height) > greatestSide) {
    throw new AtelierError('invalid-input', `Frames of ${width} x ${height} pixels are too large for ${format}, which takes ${greatestSide} along a side.`, {
      hint: format === 'gif' ? 'Scale the frames down.' : `Scale the frames down, or take ${format === 'mp4' ? 'webp' : 'gif'}.`,
    });
  }
  const film = await open(path, options);
  let count = 0;
  return {
    mediaType,
    async add(frame) {
      if (frame.width !== width || frame.height !== height) {
        throw new AtelierError('invalid-input', `Frame ${count + 1} has ${frame.width} x ${frame.height} pixels, the video ${width} x ${height}.`, {
          hint: 'The frames of a video must be of one size.',
        });
      }
      count += 1;
      await film.add(frame);
    },
    async close() {
      if (count > 0) return film.close();
      await film.discard();
      throw new AtelierError('invalid-input', 'A video needs at least one frame.');
    },
    discard: () => film.discard(),
  };
}

/** Numbers of up to sixteen frames, spread evenly over `count`, the first and the last among them. */
export function sampleNumbers(count: number): number[] {
  const most = Math.min(count, 16);
  return Array.from({ length: most }, (_, place) => (most === 1 ? 0 : Math.round((place * (count - 1)) / (most - 1))));
}
