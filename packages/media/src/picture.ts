import { AtelierError, limits } from '@atelier/protocol';
import sharp, { type Sharp } from 'sharp';
import { dropBehindScan, mendJpeg } from './jpeg-mend.ts';
import { sniffMediaType } from './sniff.ts';

/** Eight bits a channel, row by row, three bytes a pixel: sRGB. */
export interface RgbPicture {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8Array;
}

export interface PictureInfo {
  readonly mediaType: string;
  /** As shown, after the file's own rotation. */
  readonly width: number;
  readonly height: number;
}

const readable = ['image/png', 'image/jpeg', 'image/webp', 'image/gif', 'image/avif'];
const transparentBecomes = '#ffffff';

/**
 * Reads the whole of a picture: PNG, JPEG, WebP, GIF (its first frame) or AVIF. Transparency becomes white; the file's own rotation is applied.
 * @throws AtelierError `unsupported-media` for other kinds, `damaged-media` if bytes are missing or wrong, `too-large` over the limits
 * @example const { width, height } = await readPicture(await readFile('cat.jpg'));
 */
export async function readPicture(bytes: Uint8Array): Promise<RgbPicture> {
  await inspectPicture(bytes);
  return decoded(bytes, (image) => image.autoOrient());
}

/**
 * Reads a picture and brings it to a size: scaled to cover it and cut evenly at the sides, as `object-fit: cover` does.
 * @throws AtelierError as {@link readPicture}
 */
export async function readPictureCovering(bytes: Uint8Array, size: { readonly width: number; readonly height: number }): Promise<RgbPicture> {
  await inspectPicture(bytes);
  return decoded(bytes, (image) => image.autoOrient().resize(size.width, size.height, { fit: 'cover', kernel: 'lanczos3' }));
}

/**
 * Kind and size of a picture from its header; nothing of it is decoded.
 * @throws AtelierError as {@link readPicture}, but damage beyond the header is not seen
 */
export async function inspectPicture(bytes: Uint8Array): Promise<PictureInfo> {
  const mediaType = sniffMediaType(bytes);
  if (mediaType === undefined || !readable.includes(mediaType)) {
    throw new AtelierError('unsupported-media', `This is not an image that can be read here${mediaType === undefined ? '' : `, but ${mediaType}`}.`, {
      hint: 'Give a PNG, JPEG, WebP, GIF or AVIF.',
    });
  }
  if (bytes.length > limits.pictureBytes) throw tooLarge(`The image file has ${bytes.length} bytes; at most ${limits.pictureBytes} are read.`);
  const metadata = await opened(bytes).metadata().catch(refuseDamaged);
  const { width, height } = metadata.autoOrient;
  if (width * height > limits.picturePixels) throw tooLarge(`The image has ${width} x ${height} pixels; at most ${limits.picturePixels} together are read.`);
  return { mediaType, width, height };
}

/**
 * Every frame of an animated WebP or GIF; a still picture has one.
 * @throws AtelierError as {@link readPicture}; the limits hold for all frames together
 */
export async function readFrames(bytes: Uint8Array): Promise<RgbPicture[]> {
  await inspectPicture(bytes);
  const all = sharp(bytes, { failOn: 'warning', limitInputPixels: limits.picturePixels, animated: true });
  const { pages = 1 } = await all.metadata().catch(refuseDamaged);
  const { width, height, data } = await rgbOf(all);
  const size = { width, height: height / pages };
  return Array.from({ length: pages }, (_, page) => ({ ...size, data: data.subarray(page * size.height * width * 3, (page + 1) * size.height * width * 3) }));
}

/** PNG bytes; the same pixels give the same bytes. */
export async function encodePng(picture: RgbPicture): Promise<Uint8Array> {
  return sharpOf(picture).png({ compressionLevel: 9, adaptiveFiltering: true, palette: false }).toBuffer();
}

/**
 * A picture in one of the kinds that are shown everywhere.
 * @param how.quality 0 to 100, for JPEG and WebP; 90 if it is left out
 */
export async function encodePicture(picture: RgbPicture, how: { readonly mediaType: string; readonly quality?: number | undefined }): Promise<Uint8Array> {
  if (how.mediaType === 'image/png') return encodePng(picture);
  const quality = Math.max(1, how.quality ?? 90);
  const image = sharpOf(picture);
  return how.mediaType === 'image/jpeg' ? image.jpeg({ quality }).toBuffer() : image.webp({ quality }).toBuffer();
}

