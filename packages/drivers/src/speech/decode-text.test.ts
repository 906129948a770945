import { Tensor } from 'onnxruntime-node';
import { expect, test } from 'vitest';
import { drawnText, likeliestText } from './decode-text.ts';
import type { TokenRules } from './token-rules.ts';
import { type DecoderStep, type Past, pastOf } from './whisper-decoder.ts';

/** A vocabulary of four words (0-3), an end (4), no timestamps (5) and timestamps (6-9). */
const rules: TokenRules = { end: 4, noTimestamps: 5, suppressed: [], suppressedFirst: [], latestFirstTimestamp: 3 };
const size = 10;

/** A language by hand: what comes behind a text, with how likely. Its past is the text itself, row by row, so that a mixed up past is seen. */
type Language = (text: readonly number[]) => ReadonlyMap<number, number>;

function decoderOf(language: Language) {
  const rows = (texts: readonly (readonly number[])[]): DecoderStep => {
    const logits = new Float32Array(texts.length * size).fill(-50);
    for (const [row, text] of texts.entries()) for (const [token, likelihood] of language(text)) logits[row * size + token] = Math.log(likelihood);
    const data = Float32Array.from(texts.flat());
    return { logits, past: { 'past_key_values.0.decoder.key': new Tensor('float32', data, [texts.length, data.length / texts.length]) } };
  };
  const next = async (tokens: readonly number[], past: Past) => {
    const { data, dims } = past['past_key_values.0.decoder.key'] as Tensor;
    expect(dims[0]).toBe(tokens.length);
    const width = dims[1] as number;
    return rows(tokens.map((token, row) => [...(data as Float32Array).subarray(row * width, (row + 1) * width), token]));
  };
  return { first: rows([[]]), next };
}

/** After the first timestamp 0 is likelier than 1, but what follows 0 is a guess, and what follows 1 is sure. */
const garden: Language = (text) => {
  const words = text.slice(1);
  if (text.length === 0) return new Map([[6, 1]]);
  if (words.length === 0)
    return new Map([
      [0, 0.6],
      [1, 0.4],
    ]);
  if (words.length === 1)
    return words[0] === 0
      ? new Map([
          [2, 0.3],
          [3, 0.3],
          [0, 0.2],
          [1, 0.2],
        ])
      : new Map([
          [3, 0.98],
          [2, 0.02],
        ]);
  return new Map([[4, 1]]);
};

test('the likeliest text is found where the likeliest first word leads away from it', async () => {
  const { first, next } = decoderOf(garden);
  const found = await likeliestText(first, next, rules, 20);
  expect(found.tokens).toEqual([6, 1, 3]);
  expect(found.ended).toBe(true);
  expect(found.sum).toBeCloseTo(Math.log(0.4 * 0.98), 4);
  const greedy = await drawnText(decoderOf(garden).first, next, rules, { most: 20, temperature: 0, random: () => 0 });
  expect(greedy.tokens.slice(0, 2)).toEqual([6, 0]);
  expect(greedy.sum).toBeLessThan(found.sum);
});

test('a text that never ends is stopped at its bound, and says so', async () => {
  const { first, next } = decoderOf((text) =>
    text.length === 0
      ? new Map([[6, 1]])
      : new Map([
          [0, 0.5],
          [1, 0.3],
          [2, 0.2],
        ]),
  );
  const found = await likeliestText(first, next, rules, 12);
  expect(found.ended).toBe(false);
  expect(found.tokens).toHaveLength(12);
});

test('the past of several texts follows them, and what was heard is copied only where their number changes', () => {
  const text = new Tensor('float32', Float32Array.from([1, 2, 3, 4]), [2, 1, 1, 2]);
  const heard = new Tensor('float32', Float32Array.from([9, 9]), [2, 1, 1, 1]);
  const past = { 'past_key_values.0.decoder.key': text, 'past_key_values.0.encoder.key': heard };
  const turned = pastOf(past, [1, 0]);
  expect([...(turned['past_key_values.0.decoder.key'] as Tensor).data]).toEqual([3, 4, 1, 2]);
  expect(turned['past_key_values.0.encoder.key']).toBe(heard);
  const three = pastOf(past, [1, 1, 0]);
  expect((three['past_key_values.0.decoder.key'] as Tensor).dims).toEqual([3, 1, 1, 2]);
  expect([...(three['past_key_values.0.encoder.key'] as Tensor).data]).toEqual([9, 9, 9]);
});
