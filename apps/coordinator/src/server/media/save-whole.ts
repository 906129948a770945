import { readFile, writeFile } from 'node:fs/promises';
import { decodeAudio, encodeWav } from '@atelier/media';
import { AtelierError } from '@atelier/protocol';

/** Samples a second: more than any recogniser hears, and half an hour of two channels still fits. */
const sampleRate = 24_000;

/**
 * Writes what is whole of a recording as a WAV of one channel, also of one that is refused as incomplete.
 * @param out a file that must not exist yet
 * @returns its seconds
 * @throws AtelierError `invalid-input` if a file cannot be read or written; why nothing of it can be read
 */
export async function saveWhole(file: string, out: string): Promise<number> {
  const bytes = await readFile(file).catch((cause: unknown) => refuse(`${file} cannot be read.`, 'Look at the path.', cause));
  const sound = await decodeAudio(bytes, sampleRate, { takesCut: true });
  const writing = writeFile(out, encodeWav(sound), { flag: 'wx' });
  await writing.catch((cause: unknown) => refuse(`${out} cannot be written, or exists already.`, 'Name another file.', cause));
  return sound.samples.length / sampleRate;
}

function refuse(message: string, hint: string, cause: unknown): never {
  throw new AtelierError('invalid-input', message, { hint, cause });
}
