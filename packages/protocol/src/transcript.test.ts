import { expect, test } from 'vitest';
import { toSrt, toVtt } from './transcript.ts';

const segments = [
  { start: 0.15, end: 2.4996, text: 'And so, my fellow Americans' },
  { start: 3, end: 4, text: '', unclear: true },
  { start: 3661.5, end: 3662, text: ' two\n\nlines <b> & --> an arrow ' },
];

test('SubRip: numbers, a comma before milliseconds, an empty line behind each cue', () => {
  expect(toSrt(segments)).toBe(
    '1\n00:00:00,150 --> 00:00:02,500\nAnd so, my fellow Americans\n\n2\n01:01:01,500 --> 01:01:02,000\ntwo\nlines <b> & → an arrow\n\n',
  );
});

test('WebVTT: its header, a point before milliseconds, and characters that mean something are written as references', () => {
  expect(toVtt(segments)).toBe(
    'WEBVTT\n\n00:00:00.150 --> 00:00:02.500\nAnd so, my fellow Americans\n\n01:01:01.500 --> 01:01:02.000\ntwo\nlines &lt;b&gt; &amp; → an arrow\n\n',
  );
});

test('nothing said gives no cue', () => {
  expect(toSrt([])).toBe('');
  expect(toVtt([])).toBe('WEBVTT\n\n');
});
