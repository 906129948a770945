import { createRequire } from 'node:module';
import { AtelierError } from '@atelier/protocol';
import type { H264MP4Encoder } from 'h264-mp4-encoder';
import sharp, { type Sharp } from 'sharp';
import { fastStart } from './mp4.ts';
import type { RgbPicture } from './picture.ts';

export const filmFormats = ['mp4', 'webp', 'gif'] as const;
export type FilmFormat = (typeof filmFormats)[number];

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

export interface FilmOptions {
  readonly format: FilmFormat;
  readonly framesPerSecond: number;
}

/**
 * Encodes frames of one size as a film: MP4 (H.264, playable while it loads), or an animated WebP or GIF that repeats for ever.
 * The same frames give the same bytes.
 * @throws AtelierError `invalid-input` for no frames, frames of several sizes, or an odd side in an MP4
 * @example const { bytes } = await encodeFilm(frames, { format: 'mp4', framesPerSecond: 12 });
 */
export async function encodeFilm(frames: readonly RgbPicture[], { format, framesPerSecond }: FilmOptions): Promise<{ mediaType: string; bytes: Uint8Array }> {
  const first = frames[0];
  if (first === undefined) throw new AtelierError('invalid-input', 'A film needs at least one frame.');
  if (frames.some(({ width, height }) => width !== first.width || height !== first.height)) {
    throw new AtelierError('invalid-input', 'The frames of a film must be of one size.');
  }
  switch (format) {
    case 'mp4':
      return { mediaType: 'video/mp4', bytes: await encodeMp4(frames, first, framesPerSecond) };
    case 'webp':
      return {
        mediaType: 'image/webp',
        bytes: await stacked(frames, first)
          .webp({ quality: 82, effort: 2, loop: 0, delay: delays(frames.length, framesPerSecond) })
          .toBuffer(),
      };
    case 'gif':
      return {
        mediaType: 'image/gif',
        bytes: await stacked(frames, first)
          .gif({ effort: 1, dither: 0, loop: 0, delay: delays(frames.length, framesPerSecond) })
          .toBuffer(),
      };
  }
}

/**
 * H.264's quantization parameter is 10 to 51, less is finer; at 18, flat drawings of 512 pixels show no blocks. Every frame is a key frame:
 * among others, the jump from the last, predicted frame back to the first shows as a pulse each time a quiet loop begins again.
 */
const quality = { quantizationParameter: 18, groupOfPictures: 1, speed: 2 };

async function encodeMp4(frames: readonly RgbPicture[], { width, height }: RgbPicture, framesPerSecond: number): Promise<Uint8Array> {
  if (width % 2 !== 0 || height % 2 !== 0) throw new AtelierError('invalid-input', `An MP4 needs even sides, not ${width} x ${height}.`);
  const encoder = await createEncoder();
  try {
    Object.assign(encoder, { width, height, frameRate: framesPerSecond, ...quality });
    encoder.initialize();
    for (const frame of frames) encoder.addFrameRgba(withAlpha(frame));
    encoder.finalize();
    const bytes = encoder.FS.readFile(encoder.outputFilename);
    encoder.FS.unlink(encoder.outputFilename);
    return fastStart(bytes);
  } finally {
    encoder.delete();
  }
}

/** The package is CommonJS and says so only to bundlers; its WebAssembly is inside. */
function createEncoder(): Promise<H264MP4Encoder> {
  const { createH264MP4Encoder } = createRequire(import.meta.url)('h264-mp4-encoder') as typeof import('h264-mp4-encoder');
  return createH264MP4Encoder();
}

function withAlpha({ width, height, data }: RgbPicture): Uint8Array {
  const rgba = new Uint8Array(width * height * 4).fill(255);
  for (let pixel = 0; pixel < width * height; pixel++) rgba.set(data.subarray(pixel * 3, pixel * 3 + 3), pixel * 4);
  return rgba;
}

/** All frames below one another, as sharp takes an animation. */
function stacked(frames: readonly RgbPicture[], { width, height, data }: RgbPicture): Sharp {
  const all = new Uint8Array(data.length * frames.length);
  for (const [index, frame] of frames.entries()) all.set(frame.data, index * data.length);
  return sharp(all, { raw: { width, height: height * frames.length, channels: 3, pageHeight: height }, limitInputPixels: false });
}

/** Milliseconds a frame, so that rounding does not add up. */
function delays(count: number, framesPerSecond: number): number[] {
  const at = (frame: number) => Math.round((frame * 1000) / framesPerSecond);
  return Array.from({ length: count }, (_, frame) => at(frame + 1) - at(frame));
}
