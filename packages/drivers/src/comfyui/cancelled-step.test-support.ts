/** Runs one step until it is told to end, as a slot does: `node cancelled-step.test-support.ts BASE_URL FOLDER`, with prompt.txt in the folder. */
import { join } from 'node:path';
import { findTask, ModelManifest, parseParameters } from '@atelier/protocol';
import { undisturbed } from '../controls.ts';
import { comfyui } from './driver.ts';
import { manifestFor } from './replay.test-support.ts';

const [url, folder] = process.argv.slice(2) as [string, string];
const task = findTask('text-to-image');
const model = await comfyui.load({ manifest: ModelManifest.parse(manifestFor(url)), folder }, { threads: 1 });
await model.run({
  task,
  shard: 0,
  parameters: parseParameters(task, {}),
  inputs: { prompt: [{ path: join(folder, 'prompt.txt'), mediaType: 'text/plain' }] },
  outFolder: folder,
  ...undisturbed(task),
  report: { progress: () => undefined, preview: () => undefined, text: () => undefined },
});
