import { expect, test } from 'vitest';
import { tokenStarts, tokenWords } from './words.ts';

test('each token begins where its attention does', () => {
  const frames = 100;
  const begins = [0, 20, 35, 70];
  const weights = new Float32Array(2 * begins.length * frames);
  for (let head = 0; head < 2; head++)
    for (const [token, from] of begins.entries())
      weights.fill(1, (head * begins.length + token) * frames + from, (head * begins.length + token) * frames + (begins[token + 1] ?? frames));
  const starts = tokenStarts({ heads: 2, tokens: begins.length, frames, weights }, 7);
  for (const [token, from] of begins.entries()) expect(Math.abs((starts[token] as number) - from * 0.02)).toBeLessThanOrEqual(0.06);
});

const text = (pieces: readonly string[]) => (tokens: readonly number[]) => tokens.map((token) => pieces[token]).join('');

test('tokens that begin with a space begin a word, and punctuation belongs to the one before it', () => {
  const pieces = [' Ask', ' coun', 'try', ',', ' "', 'what', '"', '.'];
  expect(tokenWords([0, 1, 2, 3, 4, 5, 6, 7], text(pieces))).toEqual([
    { text: 'Ask', from: 0, to: 1 },
    { text: 'country,', from: 1, to: 4 },
    { text: '"what".', from: 4, to: 8 },
  ]);
});

test('a character in two tokens stays whole, and a language without spaces has words all the same', () => {
  const pieces = ['日', '本', 'x'];
  const halved = (tokens: readonly number[]) => (tokens.join() === '1' ? '\uFFFD' : tokens.join() === '1,2' ? '本' : text(pieces)(tokens));
  expect(tokenWords([0, 1, 2], halved, false).map(({ text: word }) => word)).toEqual(['日', '本']);
});
