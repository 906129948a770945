/**
 * Every task that this release knows, one file each.
 * Not here: what runs a task (packages/drivers) or which models serve it (models/).
 * Begin with text-to-image.ts. Adding a task is adding a file and a line here, or calling {@link registerTask}.
 */
export { Keyframe, keyframeSeed, type WalkParameters } from './latent-walk.ts';
export { schedulerNames, seedsOfShard } from './picture-parameters.ts';
export { coarseToFine, ease, type FramePlace, framePlace, segmentFrames, type WalkTiming } from './walk-frames.ts';

export { framesToVideo, imageToImage, imageToVideo, inpainting, latentWalk, textGeneration, textToImage };

import { AtelierError } from '../errors.ts';
import type { TaskDeclaration } from '../task.ts';
import { automaticSpeechRecognition } from './automatic-speech-recognition.ts';
import { framesToVideo } from './frames-to-video.ts';
import { imageToImage } from './image-to-image.ts';
import { imageToVideo } from './image-to-video.ts';
import { imageUpscaling } from './image-upscaling.ts';
import { inpainting } from './inpainting.ts';
import { latentWalk } from './latent-walk.ts';
import { textGeneration } from './text-generation.ts';
import { textToImage } from './text-to-image.ts';

const registry = new Map<string, TaskDeclaration>();

/** Makes a task known to API, CLI, studio and planner of this process. @throws AtelierError `conflict` if the name is taken */
export function registerTask(task: TaskDeclaration): TaskDeclaration {
  if (registry.has(task.name)) throw new AtelierError('conflict', `A task named ${task.name} is declared already.`);
  registry.set(task.name, task);
  return task;
}

const tasks = [automaticSpeechRecognition, textGeneration, textToImage, imageToImage, inpainting, imageUpscaling, imageToVideo, latentWalk, framesToVideo];
for (const task of tasks) registerTask(task);

/** All declared tasks, in the order in which they were declared. */
export function listTasks(): TaskDeclaration[] {
  return [...registry.values()];
}

/** The task that a name or an older system's words mean. @throws AtelierError `unknown-task` */
export function findTask(nameOrWords: string): TaskDeclaration {
  const task = registry.get(nameOrWords.trim()) ?? listTasks().find((candidate) => isCalled(candidate, nameOrWords));
  if (task) return task;
  throw new AtelierError('unknown-task', `There is no task "${nameOrWords.trim()}".`, {
    hint: `Tasks are: ${listTasks()
      .map((known) => known.name)
      .join(', ')}.`,
  });
}

function isCalled(task: TaskDeclaration, words: string): boolean {
  const wanted = normalise(words);
  return normalise(task.name) === wanted || task.seedWords.some((seedWords) => normalise(seedWords) === wanted);
}

const normalise = (words: string) =>
  words
    .trim()
    .toLowerCase()
    .replaceAll(/[\s_-]+/g, ' ');
