import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type DiffusionModel, losesTail, type PictureRequest, type PictureWatcher } from '@atelier/diffusion';
import { encodePng, encodePreview, type RgbPicture } from '@atelier/media';
import { AtelierError, imageToImage, inpainting, type ParametersOf, parametersOf, seedsOfShard, textToImage } from '@atelier/protocol';
import type { StepReport, StepRequest, StepResult } from '../driver.ts';
import { inputText } from '../step-files.ts';

/**
 * What a pipeline is asked for, from a step: its parameters, its prompt and the seeds of its shard.
 * @throws AtelierError `invalid-input` if the prompt is missing
 */
export async function pictureRequest(model: DiffusionModel, request: StepRequest): Promise<PictureRequest> {
  const prompt = await inputText({ ...request, inputs: { prompt: firstOf(request, 'prompt') } }, 'prompt');
  const parameters = parametersOf(request, textToImage, imageToImage, inpainting);
  if (await losesTail(model, prompt)) request.report.progress(0, 'the prompt is longer than this model reads; its end is left out');
  const { variationStrength = 0 } = parameters as Partial<ParametersOf<typeof textToImage>>;
  return { ...parameters, ...seedsOfShard(request.parameters, request.shard), variationStrength, prompt };
}

/** A port that takes one value takes the first of several. */
function firstOf(request: StepRequest, port: string) {
  return (request.inputs[port] ?? []).slice(0, 1);
}

/** The bytes of a picture that a step begins with. @throws AtelierError `invalid-input` if it is missing */
export async function inputPicture(request: StepRequest, port: string): Promise<Uint8Array> {
  const [file] = firstOf(request, port);
  if (file !== undefined) return readFile(file.path);
  throw new AtelierError('invalid-input', `${request.task.name} needs an image for "${port}".`, {
    hint: `Give it with --input, or connect a step's output to it.`,
  });
}

/** Tells of steps and previews; `finished` waits until the last preview is told. */
export function watchDrawing(report: StepReport): { readonly watcher: PictureWatcher; finished(): Promise<void> } {
  const previews: Promise<void>[] = [];
  const watcher: PictureWatcher = {
    onStep: (done, steps) => report.progress((0.98 * done) / steps, `step ${done} of ${steps}`),
    onPreview: (rough) => {
      previews.push(encodePreview(rough).then(({ mediaType, bytes }) => report.preview(mediaType, bytes)));
    },
  };
  return {
    watcher,
    finished: async () => {
      await Promise.all(previews);
    },
  };
}

/** Writes the picture that a step drew. */
export async function pictureResult(request: StepRequest, picture: RgbPicture): Promise<StepResult> {
  const path = join(request.outFolder, 'picture.png');
  await writeFile(path, await encodePng(picture));
  return { image: [{ path, mediaType: 'image/png' }] };
}
