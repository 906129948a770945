import { encodePng, inspectPicture, readMask, readPicture, readTransparentPicture } from '@atelier/media';
import { AtelierError, limits } from '@atelier/protocol';

/**
 * The mask of an edit as a task reads masks, white for what is drawn again, from one as OpenAI's API takes it: what is transparent is drawn
 * again. Without a mask, a transparent part of the picture itself is the hole. A mask without transparency is read as black and white.
 * @returns PNG; undefined if there is neither a mask nor a hole, so that the whole picture is drawn again
 * @throws AtelierError as `readMask`, `too-large`
 */
export async function editMask(picture: Uint8Array, mask: Uint8Array | undefined): Promise<Uint8Array | undefined> {
  for (const bytes of mask ? [picture, mask] : [picture]) await checkSize(bytes);
  if (!mask && (await readTransparentPicture(picture)).alpha === undefined) return undefined;
  return encodePng(await readMask(mask ?? picture, await readPicture(picture), { transparency: 'drawn' }));
}

async function checkSize(bytes: Uint8Array): Promise<void> {
  const { width, height } = await inspectPicture(bytes);
  const most = limits.pictureSideMost;
  if (width <= most && height <= most) return;
  throw new AtelierError('too-large', `The image has ${width} x ${height} pixels; at most ${most} x ${most} are edited here.`, {
    hint: 'Make it smaller first.',
  });
}
