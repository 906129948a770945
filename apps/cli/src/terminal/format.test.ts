import { expect, test } from 'vitest';
import { formatAgo, formatBytes, formatSeconds, formatTable } from './format.ts';

test('bytes have at most three digits and a unit', () => {
  expect([0, 999, 1000, 1536, 99_960, 999_600, 98_362_432, 2.5e9].map(formatBytes)).toEqual([
    '0 B',
    '999 B',
    '1 kB',
    '1.54 kB',
    '100 kB',
    '1 MB',
    '98.4 MB',
    '2.5 GB',
  ]);
});

test('seconds get coarser as they grow', () => {
  expect([0, 0.0301, 0.35, 4.24, 59.4, 185, 3600, 7440].map(formatSeconds)).toEqual([
    '0 s',
    '0.03 s',
    '0.35 s',
    '4.2 s',
    '59 s',
    '3 min 5 s',
    '1 h',
    '2 h 4 min',
  ]);
});

test('a time that is past is told in one unit', () => {
  const now = Date.parse('2026-01-02T00:00:00Z');
  expect(formatAgo('2026-01-01T23:57:00Z', now)).toBe('3 min ago');
  expect(formatAgo('2026-01-01T23:59:58Z', now)).toBe('just now');
});

test('a table is never wider than the terminal, and its flexible column gives way', () => {
  const rows = [{ name: 'a', words: 'one two three four five six seven eight' }];
  const lines = formatTable(
    rows,
    [
      { title: 'name', value: (row) => row.name },
      { title: 'words', value: (row) => row.words, flexible: true },
    ],
    24,
  );
  expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(24);
  expect(lines[1]).toBe('a     one two three fou…');
});
