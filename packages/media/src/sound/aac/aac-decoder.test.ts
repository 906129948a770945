import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { decodeAudio } from '../decode-audio.ts';
import type { DecodedPart } from '../decoded-part.ts';
import { amplitudeOf, fixture } from '../sound-files.ts';
import { openAac, openAdts } from './packets.ts';

const here = (name: string) => readFileSync(new URL(name, import.meta.url));

/** The frames of an ADTS file, each with its head. */
function framesOf(bytes: Uint8Array): Uint8Array[] {
  const frames: Uint8Array[] = [];
  for (let at = 0; at + 7 < bytes.length; ) {
    const length = (((bytes[at + 3] as number) & 3) << 11) | ((bytes[at + 4] as number) << 3) | ((bytes[at + 5] as number) >> 5);
    frames.push(bytes.subarray(at, at + length));
    at += length;
  }
  return frames;
}

function framed(head: Uint8Array, blocks: readonly Uint8Array[]): Uint8Array {
  const frame = Buffer.concat([head, ...blocks]);
  frame[3] = ((frame[3] as number) & 0xfc) | (frame.length >> 11);
  frame[4] = (frame.length >> 3) & 0xff;
  frame[5] = ((frame.length & 7) << 5) | ((frame[5] as number) & 31);
  frame[6] = ((frame[6] as number) & 0xfc) | (blocks.length - 1);
  return frame;
}

/** One channel of all parts; that of mono stands for any. */
const joined = (parts: readonly DecodedPart[], channel = 0) =>
  Float32Array.from(parts.flatMap(({ channels }) => [...(channels[channel] ?? channels[0] ?? [])]));
const failuresOf = (parts: readonly DecodedPart[]) => parts.reduce((sum, { failures }) => sum + failures, 0);

async function heard(frames: Uint8Array[]): Promise<readonly DecodedPart[]> {
  const decoder = openAdts();
  return [...(await decoder.decode(frames)), ...((await decoder.end?.()) ?? [])];
}

test('the module is the one that its README tells how to build', () => {
  const hash = createHash('sha256').update(here('./libxaac.wasm')).digest('hex');
  expect(here('../../../libxaac/README.md').toString()).toContain(hash);
});

test('the module imports nothing but its memory', async () => {
  expect(WebAssembly.Module.imports(await WebAssembly.compile(here('./libxaac.wasm')))).toEqual([{ module: 'env', name: 'memory', kind: 'memory' }]);
});

test.each([
  ['tone.aac', 16000, 1024, 0.002],
  ['tone-he.aac', 32000, 2048, 0.02],
  ['tone-he2.aac', 44100, 2048, 0.02],
])('%s has its full rate and length, a unit for each frame', async (name, sampleRate, samplesInUnit, error) => {
  const frames = framesOf(fixture(name));
  const parts = await heard(frames);
  expect(failuresOf(parts)).toBe(0);
  expect(new Set(parts.map((part) => part.sampleRate))).toEqual(new Set([sampleRate]));
  const samples = joined(parts);
  expect(samples).toHaveLength(frames.length * samplesInUnit);
  // Parametric stereo moves energy between the channels.
  const power = [0, 1].map((channel) => amplitudeOf(440, { samples: joined(parts, channel), sampleRate }) ** 2 / 2);
  expect(Math.abs(Math.sqrt((power[0] as number) + (power[1] as number)) - 0.5)).toBeLessThan(error);
});

test('a frame with several blocks gives what frames of one block each give', async () => {
  for (const name of ['tone.aac', 'tone-he.aac']) {
    const frames = framesOf(fixture(name)).slice(0, 15);
    const byThrees = [0, 3, 6, 9, 12].map((i) => {
      const three = frames.slice(i, i + 3);
      return framed(
        (three[0] as Uint8Array).subarray(0, 7),
        three.map((frame) => frame.subarray(7)),
      );
    });
    expect(joined(await heard(byThrees))).toEqual(joined(await heard(frames)));
  }
});

