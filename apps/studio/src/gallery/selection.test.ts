import { expect, test } from 'vitest';
import { extended, nothing, toggled, within } from './selection.ts';

const list = ['a', 'b', 'c', 'd', 'e'].map((id) => ({ id }));
const ids = (selection: typeof nothing) => [...selection.ids].sort().join('');

test('choosing twice is choosing not', () => {
  expect(ids(toggled(toggled(nothing, 'b', 1), 'b', 1))).toBe('');
});

test('a range goes from the last choice to here, in either direction, and keeps what was chosen', () => {
  const first = toggled(toggled(nothing, 'e', 4), 'c', 2);
  expect(ids(extended(first, list, 0))).toBe('abce');
  expect(ids(extended(toggled(nothing, 'b', 1), list, 3))).toBe('bcd');
  expect(ids(extended(nothing, list, 2))).toBe('c');
});

test('what is no longer in the list is no longer chosen', () => {
  const chosen = extended(toggled(nothing, 'a', 0), list, 2);
  expect(ids(within(chosen, list.slice(1)))).toBe('bc');
  expect(within(chosen, list)).toBe(chosen);
});
