import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { floatTensor, type PictureSize, type WalkPicture, type WalkPoint } from '@atelier/diffusion';
import { pictureToFloats, readPictureCovering } from '@atelier/media';
import { AtelierError, keyframeSeed, type WalkParameters } from '@atelier/protocol';
import type { MediaFile, StepRequest } from '../driver.ts';
import { readText } from '../step-files.ts';
import { fileKey, type WalkFiles } from './walk-memory.ts';

type Inputs = StepRequest['inputs'];

/**
 * Looks whether everything that keyframes name is there.
 * @param modelId of the model that runs; undefined if that is not known
 * @throws AtelierError `invalid-input` naming the keyframe
 */
export function checkKeyframes({ keyframes }: WalkParameters, inputs: Inputs, modelId: string | undefined): void {
  for (const [index, { text, picture, model }] of keyframes.entries()) {
    requireGiven(index, 'text', text, inputs.prompts);
    requireGiven(index, 'image', picture, inputs.pictures);
    if (model === undefined || modelId === undefined || model === modelId) continue;
    throw new AtelierError('invalid-input', `Keyframe ${index + 1} was found with the model ${model}, but ${modelId} draws this walk: their latents differ.`, {
      hint: `Set the model of the step to ${model}, or take the wish for a model off the keyframe.`,
    });
  }
}

function requireGiven(index: number, kind: 'text' | 'image', number: number | undefined, given: readonly MediaFile[] = []): void {
  if (number === undefined || number < given.length) return;
  const there = given.length === 0 ? `no ${kind} was given` : `only ${given.length === 1 ? `one ${kind} was` : `${given.length} ${kind}s were`} given`;
  throw new AtelierError('invalid-input', `Keyframe ${index + 1} names ${kind} number ${number}, but ${there}.`, {
    hint: `Numbers count from 0. Wire a further value to "${kind === 'text' ? 'prompts' : 'pictures'}", or change the keyframe.`,
  });
}

/**
 * A keyframe with what it names. A picture of any size is cut to cover the size that is drawn.
 * @throws AtelierError as reading texts and pictures does, naming the keyframe
 */
export async function walkPoint(memory: WalkFiles, walk: WalkParameters, index: number, inputs: Inputs, size: PictureSize): Promise<WalkPoint> {
  const keyframe = walk.keyframes[index];
  const text = keyframe?.text === undefined ? undefined : inputs.prompts?.[keyframe.text];
  const picture = keyframe?.picture === undefined ? undefined : inputs.pictures?.[keyframe.picture];
  try {
    return {
      prompt: text ? (await readText(text, `text ${keyframe?.text}`)).trim() : (keyframe?.prompt ?? ''),
      seed: walk.noise === 'same' ? (walk.seed ?? 0) : keyframeSeed(walk, index),
      picture: picture && (await readPicture(memory, picture, size)),
    };
  } catch (thrown) {
    const { code, message, hint } = AtelierError.from(thrown);
    throw new AtelierError(code, `Keyframe ${index + 1}: ${message}`, { hint, cause: thrown });
  }
}

async function readPicture({ pictures }: WalkFiles, file: MediaFile, size: PictureSize): Promise<WalkPicture> {
  return pictures.get(`${await fileKey(file)} ${size.width} ${size.height}`, async () => {
    const covering = await readPictureCovering(await readFile(file.path), size);
    const key = createHash('sha256').update(`${size.width} ${size.height} `).update(covering.data).digest('hex');
    return { key, pixels: floatTensor([1, 3, size.height, size.width], pictureToFloats(covering)) };
  });
}
