import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type CameraName, cameraView, viewPicture } from '@atelier/diffusion';
import {
  type FilmWriter,
  filmSize,
  floatsToPicture,
  openFilmWriter,
  pictureToFloats,
  type RgbPicture,
  readPicture,
  resizePicture,
  sampleNumbers,
} from '@atelier/media';
import { AtelierError, framesToVideo, type ParametersOf, parametersOf } from '@atelier/protocol';
import type { Driver, MediaFile, StepRequest, StepResult } from '../driver.ts';

type Parameters = ParametersOf<typeof framesToVideo>;

interface Size {
  readonly width: number;
  readonly height: number;
}

/** Makes films of frames. It has no weights: what it knows is code. */
export const media: Driver = {
  name: 'media',
  async load() {
    return { run: film, close: async () => undefined };
  },
  async describeDevice() {
    return { device: 'cpu', reason: 'Videos are encoded in WebAssembly and by libvips, the same on every machine.' };
  },
};

/** Reads one frame at a time, so that a film may be of any length. */
async function film(request: StepRequest): Promise<StepResult> {
  const frames = request.inputs.frames ?? [];
  if (frames.length === 0)
    throw new AtelierError('invalid-input', 'frames-to-video needs at least one frame.', { hint: 'Connect the frames of a walk to it, or upload images.' });
  const parameters = parametersOf(request, framesToVideo);
  const { format, framesPerSecond } = parameters;
  const first = await readFrame(frames, 0);
  const size = sizeOfFilm(first, parameters);
  const path = join(request.outFolder, `film.${format}`);
  const writer = await openFilmWriter(path, { format, framesPerSecond, ...size, sample: () => sampled(frames) });
  try {
    await addAll(writer, frames, first, { ...parameters, size, report: request.report });
  } catch (error) {
    await writer.discard();
    throw error;
  }
  await writer.close();
  request.report.progress(1, 'done');
  return { video: [{ path, mediaType: writer.mediaType }] };
}

async function addAll(
  writer: FilmWriter,
  frames: readonly MediaFile[],
  first: Size,
  { camera, thereAndBack, size, report }: Parameters & { size: Size; report: StepRequest['report'] },
): Promise<void> {
  const order = shownOrder(frames.length, thereAndBack);
  for (const [place, number] of order.entries()) {
    const frame = await readFrame(frames, number);
    if (frame.width !== first.width || frame.height !== first.height) throw misfit(number, frame, first);
    await writer.add(await seenBy(camera, (2 * Math.PI * place) / order.length, frame, size));
    report.progress((0.99 * (place + 1)) / order.length, `frame ${place + 1} of ${order.length}`);
  }
}

/** The numbers of the frames as they are shown; on the way back neither end is shown twice. */
function shownOrder(count: number, thereAndBack: boolean): number[] {
  const there = Array.from({ length: count }, (_, number) => number);
  return thereAndBack ? [...there, ...there.slice(1, -1).reverse()] : there;
}

function sizeOfFilm(frame: Size, { enlarge, format }: Parameters): Size {
  if (enlarge) return filmSize(frame);
  const step = format === 'mp4' ? 2 : 1;
  return { width: step * Math.ceil(frame.width / step), height: step * Math.ceil(frame.height / step) };
}

async function seenBy(camera: CameraName, angle: number, frame: RgbPicture, size: Size): Promise<RgbPicture> {
  if (camera !== 'still') {
    const seen = viewPicture({ ...frame, data: pictureToFloats(frame) }, cameraView(camera, angle), size);
    return floatsToPicture(seen.data, seen.width, seen.height);
  }
  return frame.width === size.width && frame.height === size.height ? frame : resizePicture(frame, size);
}

async function* sampled(frames: readonly MediaFile[]): AsyncGenerator<RgbPicture> {
  for (const number of sampleNumbers(frames.length)) yield readFrame(frames, number);
}

async function readFrame(frames: readonly MediaFile[], number: number): Promise<RgbPicture> {
  try {
    return await readPicture(await readFile((frames[number] as MediaFile).path));
  } catch (thrown) {
    const error = AtelierError.from(thrown);
    throw new AtelierError(error.code, `Frame ${number + 1}: ${error.message}`, { hint: error.hint, cause: thrown });
  }
}

function misfit(number: number, frame: Size, first: Size): AtelierError {
  return new AtelierError(
    'invalid-input',
    `Frame ${number + 1} has ${frame.width} x ${frame.height} pixels, and the first ${first.width} x ${first.height}; a video needs frames of one size.`,
    { hint: `Scale frame ${number + 1} to ${first.width} x ${first.height}, or leave it out.` },
  );
}
