/** The process that reads files from outside: one question at a time, asked by its parent. */
import { readFile, stat } from 'node:fs/promises';
import { Worker } from 'node:worker_threads';
import { guarded, stderrLog } from '@atelier/background';
import { encodePicture, encodePreview, inspectPicture, kindOfFile, measureAudio, readPicture, readPictureCovering, resizePicture } from '@atelier/media';
import { AtelierError, limits } from '@atelier/protocol';
import { editMask } from './edit-mask.ts';
import type { MediaAnswer, MediaQuestion, WantedPicture } from './messages.ts';

/** Decoding may keep this thread busy for as long as it likes, so another one watches; nothing is read before it does. */
const watch = new Worker(new URL('./media-watch.ts', import.meta.url), { workerData: { mostBytes: Number(process.argv[2]) } });
const watching = new Promise((resolve) => watch.once('message', resolve));
watch.unref();

async function inspect(file: string, sniffed: string): Promise<MediaAnswer> {
  if (sniffed.startsWith('image/')) {
    await refuseOver(file, limits.pictureBytes, 'image');
    const { width, height } = await readPicture(await readFile(file));
    return { kind: 'inspect', mediaType: sniffed, dimensions: { width, height } };
  }
  const mediaType = await kindOfFile(file, sniffed);
  if (!mediaType.startsWith('audio/')) return { kind: 'inspect', mediaType, dimensions: null };
  await refuseOver(file, limits.audioBytes, 'recording');
  return { kind: 'inspect', mediaType, dimensions: { seconds: await measureAudio(await readFile(file)) } };
}

async function refuseOver(file: string, most: number, what: string): Promise<void> {
  const { size } = await stat(file);
  if (size <= most) return;
  throw new AtelierError('too-large', `The ${what} has ${size} bytes; at most ${most} are taken.`, { hint: 'Give a shorter or smaller one.' });
}

async function shrink(file: string, side: number): Promise<MediaAnswer> {
  const picture = await readPicture(await readFile(file));
  const factor = Math.min(1, side / Math.max(picture.width, picture.height));
  const size = { width: Math.max(1, Math.round(picture.width * factor)), height: Math.max(1, Math.round(picture.height * factor)) };
  const small = factor < 1 ? await resizePicture(picture, size) : picture;
  return { kind: 'shrink', bytes: (await encodePreview(small, 1)).bytes };
}

async function mask(file: string, given: string | undefined): Promise<MediaAnswer> {
  return { kind: 'mask', bytes: await editMask(await readFile(file), given === undefined ? undefined : await readFile(given)) };
}

async function fit(file: string, wanted: WantedPicture): Promise<MediaAnswer> {
  const bytes = await readFile(file);
  const { width, height, mediaType } = await inspectPicture(bytes);
  const own = { width, height };
  const size = wanted.size ?? own;
  const isSo = size.width === width && size.height === height && mediaType === wanted.mediaType;
  return { kind: 'fit', size: own, bytes: isSo ? undefined : await encodePicture(await readPictureCovering(bytes, size), wanted) };
}

function find(question: MediaQuestion): Promise<MediaAnswer> {
  switch (question.kind) {
    case 'inspect':
      return inspect(question.file, question.mediaType);
    case 'shrink':
      return shrink(question.file, question.side);
    case 'mask':
      return mask(question.file, question.mask);
    case 'fit':
      return fit(question.file, question.wanted);
  }
}

async function answer(question: MediaQuestion): Promise<MediaAnswer> {
  try {
    return await find(question);
  } catch (thrown) {
    return { kind: 'error', error: AtelierError.from(thrown).toJSON() };
  }
}

const reply = async (question: MediaQuestion) => {
  await watching;
  process.send?.(await answer(question));
};
process.on('message', guarded(stderrLog, 'A question could not be answered', reply));
process.on('disconnect', () => process.exit());
// Ctrl-C in a terminal reaches every process; this one ends when its parent has no more use for it.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => undefined);
