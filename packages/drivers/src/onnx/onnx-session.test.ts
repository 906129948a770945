import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { floatTensor, type Tensor, tensorSessionPromises } from '@atelier/diffusion';
import type { ModelManifest } from '@atelier/protocol';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { onnxDiffusion } from '../onnx-diffusion/index.ts';
import { openOnnxSession } from './onnx-session.ts';
import { sumGraph } from './sum-graph.test-support.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'atelier-onnx-'));
  await writeFile(join(folder, 'sum.onnx'), sumGraph());
  await writeFile(join(folder, 'half.onnx'), sumGraph('float16'));
  await writeFile(join(folder, 'cut.onnx'), sumGraph().subarray(0, 100));
});
afterAll(() => rm(folder, { recursive: true }));

describe('a session of ONNX Runtime', () => {
  for (const { name, check } of tensorSessionPromises(() => openOnnxSession(join(folder, 'sum.onnx'), { threads: 1 }))) test(name, check);
});

test('a graph in half precision takes and gives float32', async () => {
  const session = await openOnnxSession(join(folder, 'half.onnx'), { threads: 1 });
  const count: Tensor = { type: 'int64', data: BigInt64Array.of(1n), shape: [1] };
  const { sum } = await session.run({ left: floatTensor([1, 3], Float32Array.of(1, 2, 3)), right: floatTensor([1, 3], Float32Array.of(0.5, 0.25, -3)), count });
  await session.close();
  expect(sum).toEqual(floatTensor([1, 3], Float32Array.of(1.5, 2.25, 0)));
});

test('a missing or damaged file is refused by its name', async () => {
  await expect(openOnnxSession(join(folder, 'none.onnx'), { threads: 1 })).rejects.toMatchObject({
    code: 'invalid-input',
    message: expect.stringContaining('none.onnx'),
  });
  await expect(openOnnxSession(join(folder, 'cut.onnx'), { threads: 1 })).rejects.toMatchObject({
    code: 'invalid-input',
    message: expect.stringContaining('cut.onnx'),
  });
});

test('a folder that is no model is refused with the file that is missing', async () => {
  const loading = onnxDiffusion.load({ manifest: {} as ModelManifest, folder }, { threads: 1 });
  await expect(loading).rejects.toMatchObject({ code: 'invalid-input', message: expect.stringContaining('unet/config.json') });
});
