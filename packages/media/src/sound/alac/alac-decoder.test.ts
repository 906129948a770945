import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import { openTrack } from '../open-track.ts';
import { decodeTrack } from '../packet-decoders.ts';
import { fixture } from '../sound-files.ts';
import { type AlacConfig, alacConfig, decodeAlac } from './alac-decoder.ts';

const config: AlacConfig = {
  samplesInPacket: 4,
  bits: 16,
  channels: 1,
  sampleRate: 8000,
  coding: { initialHistory: 10, historyMultiplier: 40, mostParameter: 14 },
};

/** Bits written as text, filled up to whole bytes. */
const bytes = (text: string) => {
  const bits = text.replaceAll(' ', '');
  return Uint8Array.from({ length: Math.ceil(bits.length / 8) }, (_, i) => Number.parseInt(bits.slice(i * 8, i * 8 + 8).padEnd(8, '0'), 2));
};

test('a recording in stereo comes back bit by bit as ffmpeg decodes it', async () => {
  const hash = createHash('sha256');
  for await (const { channels, failures } of decodeTrack(await openTrack(fixture('tone-alac.m4a')), () => undefined)) {
    expect(failures).toBe(0);
    const [left, right] = channels as [Float32Array, Float32Array];
    hash.update(Int16Array.from({ length: 2 * left.length }, (_, i) => ((i % 2 === 0 ? left : right)[i >> 1] as number) * 32768));
  }
  expect(hash.digest('hex')).toBe('790d36a0c615c5245e423c7425b0af6e8c55b5a07a4fe6268b5e26628d06dbe0');
});

test('samples that stand as they are, with their sign', () => {
  const head = '000 0000 000000000000 0 00 1';
  const samples = '0100000000000000 1100000000000000 0000000000000001 1111111111111111';
  expect(decodeAlac(bytes(`${head} ${samples} 111`), config)).toEqual([Float32Array.of(0.5, -0.5, 1 / 32768, -1 / 32768)]);
});

test.each([
  ['that ends too early', '000 0000 000000000000 0 00 1 0100000000000000'],
  ['with more samples than its head tells', `000 0000 000000000000 1 00 1 ${'1'.repeat(32)}`],
  ['of an element that is not read', '010 0000'],
  ['with too many channels', `${'000 0000 000000000000 1 00 1 00000000000000000000000000000000 '.repeat(2)} 111`],
  ['with no channel', '111'],
  ['whose zeros are more than its samples', `000 0000 000000000000 0 00 0 00000000 00000000 0000 0000 100 00000 ${'0'.repeat(8)} 111111111 1111111111111111`],
])('a packet %s is refused', (_what, text) => {
  expect(() => decodeAlac(bytes(text), config)).toThrow(RangeError);
});

test('heads that cannot be are none', () => {
  const cookie = Uint8Array.of(0, 0, 16, 0, 0, 16, 40, 10, 14, 2, 0, 255, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xac, 0x44);
  expect(alacConfig(cookie)).toMatchObject({ samplesInPacket: 4096, bits: 16, channels: 2, sampleRate: 44100 });
  expect(alacConfig(cookie.subarray(0, 23))).toBeUndefined();
  for (const [at, value] of [
    [0, 1],
    [5, 17],
    [8, 40],
    [9, 0],
    [9, 9],
  ] as const) {
    const wrong = Uint8Array.from(cookie);
    wrong[at] = value;
    expect(alacConfig(wrong), `${value} at ${at}`).toBeUndefined();
  }
});
