/**
 * Measures loading, one run and memory of each starter model on one thread: the figures in the manifests.
 *
 *     node packages/drivers/bench/starter-models.ts STORE_FOLDER
 *
 * Each model has a process of its own. Seconds are those of the processor, so that other work on the machine does not count.
 * The run is the one that comes first; memory is what is resident after it (its peak stands beside). Reading from a cold disk is not measured.
 */
import { fork } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadCatalogue, starterModelsFolder } from '@atelier/models';
import { findTask, parseParameters } from '@atelier/protocol';
import { drivers, type MediaFile } from '../src/index.ts';

const [store = '', id] = process.argv.slice(2);
const { entries } = await loadCatalogue();

if (id === undefined) {
  for (const name of entries.keys()) {
    await new Promise((resolve) =>
      fork(import.meta.filename, [store, name], { silent: true })
        .on('message', console.log)
        .once('exit', resolve),
    );
  }
} else {
  const manifest = entries.get(id)?.manifest;
  if (!manifest) throw new Error(`There is no ${id}.`);
  const seconds = () => (process.cpuUsage().user + process.cpuUsage().system) / 1e6;
  const outFolder = await mkdtemp(join(tmpdir(), 'atelier-measure-'));
  const before = { seconds: seconds(), memory: process.memoryUsage().rss };
  const driver = await drivers[manifest.driver]?.();
  const model = await driver?.load({ manifest, folder: join(store, id) }, { threads: 1 });
  const loaded = seconds();
  const task = findTask(manifest.tasks[0] as string);
  const report = { progress: () => undefined, preview: () => undefined, text: () => undefined };
  await model?.run({
    task,
    parameters: parseParameters(task, { ...('seed' in task.parameters.shape ? { seed: 1 } : {}) }),
    inputs: { ...inputsOf(task.name) },
    outFolder,
    report,
  });
  const { rss } = process.memoryUsage();
  process.send?.({
    id,
    loadSeconds: loaded - before.seconds,
    runSeconds: seconds() - loaded,
    megabytes: rss / 1e6,
    peakMegabytes: process.resourceUsage().maxRSS / 1e3,
    emptyProcess: before.memory / 1e6,
  });
  await model?.close();
  await rm(outFolder, { recursive: true });
  process.disconnect?.();
}

function inputsOf(task: string): Record<string, MediaFile[]> {
  const file = (path: string, mediaType: string) => [{ path: join(starterModelsFolder, '..', path), mediaType }];
  if (task === 'automatic-speech-recognition') return { audio: file('examples/audio/jfk.wav', 'audio/wav') };
  if (task === 'image-to-video') return { image: file('models/starter-diffusion/reference/apple.png', 'image/png') };
  return { prompt: file('packages/drivers/bench/prompt.txt', 'text/plain') };
}
