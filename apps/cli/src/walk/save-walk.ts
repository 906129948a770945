import { mkdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { AtelierClient } from '@atelier/client';
import { AtelierError, type OutputView, type RunView } from '@atelier/protocol';
import { endingOf } from '../run/media-types.ts';
import { saveOutput, saveResponse } from '../run/save-file.ts';
import { filmStep, walkStep } from './walk-chain.ts';
import type { WalkTarget } from './walk-target.ts';

/** What was written: how many files where, and their bytes. */
export interface SavedWalk {
  readonly path: string;
  readonly files: number;
  readonly sizeBytes: number;
}

/**
 * Writes what came of a walk to where it was asked for: the film, the frames as a zip, or each frame as a file, `frame-0001.png` and so on.
 * @throws AtelierError `not-found` if the run has no such result, `disk-full`
 */
export async function saveWalk(client: AtelierClient, run: RunView, target: WalkTarget): Promise<SavedWalk> {
  const { path } = target;
  await mkdir(target.kind === 'folder' ? path : dirname(path), { recursive: true });
  if (target.kind === 'zip') return { path, files: 1, sizeBytes: (await saveResponse(await client.downloadFrames(run.id, walkStep), path)).sizeBytes };
  if (target.kind === 'folder') return saveFrames(client, resultsOf(run, walkStep, 'frames'), path);
  const [film] = resultsOf(run, filmStep, 'video');
  return { path, files: 1, sizeBytes: (await saveOutput(client, film as OutputView, path)).sizeBytes };
}

async function saveFrames(client: AtelierClient, frames: readonly OutputView[], folder: string): Promise<SavedWalk> {
  let sizeBytes = 0;
  for (const [place, frame] of frames.entries()) {
    const file = join(folder, `frame-${String(place + 1).padStart(4, '0')}.${endingOf(frame.mediaType)}`);
    sizeBytes += (await saveOutput(client, frame, file)).sizeBytes;
  }
  return { path: folder, files: frames.length, sizeBytes };
}

function resultsOf(run: RunView, stepId: string, port: string): OutputView[] {
  const found = run.steps.find((step) => step.id === stepId)?.outputs.filter((output) => output.port === port) ?? [];
  if (found.length > 0) return found.sort((a, b) => a.index - b.index);
  throw new AtelierError('not-found', `Run ${run.id} has no ${port}.`, { hint: `Look at it with: atelier runs show ${run.id}` });
}
