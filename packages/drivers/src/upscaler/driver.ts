import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { encodePng, encodeTransparentPng, inspectPicture, type RgbPicture, readTransparentPicture, resizeAlpha } from '@atelier/media';
import { AtelierError, limits } from '@atelier/protocol';
import { z } from 'zod';
import type { Driver, StepRequest, StepResult } from '../driver.ts';
import { openOnnxSession } from '../onnx/index.ts';
import { inputFile, readOptions, refuseTask } from '../step-files.ts';
import { spreadColours } from './alpha.ts';
import { enlargePicture } from './enlarge.ts';
import { openUpscalingNetwork, type UpscalingNetwork } from './network.ts';
import type { Tiling } from './tiles.ts';

/** What a manifest may say. */
const Options = z
  .object({
    /** The network among the model's files: batch x 3 x height x width in, the same out and larger. */
    graph: z.string().default('model.onnx'),
    /** What its pixels are for white. */
    white: z.union([z.literal(1), z.literal(255)]).default(1),
    /** The side of the squares that a picture is cut into, in pixels. Memory grows with its square. */
    tile: z.int().min(48).max(2048).default(192),
    /** Pixels that neighbouring squares share. */
    overlap: z.int().min(3).max(256).default(32),
  })
  .strict()
  .refine(({ tile, overlap }) => tile >= 3 * overlap || overlap <= 16, { path: ['overlap'], message: 'at most a third of the tile' });

const bandPixels = 16 * 1024 ** 2;

/** Makes pictures larger with a network in ONNX. */
export const onnxUpscaler: Driver = {
  name: 'onnx-upscaler',
  async load({ manifest, folder }, { threads }) {
    const options = readOptions(Options, manifest);
    const session = await openOnnxSession(join(folder, options.graph), { threads });
    try {
      const network = await openUpscalingNetwork(session, options.white, manifest);
      return {
        run: (request) => upscale(network, { width: options.tile, height: options.tile, overlap: options.overlap, bandPixels }, request),
        close: () => session.close(),
      };
    } catch (error) {
      await session.close();
      throw error;
    }
  },
  async describeDevice() {
    return { device: 'cpu', reason: 'Networks that enlarge images run on the processor in this release.' };
  },
};

async function upscale(network: UpscalingNetwork, tiling: Tiling, request: StepRequest): Promise<StepResult> {
  if (request.task.name !== 'image-upscaling') refuseTask('onnx-upscaler', request.task.name);
  const factor = Number(request.parameters.factor);
  const bytes = await readFile(inputFile(request, 'image').path);
  refuseTooLarge(await inspectPicture(bytes), factor);
  const { picture, alpha } = await readTransparentPicture(bytes);
  const source = alpha === undefined ? picture : spreadColours(picture, alpha);
  const onShare = (share: number) => request.report.progress(0.97 * share, `${Math.round(100 * share)} % of the image`);
  const large = await enlargePicture(source, factor, network, tiling, onShare);
  const path = join(request.outFolder, 'picture.png');
  await writeFile(path, alpha === undefined ? await encodePng(large) : await encodeTransparentPng(large, await resizeAlpha(alpha, picture, large)));
  request.report.progress(1, 'done');
  return { image: [{ path, mediaType: 'image/png' }] };
}

/** @throws AtelierError `too-large`, before anything is decoded */
function refuseTooLarge({ width, height }: Pick<RgbPicture, 'width' | 'height'>, factor: number): void {
  if (width * height * factor ** 2 <= limits.picturePixels) return;
  const fitting = Math.floor(Math.sqrt(limits.picturePixels / (width * height)));
  throw new AtelierError(
    'too-large',
    `${factor} times ${width} x ${height} is ${width * factor} x ${height * factor} pixels; at most ${limits.picturePixels} together are drawn.`,
    {
      hint: fitting >= 2 ? `Take a factor of at most ${fitting}, or scale the image down first.` : 'Scale the image down first.',
    },
  );
}
