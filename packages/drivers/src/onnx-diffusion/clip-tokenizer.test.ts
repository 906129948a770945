import { Tokenizer } from '@huggingface/tokenizers';
import { expect, test } from 'vitest';
import { clipTokenizer } from './clip-tokenizer.ts';

/** The 256 printable signs that stand for bytes, in the order of GPT-2's table, which CLIP's vocabulary begins with. */
function byteSigns(): string[] {
  const range = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, i) => from + i);
  const printable = [...range(33, 126), ...range(161, 172), ...range(174, 255)];
  const others = range(0, 255).filter((byte) => !printable.includes(byte));
  return [...printable, ...others.map((_, i) => 256 + i)].map((code) => String.fromCharCode(code));
}

const merges = ['a p', 'ap p', 'app l', 'appl e</w>', 'r e', 're d</w>', "' s</w>", 'c a', 'ca t</w>', 'Ã ©</w>'];
const tokens = [
  ...byteSigns(),
  ...byteSigns().map((sign) => `${sign}</w>`),
  ...merges.map((pair) => pair.replace(' ', '')),
  '<|startoftext|>',
  '<|endoftext|>',
];
const vocabulary = Object.fromEntries(tokens.map((token, id) => [token, id]));

/** Numbers from CLIPTokenizerFast of the Python package transformers 4.57.6 with the same vocabulary and merges. */
test.each([
  ['A red apple', [522, 320, 517, 515, 523]],
  ["the cat's  apple, 42!", [522, 83, 71, 324, 520, 518, 515, 267, 275, 273, 256, 523]],
  ['Café été\n\tred', [522, 519, 69, 521, 127, 102, 83, 521, 517, 523]],
  ['', [522, 523]],
  ['日本 red-apple…', [522, 162, 245, 98, 162, 250, 361, 517, 268, 515, 158, 222, 355, 523]],
])('%j becomes the tokens that transformers gives', (text, expected) => {
  const tokenizer = new Tokenizer(clipTokenizer(vocabulary, `#version: 0.2\n${merges.join('\n')}\n`), {});
  expect(tokenizer.encode(text).ids).toEqual(expected);
});