test('a head that tells of SBR gives the same as one that does not', async () => {
  const units = framesOf(fixture('tone-he.aac')).map((frame) => frame.subarray(7));
  // Object type 5, a core of 16 kHz (index 8), one channel, 32 kHz (index 5), object type 2: ISO/IEC 14496-3, 1.6.2.1.
  const told = await openAac(Uint8Array.of(0b00101_100, 0b0_0001_010, 0b1_00010_00, 0), 0);
  const silent = await openAac(Uint8Array.of(0b00010_100, 0b0_0001_000), 0);
  const [a, b] = await Promise.all([told, silent].map(async (decoder) => joined([...(await decoder.decode(units)), ...((await decoder.end?.()) ?? [])])));
  expect(a).toHaveLength(units.length * 2048);
  expect(a).toEqual(b);
});

test('a broken unit is one failure, and what follows is as it was but for noise', async () => {
  const frames = framesOf(fixture('tone.aac'));
  const whole = joined(await heard(frames));
  const broken = frames.map((frame, i) => (i === 4 ? Buffer.concat([frame.subarray(0, 7), Buffer.alloc(frame.length - 7, 0xff)]) : frame));
  const parts = await heard(broken);
  expect(failuresOf(parts)).toBe(1);
  // Noise that the encoder left to the decoder is drawn by it.
  const end = whole.subarray(-4096);
  expect(
    joined(parts)
      .subarray(-4096)
      .every((sample, i) => Math.abs(sample - (end[i] as number)) < 0.02),
  ).toBe(true);
});

test('units of random bytes throw nothing and take no more memory than a decoder may', async () => {
  const seed = 20261128;
  let state = seed;
  const random = () => {
    state = (Math.imul(state, 1103515245) + 12345) & 0x7fffffff;
    return state / 0x80000000;
  };
  const frames = Array.from({ length: 30 }, (_, i) => {
    const source = framesOf(fixture(['tone.aac', 'tone-he.aac', 'tone-he2.aac'][i % 3] as string))[i % 12] as Uint8Array;
    const frame = Uint8Array.from(source);
    for (let k = 0; k < 5; k++) frame[7 + Math.floor(random() * (frame.length - 7))] = Math.floor(random() * 256);
    return frame;
  });
  const before = process.memoryUsage.rss();
  const parts = await heard(frames);
  expect(failuresOf(parts), `seed ${seed}`).toBeGreaterThan(0);
  expect(process.memoryUsage.rss() - before, `seed ${seed}`).toBeLessThan(600 * 2 ** 20);
});

test('what encoders put before the sound is left out of MP4', async () => {
  const [whole, cut] = [await decodeAudio(fixture('tone-he.aac'), 32000), await decodeAudio(fixture('tone-he.m4a'), 32000)];
  expect(whole.samples.length - cut.samples.length).toBeGreaterThanOrEqual(0);
  expect(Math.abs(amplitudeOf(440, cut) - 0.5)).toBeLessThan(0.02);
});

test('AAC Main is refused by its name', async () => {
  await expect(decodeAudio(fixture('tone-main.aac'), 16000)).rejects.toMatchObject({ code: 'unsupported-media', message: expect.stringContaining('AAC Main') });
});

test('a file of nothing but broken packets is refused before all of them are tried', async () => {
  const frame = framesOf(fixture('tone.aac'))[3] as Uint8Array;
  const broken = Buffer.concat(Array.from({ length: 1000 }, () => Buffer.concat([frame.subarray(0, 7), Buffer.alloc(frame.length - 7, 0xff)])));
  await expect(decodeAudio(broken, 16000)).rejects.toMatchObject({
    code: 'damaged-media',
    message: expect.stringMatching(/^The recording is damaged: \d{2,3} of its \d{2,3} packets/),
  });
});
