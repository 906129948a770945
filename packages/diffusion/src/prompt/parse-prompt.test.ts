import { AtelierError } from '@atelier/protocol';
import { expect, test } from 'vitest';
import { parsePrompt } from './parse-prompt.ts';

const parts = (prompt: string) => parsePrompt(prompt).map(({ text, weight }) => [text, Number(weight.toFixed(6))]);

test.each([
  ['a red apple', [['a red apple', 1]]],
  ['', [['', 1]]],
  [
    'a (red) apple',
    [
      ['a ', 1],
      ['red', 1.1],
      [' apple', 1],
    ],
  ],
  [
    'a (red:1.3) apple',
    [
      ['a ', 1],
      ['red', 1.3],
      [' apple', 1],
    ],
  ],
  [
    'a ( red : 0.5 ) apple',
    [
      ['a ', 1],
      [' red ', 0.5],
      [' apple', 1],
    ],
  ],
  ['[dull]', [['dull', 0.909091]]],
  [
    '((a) b)',
    [
      ['a', 1.21],
      [' b', 1.1],
    ],
  ],
  [
    '(a [b] (c:2):1.5)',
    [
      ['a ', 1.5],
      ['b', 1.363636],
      [' ', 1.5],
      ['c', 3],
    ],
  ],
  ['(nothing:0)', [['nothing', 0]]],
])('%j is read as %j', (prompt, expected) => {
  expect(parts(prompt)).toEqual(expected);
});

test.each([
  ['a \\(red\\) \\[apple\\]', 'a (red) [apple]'],
  ['a back\\\\slash and a \\word', 'a back\\slash and a \\word'],
  ['glad :) and sad :( at 12:30', 'glad :) and sad :( at 12:30'],
  ['[a:0.5', '[a:0.5'],
  ['never closed (red:1.3', 'never closed (red:1.3'],
  ['scale 1:2)', 'scale 1:2)'],
])('%j has no weights, but the text %j', (prompt, text) => {
  expect(parsePrompt(prompt)).toEqual([{ text, weight: 1 }]);
});

test('brackets that cross are signs where they have no partner', () => {
  expect(parts('(a [b) c]')).toEqual([
    ['(a ', 1],
    ['b) c', 0.909091],
  ]);
});

test.each(['(red:-1)', 'a ((red:-0.2))', '(red:1.2.3)'])('%j is refused, with what to do instead', (prompt) => {
  const error = (() => {
    try {
      return parsePrompt(prompt);
    } catch (thrown) {
      return thrown;
    }
  })();
  expect(error).toBeInstanceOf(AtelierError);
  expect(error).toMatchObject({ code: 'invalid-input', hint: expect.stringContaining('negative prompt') });
});

test.each([
  ['(apple:1e)', undefined],
  [`(apple:${'9'.repeat(45)})`, /weighs "apple" .* at most 100 times/],
  ['((apple:11):11)', /weighs "apple" 121 times/],
  [`${'('.repeat(60)}apple${')'.repeat(60)}`, /weighs "apple" 304 times/],
  [`${'('.repeat(65)}apple`, /64 deep/],
  [`${'['.repeat(65)}apple`, /64 deep/],
  [`${'(a)'.repeat(1001)}`, /has 1001 of them; at most 1000/],
  [`${'('.repeat(30_000)}`, /has 30000 of them/],
] as const)('weights and brackets have a bound: %.20s', (prompt, refusal) => {
  if (refusal === undefined) expect(() => parsePrompt(prompt)).not.toThrow();
  else expect(() => parsePrompt(prompt)).toThrow(refusal);
});

test('long prompts without a weight are read whole', () => {
  expect(parsePrompt('a red apple, '.repeat(5000))).toHaveLength(1);
  expect(parsePrompt('\\('.repeat(30_000))).toEqual([{ text: '('.repeat(30_000), weight: 1 }]);
});
