import { expect, test } from 'vitest';
import { formatBytes } from './bytes.ts';
import { formatAgo, formatRange, formatSeconds, secondsBetween } from './time.ts';

test('seconds carry as many digits as help', () => {
  expect([0, 0.004, 0.8, 9.96, 12.4, 59.4, 60, 80, 3600, 7500].map(formatSeconds)).toEqual([
    '1 ms',
    '4 ms',
    '0.8 s',
    '10 s',
    '12 s',
    '59 s',
    '1 min',
    '1 min 20 s',
    '1 h',
    '2 h 5 min',
  ]);
});

test('a range whose ends read the same is one figure', () => {
  expect(formatRange(2, 4)).toBe('2.0–4.0 s');
  expect(formatRange(1.01, 1.02)).toBe('1.0 s');
  expect(formatRange(50, 80)).toBe('50 s to 1 min 20 s');
  expect(formatRange(-1, 0.5)).toBe('1 ms to 0.5 s');
});

test('times are relative to now and never say zero minutes', () => {
  const now = new Date('2026-01-02T12:00:00Z');
  expect(formatAgo('2026-01-02T11:59:40Z', now)).toBe('just now');
  expect(formatAgo('2026-01-02T11:59:10Z', now)).toBe('1 minute ago');
  expect(formatAgo('2026-01-02T09:00:00Z', now)).toBe('3 hours ago');
  expect(formatAgo('2026-01-01T11:00:00Z', now)).toBe('yesterday');
  expect(formatAgo('2026-01-02T14:00:00Z', now)).toBe('in 2 hours');
});

test('clocks that disagree never give negative seconds', () => {
  expect(secondsBetween('2026-01-02T12:00:05Z', '2026-01-02T12:00:00Z')).toBe(0);
});

test('bytes use decimal units', () => {
  expect([0, 912, 1200, 98_362_432, 999_600, 2.5e9].map(formatBytes)).toEqual(['0 B', '912 B', '1.2 kB', '98 MB', '1.0 MB', '2.5 GB']);
});
