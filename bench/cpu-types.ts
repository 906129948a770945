/**
 * Whether a frame of a walk is the same picture on another type of processor: drawn here, and by an emulated one with other
 * vector instructions (qemu-user; Haswell has AVX2 and no AVX-512), each on one thread. Prints the greatest difference of any
 * channel of any pixel, of 255. Emulation is slow: minutes for a few steps.
 * Run it with Node 22.18 or newer: `node bench/cpu-types.ts [STEPS] [FRAME,FRAME] [CPU]`, with qemu-x86_64 on the path.
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readPicture } from '@atelier/media';
import { loadManifest, starterModelsFolder } from '@atelier/models';
import { findTask, parseParameters } from '@atelier/protocol';
import { undisturbed } from '../packages/drivers/src/controls.ts';
import { onnxDiffusion } from '../packages/drivers/src/onnx-diffusion/index.ts';
import { modelsFolder } from './support/no-op-studio.ts';

const [steps = '4', frames = '0,2', cpu = 'Haswell', drawTo] = process.argv.slice(2);
const numbers = frames.split(',').map(Number);

async function draw(to: string): Promise<void> {
  const { manifest } = await loadManifest(join(starterModelsFolder, 'starter-diffusion', 'manifest.yaml'));
  const model = await onnxDiffusion.load({ manifest, folder: join(modelsFolder, 'starter-diffusion') }, { threads: 1 });
  const task = findTask('latent-walk');
  const parameters = parseParameters(task, { frames: 5, steps: Number(steps), seed: 11, keyframes: [{ prompt: 'a red apple' }, { prompt: 'a green pear' }] });
  const report = { progress: () => undefined, preview: () => undefined, text: () => undefined };
  for (const shard of numbers) {
    const outFolder = join(to, String(shard));
    mkdirSync(outFolder);
    await model.run({ task, shard, parameters, inputs: {}, outFolder, report, ...undisturbed(task) });
  }
  await model.close();
}

async function pixelsOf(folder: string, frame: number): Promise<Uint8Array> {
  const [file] = readdirSync(join(folder, String(frame)));
  return (await readPicture(readFileSync(join(folder, String(frame), file as string)))).data;
}

if (drawTo !== undefined) {
  await draw(drawTo);
} else {
  const out = mkdtempSync(join(tmpdir(), 'atelier-cpu-'));
  const [here, there] = ['here', 'there'].map((name) => join(out, name)) as [string, string];
  for (const folder of [here, there]) mkdirSync(folder);
  const own = [import.meta.filename, steps, frames, cpu];
  for (const [program, ...given] of [
    [process.execPath, ...own, here],
    ['qemu-x86_64', '-cpu', cpu, process.execPath, ...own, there],
  ]) {
    const done = spawnSync(program as string, given, { stdio: ['ignore', 'inherit', 'ignore'] });
    if (done.status !== 0) throw new Error(`${program} ended with ${done.status ?? done.error?.message}`);
  }
  for (const frame of numbers) {
    const [one, other] = await Promise.all([pixelsOf(here, frame), pixelsOf(there, frame)]);
    const greatest = one.reduce((most, value, index) => Math.max(most, Math.abs(value - (other[index] as number))), 0);
    process.stdout.write(`frame ${frame}, ${steps} steps, here and on ${cpu}: greatest difference ${greatest} of 255\n`);
  }
  rmSync(out, { recursive: true });
}
