import { expect, test } from 'vitest';
import { encodeWav } from './wav.ts';

test('a WAV states its rate and size, and clips what is too loud', () => {
  const bytes = encodeWav({ samples: new Float32Array([0, 1, -1, 2, -2, 0.5]), sampleRate: 16_000 });
  const view = new DataView(bytes.buffer);
  expect(new TextDecoder().decode(bytes.subarray(0, 4)) + new TextDecoder().decode(bytes.subarray(8, 16))).toBe('RIFFWAVEfmt ');
  expect([view.getUint32(4, true), view.getUint32(24, true), view.getUint32(28, true), view.getUint32(40, true)]).toEqual([48, 16_000, 32_000, 12]);
  expect(Array.from({ length: 6 }, (_, index) => view.getInt16(44 + index * 2, true))).toEqual([0, 32767, -32767, 32767, -32767, 16384]);
});
