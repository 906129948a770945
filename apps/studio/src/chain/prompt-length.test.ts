import { readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { cutOf, estimateTokens } from './prompt-length.ts';

const total = (text: string) => estimateTokens(text).reduce((sum, { tokens }) => sum + tokens, 0);

/** Word pieces of the starter model's own vocabulary: the longest known beginning, then `##` pieces, as BERT cuts. */
function pieces(text: string): number {
  const file = path.resolve(import.meta.dirname, '../../../../models/starter-diffusion/tokenizer/tokenizer.json');
  const { model } = JSON.parse(readFileSync(file, 'utf8')) as { model: { vocab: Record<string, number> } };
  const count = (word: string): number => {
    let at = 0;
    let parts = 0;
    while (at < word.length) {
      let end = word.length;
      while (end > at && model.vocab[(at > 0 ? '##' : '') + word.slice(at, end)] === undefined) end -= 1;
      at = Math.max(end, at + 1);
      parts += 1;
    }
    return parts;
  };
  return (text.toLowerCase().match(/[a-z]+|\d+|[^\sa-z\d]/g) ?? []).reduce((sum, word) => sum + count(word), 0);
}

const prompts = [
  'a red apple',
  'an old lighthouse on a cliff in heavy fog, oil painting, warm light, highly detailed',
  'portrait of a queen with an extraordinarily ornamented crown, chiaroscuro, 35mm photograph, f/1.8, bokeh',
  'isometric illustration of a greenhouse full of tropical plants at night, neon signs, cinematic, 8k, volumetric lighting',
];

test('the estimate is within a third of what the starter model really counts', () => {
  for (const prompt of prompts) {
    const real = pieces(prompt);
    expect(Math.abs(total(prompt) - real), `${prompt}: ${total(prompt)} for ${real}`).toBeLessThanOrEqual(Math.max(2, real / 3));
  }
});

test('the words behind the last token that is read are named, and a short prompt has none', () => {
  expect(cutOf('a red apple', 22)).toBeNull();
  const cut = cutOf(`${'red '.repeat(22)}apple on a table`, 22);
  expect(cut).toEqual({ tokens: 26, words: 'apple on a table' });
});

test('text without spaces counts by its characters', () => {
  expect(total('赤いりんご')).toBe(5);
  expect(cutOf('赤'.repeat(30), 22)?.tokens).toBe(30);
});
