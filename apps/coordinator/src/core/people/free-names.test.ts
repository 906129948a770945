import { expect, test } from 'vitest';
import { freeNames } from './free-names.ts';

test('a name that is free stays, and a taken one says whose it was', () => {
  expect(freeNames(['Fox', 'Words'], ['Words'], 'Bob', 100)).toEqual(['Fox', 'Words (from Bob)']);
  expect(freeNames(['Words'], ['Words', 'Words (from Bob)'], 'Bob', 100)).toEqual(['Words (from Bob 2)']);
});

test('no two of those that come get the same name, and none is longer than a name may be', () => {
  const long = 'x'.repeat(100);
  const names = freeNames([long, `${long.slice(0, 90)}y`], [long, `${long.slice(0, 90)}y`], 'a name of somebody with very many letters in it', 100);
  expect(new Set(names).size).toBe(2);
  for (const name of names) expect(name.length).toBeLessThanOrEqual(100);
  expect(freeNames(['🦊🦊🦊'], ['🦊🦊🦊'], 'B', 14)).toEqual(['🦊🦊 (from B)']);
});
