import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { floatTensor } from '@atelier/diffusion';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openOnnxSession } from '../onnx/index.ts';
import { overflowGraph, sumGraph } from '../onnx/sum-graph.test-support.ts';
import { float32Graph } from './float32-graph.ts';
import { withFloat32Retry } from './half-precision.ts';

let folder: string;
const file = (name: string) => join(folder, name);
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'atelier-half-'));
  await writeFile(file('inside.onnx'), overflowGraph());
  await writeFile(file('beside.onnx'), overflowGraph('beside'));
  await writeFile(file('weights.bin'), Uint8Array.of(9, 9, 0x00, 0x3e));
  await writeFile(file('float32.onnx'), sumGraph());
});
afterAll(() => rm(folder, { recursive: true }));

const small = floatTensor([1, 3], Float32Array.of(1, -2, 100));
const large = floatTensor([1, 3], Float32Array.of(1, 300, -1000));

async function session(name: string) {
  const told: string[] = [];
  const opened = await openOnnxSession(file(name), { threads: 1 });
  const openFloat32 = async () => {
    const graph = await float32Graph(file(name));
    return graph && openOnnxSession(file(name), { threads: 1, graph });
  };
  return { told, opened, retried: withFloat32Retry(opened, { openFloat32, onRetry: () => told.push('again') }) };
}

test('half precision does overflow in this graph', async () => {
  const { opened } = await session('inside.onnx');
  expect([...((await opened.run({ x: large })).square?.data ?? [])]).toEqual([1, Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY]);
});

test.each(['inside.onnx', 'beside.onnx'])(
  'what overflows is computed again in float32 and told, and what does not is not, whatever came before: weights %s',
  async (name) => {
    const { told, retried } = await session(name);
    expect([...((await retried.run({ x: small })).length?.data ?? [])]).toEqual([1.5, 3, 150]);
    expect(told).toEqual([]);
    for (const _twice of [1, 2]) {
      const { square, length } = await retried.run({ x: large });
      expect([...(square?.data ?? [])]).toEqual([1, 90_000, 1_000_000]);
      expect([...(length?.data ?? [])]).toEqual([1.5, 450, 1500]);
    }
    expect(told).toEqual(['again', 'again']);
    expect([...((await retried.run({ x: small })).length?.data ?? [])]).toEqual([1.5, 3, 150]);
    expect(told).toHaveLength(2);
    await retried.close();
    await retried.close();
  },
);

test('values that were no numbers before are not computed again', async () => {
  const { told, retried } = await session('inside.onnx');
  await retried.run({ x: floatTensor([1, 3], Float32Array.of(Number.NaN, 1, 1)) });
  expect(told).toEqual([]);
});

test('a graph that is in float32 already has no copy, and its infinite values come as they are', async () => {
  expect(await float32Graph(file('float32.onnx'))).toBeUndefined();
  const { told, retried } = await session('float32.onnx');
  const huge = floatTensor([1, 3], new Float32Array(3).fill(3e38));
  const { sum } = await retried.run({ left: huge, right: huge, count: { type: 'int64', data: BigInt64Array.of(1n), shape: [1] } });
  expect(sum?.data[0]).toBe(Number.POSITIVE_INFINITY);
  expect(told).toEqual([]);
});
