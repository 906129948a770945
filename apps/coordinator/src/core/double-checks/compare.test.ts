import { expect, test } from 'vitest';
import { isSame } from './compare.ts';

test('values are the same where each port has the same ones in the same order, whatever an edge calls its ports', () => {
  expect(isSame({ image: ['a', 'b'] }, { image: ['a', 'b'], mask: [] })).toBe(true);
  expect(isSame({ image: ['a', 'b'] }, { image: ['b', 'a'] })).toBe(false);
  for (const port of ['constructor', '__proto__', 'toString']) {
    expect(isSame({ image: ['a'] }, JSON.parse(`{"image":["a"],"${port}":["b"]}`))).toBe(false);
  }
});
