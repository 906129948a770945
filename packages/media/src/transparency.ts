import sharp from 'sharp';
import { inspectPicture, opened, type RgbPicture, readPicture } from './picture.ts';

/** A picture and how much of each pixel can be seen: 0 is nothing, 255 all. */
export interface TransparentPicture {
  readonly picture: RgbPicture;
  /** One value a pixel; undefined if all of it can be seen. */
  readonly alpha: Uint8Array | undefined;
}

/**
 * Reads a picture without flattening it: colours are those of the file, also where nothing can be seen of them.
 * @throws AtelierError as {@link readPicture}
 */
export async function readTransparentPicture(bytes: Uint8Array): Promise<TransparentPicture> {
  await inspectPicture(bytes);
  const flattened = async () => ({ picture: await readPicture(bytes), alpha: undefined });
  const { isOpaque } = (await opened(bytes).metadata()).hasAlpha ? await opened(bytes).stats() : { isOpaque: true };
  if (isOpaque) return flattened();
  const { data, info } = await opened(bytes).autoOrient().toColourspace('srgb').ensureAlpha().raw({ depth: 'uchar' }).toBuffer({ resolveWithObject: true });
  if (info.channels !== 4) return flattened();
  const alpha = new Uint8Array(info.width * info.height);
  const colours = new Uint8Array(3 * alpha.length);
  for (let pixel = 0; pixel < alpha.length; pixel++) {
    colours.set(data.subarray(4 * pixel, 4 * pixel + 3), 3 * pixel);
    alpha[pixel] = data[4 * pixel + 3] as number;
  }
  return { picture: { width: info.width, height: info.height, data: colours }, alpha };
}

/** Scales the values of a picture's pixels to another size of it. */
export async function resizeAlpha(
  alpha: Uint8Array,
  from: { readonly width: number; readonly height: number },
  to: { readonly width: number; readonly height: number },
): Promise<Uint8Array> {
  const image = sharp(alpha, { raw: { width: from.width, height: from.height, channels: 1 } });
  return image.resize(to.width, to.height, { fit: 'fill', kernel: 'lanczos3' }).extractChannel(0).raw().toBuffer();
}

/** PNG bytes of a picture with its alpha. */
export async function encodeTransparentPng({ width, height, data }: RgbPicture, alpha: Uint8Array): Promise<Uint8Array> {
  const image = sharp(data, { raw: { width, height, channels: 3 } }).joinChannel(Buffer.from(alpha), { raw: { width, height, channels: 1 } });
  return image.png({ compressionLevel: 9, adaptiveFiltering: true, palette: false }).toBuffer();
}
