import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { animatePicture, cameraView, type DiffusionModel, floatTensor, type PlanarPicture, pictureSize, stillestFirst, viewPicture } from '@atelier/diffusion';
import { encodeFilm, encodePreview, filmSize, floatsToPicture, pictureToFloats, readPictureCovering } from '@atelier/media';
import { AtelierError, imageToVideo, type ParametersOf, parametersOf } from '@atelier/protocol';
import type { Driver, StepRequest, StepResult } from '../driver.ts';
import { chooseDevice, describeDevice } from '../onnx/index.ts';
import { openDiffusionFolder } from '../onnx-diffusion/index.ts';

type Parameters = ParametersOf<typeof imageToVideo>;

/** Brings a picture to life as a short film without a seam. */
export const motion: Driver = {
  name: 'motion',
  async load({ folder }, { threads }) {
    const { device } = await chooseDevice(undefined);
    const { model, close } = await openDiffusionFolder(folder, { threads, device });
    return { run: (request) => film(model, request), close };
  },
  describeDevice: () => describeDevice(),
};

/** The share of the time that drawing takes, before the frames are enlarged and encoded. */
const drawingShare = 0.75;
const framesPerPreview = 4;

async function film(model: DiffusionModel, request: StepRequest): Promise<StepResult> {
  const parameters = parametersOf(request, imageToVideo);
  const frames = stillestFirst(await drawFrames(model, parameters, request));
  const { mediaType, bytes } = await encodeFrames(frames, parameters, request);
  const path = join(request.outFolder, `film.${parameters.format}`);
  await writeFile(path, bytes);
  return { video: [{ path, mediaType }] };
}

async function drawFrames(model: DiffusionModel, parameters: Parameters, { inputs, report }: StepRequest): Promise<PlanarPicture[]> {
  const source = inputs.image?.[0];
  if (source === undefined) throw new AtelierError('invalid-input', 'image-to-video needs an image.');
  const prompt = inputs.prompt?.[0];
  const text = prompt === undefined ? '' : (await readFile(prompt.path, 'utf8')).trim();
  const size = await pictureSize(model, {});
  const picture = await readPictureCovering(await readFile(source.path), size);
  const tensor = floatTensor([1, 3, size.height, size.width], pictureToFloats(picture));
  const onStep = (share: number) => report.progress(share * drawingShare, `frame ${Math.ceil(share * parameters.frames)} of ${parameters.frames}`);
  const frames: PlanarPicture[] = [];
  for await (const { data } of animatePicture(
    model,
    tensor,
    { ...parameters, seed: parameters.seed ?? 0, prompt: text === '' ? undefined : text, scheduler: 'ddim' },
    onStep,
  )) {
    if (frames.length % framesPerPreview === 0) {
      const { mediaType, bytes } = await encodePreview(floatsToPicture(data, size.width, size.height));
      report.preview(mediaType, bytes);
    }
    frames.push({ ...size, data });
  }
  return frames;
}

/** Enlarges the frames as the camera goes; the result is an animated picture or an MP4. */
async function encodeFrames(frames: readonly PlanarPicture[], { camera, format, framesPerSecond }: Parameters, { report }: StepRequest) {
  const size = filmSize(frames[0] as PlanarPicture);
  const views = frames.map((frame, index) => {
    const seen = viewPicture(frame, cameraView(camera, (2 * Math.PI * index) / frames.length), size);
    return floatsToPicture(seen.data, seen.width, seen.height);
  });
  report.progress(drawingShare + 0.1, `encoding ${frames.length} frames`);
  return encodeFilm(views, { format, framesPerSecond });
}
