import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { checkFields, fieldsReference, ignoredHeader } from './fields.ts';

test('docs/reference/openai.md says what the table says; if not, run apps/coordinator/scripts/write-openai-reference.ts', () => {
  expect(readFileSync(new URL('../../../../../docs/reference/openai.md', import.meta.url), 'utf8')).toBe(fieldsReference());
});

test('a refused field passes if it asks for nothing, and is refused by name if it asks for something', () => {
  const check = (logit_bias: unknown) => checkFields('POST /v1/chat/completions', { logit_bias });
  expect([check({}), check(null), check(undefined)]).toEqual([[], [], []]);
  expect(() => check({ 50256: -100 })).toThrow(expect.objectContaining({ param: 'logit_bias' }));
});

test('names of fields that a header cannot hold are not told in it', () => {
  const without = checkFields('POST /v1/completions', { user: 'me', colour: 1, 'a\r\nset-cookie: b': 1, __proto__: 1, constructor: 1 });
  expect(ignoredHeader(without)).toEqual({ 'x-atelier-ignored': 'user, colour, constructor' });
});
