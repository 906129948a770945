import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { inspectMp4, readPicture } from '@atelier/media';
import type { RunView } from '@atelier/protocol';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Studio, starterModels, temporaryFolder, withoutModels } from './support/studio.ts';

const words = 'Audio to Text -> Text to Text -> Text to Image -> Image to Video';
const recording = path.resolve(import.meta.dirname, '../examples/audio/jfk.wav');
/** What John F. Kennedy says in the recording, as anybody hears it. */
const spoken = 'and so my fellow americans ask not what your country can do for you ask what you can do for your country';

const onlyWords = (text: string) =>
  text
    .toLowerCase()
    .replaceAll(/[^a-z ]/g, '')
    .replaceAll(/ +/g, ' ')
    .trim();

interface RunFile extends RunView {
  readonly files: readonly { readonly file: string; readonly sha256: string }[];
}

/** All four results lie in the folder, are what they should be, and have the hashes that run.json names. */
async function expectFourResults(folder: string): Promise<RunFile> {
  const names = readdirSync(folder).sort();
  expect(names).toEqual([
    ...['segments.json', 'srt', 'txt', 'vtt'].map((ending) => `1-automatic-speech-recognition.${ending}`),
    '2-text-generation.txt',
    '3-text-to-image.png',
    '4-image-to-video.mp4',
    'run.json',
  ]);
  const bytes = (name: string) => readFileSync(path.join(folder, name));
  expect(onlyWords(bytes('1-automatic-speech-recognition.txt').toString())).toBe(spoken);
  expect(bytes('2-text-generation.txt').toString().trim().length).toBeGreaterThan(3);
  const picture = await readPicture(bytes('3-text-to-image.png'));
  expect([picture.width, picture.height]).toEqual([128, 128]);
  const film = inspectMp4(bytes('4-image-to-video.mp4'));
  expect(film.frames).toBe(24);
  const run = JSON.parse(bytes('run.json').toString()) as RunFile;
  expect(run.state).toBe('succeeded');
  expect(run.files).toHaveLength(7);
  for (const { file, sha256 } of run.files) expect(createHash('sha256').update(bytes(file)).digest('hex')).toBe(sha256);
  return run;
}

describe.skipIf(withoutModels)(`the main job on the real starter models${starterModels ? '' : ` (skipped: ${withoutModels})`}`, () => {
  test('a spoken sentence becomes text, prompt, picture and film on the one local edge', async () => {
    await using studio = await Studio.start();
    const folder = path.join(temporaryFolder('out'), 'out');
    const planned = await studio.cli(['plan', words]);
    expect(planned.error).toBe('');
    expect(planned.out).toMatch(/whisper \(\S+\) -> llama \(\S+\) -> starter \(\S+\) -> motion \(\S+\)/);

    const ran = await studio.cli(['run', words, '--input', recording, '--out', folder]);
    expect(ran.code, ran.error).toBe(0);
    const run = await expectFourResults(folder);

    // The same seeds give the same bytes on the same machine.
    const again = await studio.client.api.runs.again({ id: run.id, seed: 'same', fresh: true });
    const repeated = await studio.ended(again.id);
    const hashes = (view: RunView) => view.steps.map((step) => step.outputs.map((output) => output.hash).join());
    expect(hashes(repeated)).toEqual(hashes(run));

    // From the picture on, with another number of steps: what came before is taken over, what comes after is new.
    const changed = await studio.client.api.runs.again({ id: run.id, seed: 'same', fromStep: 'text-to-image', set: { 'text-to-image.steps': 7 } });
    const partly = await studio.ended(changed.id);
    expect(partly.state).toBe('succeeded');
    expect(partly.steps.map((step) => step.reused)).toEqual([true, true, false, false]);
    expect(hashes(partly).slice(0, 2)).toEqual(hashes(run).slice(0, 2));
    expect(hashes(partly)[2]).not.toBe(hashes(run)[2]);
  });

  test('with the three-server fleet at least three edges take part, and bytes cross between them', async () => {
    await using studio = await Studio.start({ fleet: path.resolve(import.meta.dirname, '../examples/fleets/three-servers.yaml') });
    const folder = path.join(temporaryFolder('out'), 'out');
    const ran = await studio.cli(['run', words, '--input', recording, '--out', folder]);
    expect(ran.code, ran.error).toBe(0);
    const run = await expectFourResults(folder);
    const took = run.steps.map((step) => step.attempts.find((attempt) => attempt.state === 'succeeded')?.edgeName);
    expect(new Set(took).size).toBeGreaterThanOrEqual(3);
    const links = await studio.client.api.edges.links({});
    const edgeIds = new Set((await studio.client.api.edges.list()).map((edge) => edge.id as string));
    expect(links.some((link) => edgeIds.has(link.from) && edgeIds.has(link.to))).toBe(true);
  });
});

describe('bad input gets a clear error and exit code 2', () => {
  const studio = new Studio({ localEdge: false });
  beforeAll(() => studio.start());
  afterAll(() => studio[Symbol.asyncDispose]());

  test.each([
    ['an unknown task', ['run', 'text-to-sculpture', '--input', 'x'], 'text-to-sculpture'],
    ['a wrong modality between steps', ['run', 'automatic-speech-recognition, image-to-video', '--input', recording], 'text-to-image'],
    ['a parameter out of bounds', ['run', 'text-to-image', '--input', 'x', '--set', 'steps=1000'], 'steps'],
    ['a file that is not there', ['run', 'automatic-speech-recognition', '--input', 'missing.wav'], 'missing.wav'],
  ])('%s', async (_, arguments_, words_) => {
    const answered = await studio.cli(arguments_);
    expect(answered.code, answered.error).toBe(2);
    expect(answered.error).toContain(words_);
    expect(answered.error).not.toMatch(/\n\s+at /);
  });
});
