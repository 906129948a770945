import { findTask, type ResolvedChain } from '@atelier/protocol';
import { expect, test } from 'vitest';
import { chainOfImage, seedOfImage } from './chain-of-image.ts';

const step = (parameters: Record<string, unknown>) => ({ id: 'draw', task: 'text-to-image', parameters, inputs: {} });
const run = (parameters: Record<string, unknown>) => ({
  chain: { inputs: {}, steps: [step(parameters), { ...step({ seed: 1 }), id: 'other' }] } as unknown as ResolvedChain,
});
const batches: Record<string, unknown>[] = [
  { seed: 7, count: 3, steps: 20 },
  { seed: 2 ** 32 - 1, count: 2 },
  { seed: 7, count: 3, variationStrength: 0.2, variationSeed: 40 },
];

test.each(batches)('the seed that is shown for an image, and the chain that makes it alone, are those that its saved recipe names: %o', (parameters) => {
  for (let shard = 0; shard < Number(parameters.count); shard += 1) {
    const saved = findTask('text-to-image').shards?.alone?.(parameters, shard);
    const chain = chainOfImage(run(parameters), step(parameters), shard);
    expect(chain.steps[0]?.parameters).toEqual(saved);
    expect(chain.steps[1]?.parameters).toEqual({ seed: 1 });
    expect(seedOfImage(step(parameters), shard)).toBe(parameters.variationStrength ? saved?.variationSeed : saved?.seed);
  }
});

test('a step without seeds or without a number of images shows none', () => {
  expect([seedOfImage(step({ scale: 4 }), 0), seedOfImage(step({ seed: 3 }), 0)]).toEqual([null, null]);
});
