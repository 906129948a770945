import { join } from 'node:path';
import { drawText, textConditions } from '@atelier/diffusion';
import { expect, test } from 'vitest';
import { openDiffusionFolder } from './model-folder.ts';
import { readTokenizer } from './text-tokenizer.ts';

const starter = join(import.meta.dirname, '../../../../models/starter-diffusion');
const clip = join(import.meta.dirname, '../../fixtures/pipelines/sd1');

test("a tokenizer's own special tokens are told apart from the text: BERT's", async () => {
  const { tokenizer } = await readTokenizer(starter, 'tokenizer');
  expect([tokenizer.starts, tokenizer.ends, tokenizer.padId]).toEqual([[101], [102], 0]);
  expect(tokenizer.encode('a red apple')).toEqual([1037, 2417, 6207]);
  expect(tokenizer.encode('')).toEqual([]);
});

test("a tokenizer's own special tokens are told apart from the text: CLIP's", async () => {
  const { tokenizer, config } = await readTokenizer(clip, 'tokenizer');
  expect([config.bos_token, config.eos_token]).toEqual(['<|startoftext|>', '<|endoftext|>']);
  expect([tokenizer.starts.length, tokenizer.ends.length]).toEqual([1, 1]);
  expect(tokenizer.encode('')).toEqual([]);
  expect([...tokenizer.encode('a red'), ...tokenizer.encode(' apple')]).toEqual(tokenizer.encode('a red apple'));
});

test('a prompt beyond the encoder is read to its end, and its first chunk is what the beginning alone is', async () => {
  const { model, close } = await openDiffusionFolder(clip, { threads: 1 });
  const { tokenizer, maxTokens } = model.textEncoders[0] as (typeof model.textEncoders)[number];
  expect(tokenizer.encode('a a')).toHaveLength(2);
  const fitting = 'a '.repeat(maxTokens - 2);
  const long = `${fitting}red`;
  const [states] = await textConditions(model, [long]);
  expect(states?.states.shape[1]).toBe(2 * maxTokens);
  const [first] = await textConditions(model, [fitting]);
  expect(states?.states.data.subarray(0, first?.states.data.length)).toEqual(first?.states.data);
  const request = { negativePrompt: 'blue', steps: 2, guidanceScale: 4, scheduler: 'ddim', seed: 1 } as const;
  const [one, other] = [await drawText(model, { ...request, prompt: long }), await drawText(model, { ...request, prompt: `${long} blue` })];
  expect(one.latent.data).not.toEqual(other.latent.data);
  await close();
});
