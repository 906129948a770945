import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type DiffusionModel, drawWalkFrame, losesTail, pictureSize } from '@atelier/diffusion';
import { encodePng, floatsToPicture } from '@atelier/media';
import { framePlace, latentWalk, parametersOf } from '@atelier/protocol';
import type { StepReport, StepRequest, StepResult } from '../driver.ts';
import { watchDrawing } from './picture-step.ts';
import { checkKeyframes, walkPoint } from './walk-keyframes.ts';
import { walkMemoryOf } from './walk-memory.ts';
import { pacedBy } from './walk-track.ts';

/**
 * Draws the frame of a walk that the request's shard names, as `frames` with one PNG.
 * @param modelId of the model that runs: keyframes that were found with another are refused
 * @throws AtelierError `invalid-input` naming the keyframe that asks for what was not given
 */
export async function runWalkFrame(model: DiffusionModel, request: StepRequest, modelId: string | undefined): Promise<StepResult> {
  const walk = parametersOf(request, latentWalk);
  checkKeyframes(walk, request.inputs, modelId);
  const memory = walkMemoryOf(model);
  const frame = await pacedBy(memory, walk, request.shard, request.inputs.audio?.[0]);
  const { from, to, share } = framePlace(walk, frame);
  const size = await pictureSize(model, walk);
  const points = await Promise.all([from, to].map((index) => walkPoint(memory, walk, index, request.inputs, size)));
  const [start, end] = points as [(typeof points)[number], (typeof points)[number]];
  const report = framed(request.report, `frame ${request.shard + 1} of ${walk.frames}`);
  for (const { prompt } of points) if (await losesTail(model, prompt)) report.progress(0, 'a prompt is longer than this model reads; its end is left out');
  const { watcher, finished } = watchDrawing(report);
  const onInvert = () => report.progress(0, 'looking for the noise of an image');
  const { textPath, ...drawing } = walk;
  const { picture } = await drawWalkFrame(model, memory.walk, { ...drawing, from: start, to: end, share, textPath }, { ...watcher, onInvert });
  await finished();
  const path = join(request.outFolder, 'frame.png');
  await writeFile(path, await encodePng(floatsToPicture(picture.data, size.width, size.height)));
  return { frames: [{ path, mediaType: 'image/png' }] };
}

/** Says with every message which frame it is about. */
function framed(report: StepReport, frame: string): StepReport {
  return {
    progress: (fraction, message) => report.progress(fraction, message === undefined ? frame : `${frame}: ${message}`),
    preview: (mediaType, bytes) => report.preview(mediaType, bytes),
    text: (delta) => report.text(delta),
  };
}
