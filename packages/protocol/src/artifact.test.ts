import { expect, test } from 'vitest';
import { MediaType, safeMediaType } from './artifact.ts';

test('media types are those of RFC 6838, with parameters, and nothing that could end a header', () => {
  const good = ['image/png', 'image/svg+xml', 'application/vnd.api+json', 'text/plain; charset=utf-8', 'audio/webm;codecs="opus, vorbis"', 'video/x-matroska'];
  const bad = [
    'image/png\r\nset-cookie: a=b',
    'image/png\n',
    'image',
    '/png',
    'image/',
    'image/png;',
    'text/plain; a="\r\n"',
    'image/pñg',
    'image/png, text/html',
    '',
  ];
  expect(good.filter((one) => !MediaType.safeParse(one).success)).toEqual([]);
  expect(bad.filter((one) => MediaType.safeParse(one).success)).toEqual([]);
  expect([...good, ...bad].map(safeMediaType)).toEqual([...good, ...bad.map(() => 'application/octet-stream')]);
  expect(MediaType.safeParse(`image/${'a'.repeat(300)}`).success).toBe(false);
});
