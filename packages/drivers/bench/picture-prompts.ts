/**
 * Writes what the driver llama makes of 50 names, typed as people type, for training/measure-prompts.py to draw and judge.
 *
 *     node packages/drivers/bench/picture-prompts.ts MODEL_FOLDER OUT.json
 *
 * MODEL_FOLDER: where smollm2-135m-instruct was pulled to. The names are every 23rd of models/starter-diffusion/names.json.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadManifest, starterModelsFolder } from '@atelier/models';
import { findTask, parseParameters } from '@atelier/protocol';
import { llama } from '../src/llama/index.ts';

const [folder = '', out = ''] = process.argv.slice(2);
const names = (JSON.parse(readFileSync(join(starterModelsFolder, 'starter-diffusion/names.json'), 'utf8')) as string[])
  .filter((_, index) => index % 23 === 11)
  .slice(0, 50);
const article = (name: string) => (/^[aeiou]/i.test(name) ? 'an' : 'a');
const forms = [
  (name: string) => name,
  (name: string) => `${article(name)} ${name}`,
  (name: string) => `Draw me ${article(name)} ${name}, please.`,
  (name: string) => `I would like to see a picture of ${article(name)} ${name}.`,
  (name: string) => `${article(name)} ${name} on a blue background`,
];

const { manifest } = await loadManifest(join(starterModelsFolder, 'smollm2-135m-instruct/manifest.yaml'));
const model = await llama.load({ manifest, folder }, { threads: 1 });
const outFolder = mkdtempSync(join(tmpdir(), 'atelier-prompts-'));
const task = findTask('text-generation');
const rows: unknown[] = [];
for (const [index, name] of names.entries()) {
  const typed = (forms[index % forms.length] as (name: string) => string)(name);
  const input = join(outFolder, 'in.txt');
  writeFileSync(input, typed);
  const started = performance.now();
  const silent = { progress: () => undefined, preview: () => undefined, text: () => undefined };
  const result = await model.run({
    task,
    parameters: parseParameters(task, {}),
    inputs: { prompt: [{ path: input, mediaType: 'text/plain' }] },
    outFolder,
    report: silent,
  });
  const prompt = readFileSync(result.text?.[0]?.path ?? '', 'utf8');
  rows.push({ name, typed, prompt, seconds: (performance.now() - started) / 1000 });
}
await model.close();
rmSync(outFolder, { recursive: true });
writeFileSync(out, `${JSON.stringify(rows, undefined, 1)}\n`);
