import type { RgbPicture } from './picture.ts';

export const filmFormats = ['mp4', 'webp', 'gif'] as const;
export type FilmFormat = (typeof filmFormats)[number];

export interface FilmOptions {
  readonly format: FilmFormat;
  readonly framesPerSecond: number;
}

export interface FilmWriterOptions extends FilmOptions {
  readonly width: number;
  readonly height: number;
  /**
   * Some frames spread over the film (sampleNumbers in film-writer.ts), of any size: a GIF takes its one palette from them. Asked for once, by formats that
   * have a palette, before the first frame.
   */
  sample(): AsyncIterable<RgbPicture> | Iterable<RgbPicture>;
}

/** A film that is being written. It holds a few frames at most, however many there are. */
export interface FilmWriter {
  readonly mediaType: string;
  /** Adds the next frame. @throws AtelierError `invalid-input` for another size than the film's, `too-large` if a format's bound is reached */
  add(frame: RgbPicture): Promise<void>;
  /** Finishes the file; without it there is none that plays. @throws AtelierError `invalid-input` if no frame was added */
  close(): Promise<void>;
  /** Gives up; what is in the file is of no use. */
  discard(): Promise<void>;
}

/** What a format offers beneath the checks that all share. */
export type OpenedFilm = Omit<FilmWriter, 'mediaType'>;
export type FormatOptions = Omit<FilmWriterOptions, 'format'>;
