/**
 * A picture by the starter model through our driver, against the same ONNX files driven by Python (onnxruntime with numpy):
 * interleaved, on the same number of threads, as a ratio. See README.md for what this does not measure.
 * Run it with Node 22.18 or newer: `ATELIER_BENCH_PYTHON=python node bench/pictures.ts`, where that Python has onnxruntime
 * of the version that packages/drivers pins, numpy, tokenizers and pillow.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { loadManifest, starterModelsFolder } from '@atelier/models';
import { findTask, parseParameters } from '@atelier/protocol';
import { undisturbed } from '../packages/drivers/src/controls.ts';
import { onnxDiffusion } from '../packages/drivers/src/onnx-diffusion/index.ts';
import { modelsFolder } from './support/no-op-studio.ts';
import { type Figure, median, quantile, writeResults } from './support/results.ts';

const steps = 20;
const guidanceScale = 5;
const rounds = 15;
const warmUp = 3;
const names = ['a red apple', 'a castle', 'a rocket', 'a green pear', 'a sleeping cat', 'a blue car', 'a house', 'the sun', 'a fish', 'a flower'];

const { manifest } = await loadManifest(join(starterModelsFolder, 'starter-diffusion', 'manifest.yaml'));
const folder = join(modelsFolder, 'starter-diffusion');
const task = findTask('text-to-image');
const out = mkdtempSync(join(tmpdir(), 'atelier-bench-'));

/** Python, drawing on demand. */
async function startPython(threads: number) {
  const script = join(import.meta.dirname, 'support/draw.py');
  const child = spawn(process.env.ATELIER_BENCH_PYTHON ?? 'python3', [script, folder, `${threads}`, `${steps}`, `${guidanceScale}`], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
  if ((await lines.next()).value !== 'ready') throw new Error('Python did not start: ATELIER_BENCH_PYTHON has to have onnxruntime, numpy, tokenizers, pillow');
  return {
    async draw(prompt: string) {
      child.stdin.write(`${prompt}\n`);
      return Number((await lines.next()).value);
    },
    async close() {
      const ended = once(child, 'exit');
      child.stdin.end();
      await ended;
    },
  };
}

async function startOurs(threads: number) {
  const model = await onnxDiffusion.load({ manifest, folder }, { threads });
  const report = { progress: () => undefined, preview: () => undefined, text: () => undefined };
  return {
    async draw(prompt: string, seed: number) {
      const path = join(out, 'prompt.txt');
      writeFileSync(path, prompt);
      const parameters = parseParameters(task, { steps, guidanceScale, scheduler: 'ddim', seed });
      const begun = performance.now();
      await model.run({ task, shard: 0, parameters, inputs: { prompt: [{ path, mediaType: 'text/plain' }] }, outFolder: out, report, ...undisturbed(task) });
      return (performance.now() - begun) / 1000;
    },
    close: () => model.close(),
  };
}

const figures: Figure[] = [];
for (const threads of [1, 2]) {
  const python = await startPython(threads);
  const ours = await startOurs(threads);
  const seconds = { ours: [] as number[], python: [] as number[] };
  for (let round = 0; round < rounds + warmUp; round += 1) {
    const prompt = names[round % names.length] as string;
    const own = await ours.draw(prompt, round);
    const theirs = await python.draw(prompt);
    if (round < warmUp) continue;
    seconds.ours.push(own);
    seconds.python.push(theirs);
  }
  await Promise.all([python.close(), ours.close()]);
  const ratios = seconds.ours.map((own, round) => own / (seconds.python[round] as number));
  const on = `${threads} ${threads === 1 ? 'thread' : 'threads'}`;
  figures.push(
    { name: `picture of ${steps} steps, ours, ${on}: median`, value: median(seconds.ours), unit: 's' },
    { name: `the same by Python, ${on}: median`, value: median(seconds.python), unit: 's' },
    { name: `ours over Python, ${on}: median of ${rounds} pairs`, value: median(ratios), unit: 'x' },
    { name: `ours over Python, ${on}: 10 to 90 % of pairs, low`, value: quantile(ratios, 0.1), unit: 'x' },
    { name: `ours over Python, ${on}: 10 to 90 % of pairs, high`, value: quantile(ratios, 0.9), unit: 'x' },
  );
}
rmSync(out, { recursive: true });
writeResults('pictures', figures);