/** A small WebP of a picture, scaled up without smoothing where it is smaller than `leastSide`: for previews. */
export async function encodePreview(picture: RgbPicture, leastSide = 128): Promise<{ mediaType: string; bytes: Uint8Array }> {
  const factor = Math.max(1, Math.ceil(leastSide / Math.min(picture.width, picture.height)));
  const size = { width: picture.width * factor, height: picture.height * factor };
  return {
    mediaType: 'image/webp',
    bytes: await sharpOf(picture)
      .resize({ ...size, kernel: 'cubic' })
      .webp({ quality: 70, effort: 1 })
      .toBuffer(),
  };
}

/** Scales a picture to a size, whatever its proportions. */
export async function resizePicture(picture: RgbPicture, size: { readonly width: number; readonly height: number }): Promise<RgbPicture> {
  return rgbOf(sharpOf(picture).resize({ ...size, fit: 'fill', kernel: 'lanczos3' }));
}

/** Whether two pictures of one size are the same in every pixel. */
export function samePixels(a: RgbPicture, b: RgbPicture): boolean {
  return Buffer.compare(a.data, b.data) === 0;
}

/** A picture as sharp takes it. */
export function sharpOf(picture: RgbPicture): Sharp {
  return sharp(picture.data, { raw: { width: picture.width, height: picture.height, channels: 3 } });
}

/**
 * A picture file as sharp takes it. The milder levels 'truncated' and 'error' let a JPEG pass whose middle is missing: its decoder only warns, and paints
 * the rest grey. What its decoder warns of without need is mended before.
 */
export function opened(bytes: Uint8Array): Sharp {
  return sharp(isJpeg(bytes) ? mendJpeg(bytes) : bytes, { failOn: 'warning', limitInputPixels: limits.picturePixels });
}

const isJpeg = (bytes: Uint8Array) => bytes[0] === 0xff && bytes[1] === 0xd8;

/** Bytes behind the last pixel of a scan are found by the decoder alone, which names their number and the marker that follows. */
const strayBehindScan = /(\d+) extraneous bytes before marker 0x([0-9a-f]{2})/;
const mostTries = 8;

async function decoded(bytes: Uint8Array, prepare: (image: Sharp) => Sharp): Promise<RgbPicture> {
  let current: Uint8Array = bytes;
  for (let tries = 1; ; tries++) {
    try {
      return await rgbOf(prepare(opened(current)));
    } catch (cause) {
      const stray = cause instanceof AtelierError && isJpeg(bytes) ? strayBehindScan.exec(cause.message) : null;
      const shorter = stray && tries < mostTries ? dropBehindScan(mendJpeg(current), Number(stray[1]), Number.parseInt(stray[2] as string, 16)) : undefined;
      if (shorter === undefined) throw cause;
      current = shorter;
    }
  }
}

async function rgbOf(image: Sharp): Promise<RgbPicture> {
  const pipeline = image.flatten({ background: transparentBecomes }).toColourspace('srgb').removeAlpha().raw({ depth: 'uchar' });
  const { data, info } = await pipeline.toBuffer({ resolveWithObject: true }).catch(refuseDamaged);
  return { width: info.width, height: info.height, data: info.channels === 3 ? data : spreadGrey(data) };
}

function spreadGrey(grey: Uint8Array): Uint8Array {
  const data = new Uint8Array(grey.length * 3);
  for (const [pixel, value] of grey.entries()) data.fill(value, pixel * 3, pixel * 3 + 3);
  return data;
}

function refuseDamaged(cause: unknown): never {
  const reason = cause instanceof Error ? cause.message.split('\n')[0] : 'no reason given';
  if (reason?.includes('exceeds pixel limit')) throw tooLarge(`The image has more than ${limits.picturePixels} pixels.`);
  throw new AtelierError('damaged-media', `The image is incomplete or damaged (${reason}).`, {
    hint: 'Copy or export the file again; it may have been cut off on its way.',
    cause,
  });
}

function tooLarge(message: string): AtelierError {
  return new AtelierError('too-large', message, { hint: 'Scale the image down first.' });
}
