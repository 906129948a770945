import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { drawText, floatTensor, previewOf } from '@atelier/diffusion';
import { readPicture } from '@atelier/media';
import { findTask, type ModelManifest } from '@atelier/protocol';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { undisturbed } from '../controls.ts';
import type { StepReport } from '../driver.ts';
import { onnxDiffusion } from './driver.ts';
import { modelFolder } from './model-folder.test-support.ts';
import { openDiffusionFolder } from './model-folder.ts';

const folder = modelFolder('starter-diffusion');
const references = new URL('../../../../models/starter-diffusion/reference/', import.meta.url);
const latentSize = [1, 8, 16, 16] as const;

async function floatsOf(name: string): Promise<Float32Array> {
  const bytes = await readFile(new URL(name, references));
  return new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength));
}

const largestDifference = (a: Float32Array, b: Float32Array) => a.reduce((largest, value, i) => Math.max(largest, Math.abs(value - (b[i] as number))), 0);

describe.skipIf(folder === undefined)('the starter model', () => {
  let opened: Awaited<ReturnType<typeof openDiffusionFolder>>;
  let out: string;
  beforeAll(async () => {
    opened = await openDiffusionFolder(folder as string, { threads: 1 });
    out = await mkdtemp(join(tmpdir(), 'atelier-draw-'));
  });
  afterAll(async () => {
    await opened?.close();
    if (out !== undefined) await rm(out, { recursive: true });
  });

  test.each(['apple', 'castle', 'rocket'])('reaches the latent that Python reached from the same noise: %s', async (name) => {
    const { prompt, steps, guidance } = JSON.parse(await readFile(new URL(`${name}.json`, references), 'utf8'));
    const noise = floatTensor(latentSize, await floatsOf(`${name}.noise.f32`));
    const request = { prompt, negativePrompt: '', steps, guidanceScale: guidance, scheduler: 'ddim', seed: 0, noise } as const;
    const { latent } = await drawText(opened.model, request);
    expect(largestDifference(latent.data, await floatsOf(`${name}.latent.f32`))).toBeLessThan(1e-3);
  });

  test('a red apple is mostly red in the middle, white at the corners, and its preview says so before', async () => {
    for (const scheduler of ['ddim', 'euler'] as const) {
      const { latent, picture } = await drawText(opened.model, { prompt: 'a red apple', negativePrompt: '', steps: 20, guidanceScale: 4, scheduler, seed: 7 });
      const at = (x: number, y: number) => [0, 1, 2].map((colour) => picture.data[colour * 128 * 128 + y * 128 + x] as number);
      const [red, green, blue] = at(64, 76) as [number, number, number];
      expect(red).toBeGreaterThan(0.5);
      expect(Math.max(green, blue)).toBeLessThan(-0.2);
      for (const corner of [at(2, 2), at(125, 2), at(2, 125), at(125, 125)]) expect(Math.min(...corner)).toBeGreaterThan(0.7);
      const preview = await previewOf(opened.model, latent);
      const middle = (preview?.data ?? new Uint8Array()).subarray((9 * 16 + 8) * 3);
      expect(middle[0]).toBeGreaterThan(2 * (middle[1] as number));
    }
  });

  test('another size than the trained one is refused with a hint', async () => {
    const request = { prompt: 'a cat', negativePrompt: '', steps: 1, guidanceScale: 1, scheduler: 'ddim', seed: 1, width: 256, height: 128 } as const;
    await expect(drawText(opened.model, request)).rejects.toMatchObject({ code: 'parameter-out-of-bounds' });
  });

  test('the driver writes the same PNG twice for one seed, another for another seed, and reports each step', async () => {
    const task = findTask('text-to-image');
    const loaded = await onnxDiffusion.load({ manifest: {} as ModelManifest, folder: folder as string }, { threads: 1 });
    const prompt = join(out, 'prompt.txt');
    await writeFile(prompt, 'a red apple');
    const messages: (string | undefined)[] = [];
    let previews = 0;
    const report: StepReport = {
      progress: (_fraction, message) => messages.push(message),
      preview: (mediaType) => {
        if (mediaType === 'image/webp') previews++;
      },
      text: () => expect.unreachable('a picture has no text'),
    };
    const draw = async (seed: number) => {
      const inputs = { prompt: [{ path: prompt, mediaType: 'text/plain' }] };
      const { image } = await loaded.run({
        task,
        shard: 0,
        parameters: task.parameters.parse({ seed, steps: 10 }),
        inputs,
        outFolder: out,
        report,
        ...undisturbed(task),
      });
      return readFile(image?.[0]?.path as string);
    };
    const [first, second, other] = [await draw(1), await draw(1), await draw(2)];
    await loaded.close();
    expect(first.equals(second)).toBe(true);
    expect(first.equals(other)).toBe(false);
    expect(await readPicture(first)).toMatchObject({ width: 128, height: 128 });
    expect(messages.slice(0, 2)).toEqual(['step 1 of 10', 'step 2 of 10']);
    expect(previews).toBe(6);
  });
});
