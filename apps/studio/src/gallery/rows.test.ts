import { expect, test } from 'vitest';
import { columnsOf, dayName, neighbour, rowOfIndex, rowsOf } from './rows.ts';

const now = new Date(2026, 4, 14, 12);
const item = (id: number, day: number) => ({ id: String(id), createdAt: new Date(2026, 4, day, 9).toISOString() });
/** Three of today, one of yesterday, five of the twelfth. */
const items = [14, 14, 14, 13, 12, 12, 12, 12, 12].map((day, index) => item(index, day));

test('each day begins with its name and a row of its own, and no row has more than there are columns', () => {
  const rows = rowsOf(items, 2, now);
  expect(rows.map((row) => (row.kind === 'day' ? row.label : row.items.map((one) => one.id).join(' ')))).toEqual([
    'Today',
    '0 1',
    '2',
    'Yesterday',
    '3',
    'Tuesday, 12 May',
    '4 5',
    '6 7',
    '8',
  ]);
});

test('every thing stands in the row that is found for it', () => {
  const rows = rowsOf(items, 2, now);
  for (const [index, { id }] of items.entries()) {
    const row = rows[rowOfIndex(rows, index)];
    expect(row?.kind === 'tiles' && row.items[index - row.first]?.id).toBe(id);
  }
  expect(rowOfIndex(rows, items.length)).toBe(-1);
});

test('arrows go over the ends of rows and over days, and stay at the edges', () => {
  const rows = rowsOf(items, 3, now);
  const go = (from: number, key: Parameters<typeof neighbour>[2]) => neighbour(rows, from, key, items.length);
  expect([go(2, 'ArrowRight'), go(3, 'ArrowLeft'), go(2, 'ArrowDown'), go(3, 'ArrowDown'), go(6, 'ArrowDown'), go(8, 'ArrowUp')]).toEqual([3, 2, 3, 4, 8, 5]);
  expect([go(0, 'ArrowLeft'), go(8, 'ArrowRight'), go(1, 'ArrowUp'), go(7, 'ArrowDown')]).toEqual([0, 8, 1, 7]);
});

test('a day of another year says so', () => {
  expect(dayName(new Date(2025, 11, 31), now)).toBe('Wednesday, 31 December 2025');
  expect(dayName(new Date(2026, 4, 13, 23, 59), now)).toBe('Yesterday');
});

test('a narrow window has two columns and a wide one as many as fit', () => {
  const look = { narrowest: 176, gap: 12 };
  expect([200, 368, 564, 1216].map((width) => columnsOf(width, look))).toEqual([2, 2, 3, 6]);
});
