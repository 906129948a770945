import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type DiffusionModel, drawText, type TextToImageRequest } from '@atelier/diffusion';
import { encodePng, encodePreview, floatsToPicture } from '@atelier/media';
import { AtelierError, seedsOfShard } from '@atelier/protocol';
import type { Driver, StepRequest, StepResult } from '../driver.ts';
import { openDiffusionFolder } from './model-folder.ts';

/** The parameters of text-to-image, which its own schema has validated and filled in. */
type Parameters = Omit<TextToImageRequest, 'prompt' | 'noise'>;

/** Draws pictures of texts with a model in the diffusers folder layout. */
export const onnxDiffusion: Driver = {
  name: 'onnx-diffusion',
  async load({ folder }, { threads }) {
    const { model, close } = await openDiffusionFolder(folder, { threads, begins: 'from-noise' });
    return { run: (request) => draw(model, request), close };
  },
  describeDevice: describeCpu,
};

/** Diffusion models run on the processor, which every machine has and which gives the same bytes each time. */
export async function describeCpu(): Promise<{ device: string; reason: string }> {
  return {
    device: 'cpu',
    reason: 'ONNX Runtime comes from the registry without CUDA; its WebGPU part is not used, as its results differ between graphics drivers.',
  };
}

async function draw(model: DiffusionModel, { task, shard, parameters, inputs, outFolder, report }: StepRequest): Promise<StepResult> {
  if (task.name !== 'text-to-image') throw new AtelierError('unknown-task', `The driver onnx-diffusion does not do ${task.name}.`);
  const prompt = inputs.prompt?.[0];
  if (prompt === undefined) throw new AtelierError('invalid-input', 'text-to-image needs a prompt.');
  const given = parameters as unknown as Omit<Parameters, 'scheduler'> & { readonly scheduler: Parameters['scheduler'] | 'auto' };
  const scheduler = given.scheduler === 'auto' ? 'ddim' : given.scheduler;
  const request: TextToImageRequest = { ...given, scheduler, ...seedsOfShard(parameters, shard), prompt: await readFile(prompt.path, 'utf8') };
  const previews: Promise<void>[] = [];
  const { picture } = await drawText(model, request, {
    onStep: (done, steps) => report.progress((0.98 * done) / steps, `step ${done} of ${steps}`),
    onPreview: (rough) => {
      previews.push(encodePreview(rough).then(({ mediaType, bytes }) => report.preview(mediaType, bytes)));
    },
  });
  await Promise.all(previews);
  const [, , height = 0, width = 0] = picture.shape;
  const path = join(outFolder, 'picture.png');
  await writeFile(path, await encodePng(floatsToPicture(picture.data, width, height)));
  return { image: [{ path, mediaType: 'image/png' }] };
}
