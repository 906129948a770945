import { expect, test } from 'vitest';
import { sniffMediaType } from './sniff.ts';

const bytesOf = (text: string) => Uint8Array.from(text, (character) => character.charCodeAt(0));

test.each([
  ['\x89PNG\r\n\x1a\n', 'image/png'],
  ['\xff\xd8\xff\xe0', 'image/jpeg'],
  ['\xff\xd8stray bytes\xff\xdb', 'image/jpeg'],
  ['GIF89a', 'image/gif'],
  ['RIFF\0\0\0\0WEBP', 'image/webp'],
  ['RIFF\0\0\0\0WAVE', 'audio/wav'],
  ['RF64\0\0\0\0WAVE', 'audio/wav'],
  ['\0\0\0\x1cftypavif', 'image/avif'],
  ['\0\0\0\x1cftypheic', 'image/heic'],
  ['\0\0\0\x1cftypM4A ', 'audio/mp4'],
  ['\0\0\0\x1cftypisom....vide', 'video/mp4'],
  ['\xff\xfb\x90\x64', 'audio/mpeg'],
  ['\xff\xf1\x50\x80', 'audio/aac'],
  ['ID3\x04', 'audio/mpeg'],
  ['ID3\x04\0\0\0\0\0\x03...fLaC......', 'audio/flac'],
  ['ID3\x04\0\0\0\0\0\x03...\xff\xf1\x50\x80......', 'audio/aac'],
  ['ID3\x04\0\0\0\0\x7f\x03...fLaC......', 'audio/mpeg'],
  ['\xff\xfd\x90\x64', 'audio/mpeg'],
  ['\x1a\x45\xdf\xa3....matroska....A_AAC', 'audio/x-matroska'],
  ['\x1a\x45\xdf\xa3....matroska....V_MPEG4....A_AAC', 'video/x-matroska'],
  ['\x1a\x45\xdf\xa3....webm....A_OPUS', 'audio/webm'],
  ['\x1a\x45\xdf\xa3....webm....V_VP9', 'video/webm'],
])('%j begins a file of its kind', (head, mediaType) => {
  expect(sniffMediaType(bytesOf(head))).toBe(mediaType);
});

test.each(['', 'R', 'hello', '{"a": 1}', '<svg>', 'RIFF\0\0\0\0AVI ', '\xff\xff\xff\xff', '\xff\xd8 is no image', '\xff\xfe\0\0'])(
  '%j is not taken for a picture, film or sound',
  (head) => {
    expect(sniffMediaType(bytesOf(head))).toBeUndefined();
  },
);
