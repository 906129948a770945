import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { decodeAudio, isSilent, type MonoSound } from './audio.ts';
import { resample } from './resample.ts';
import { sniffMediaType } from './sniff.ts';
import { encodeWav } from './wav.ts';

const fixture = (name: string) => new Uint8Array(readFileSync(new URL(`../fixtures/${name}`, import.meta.url)));

function tone(frequency: number, sampleRate: number, seconds = 1, amplitude = 0.5): MonoSound {
  const samples = Float32Array.from({ length: seconds * sampleRate }, (_, i) => amplitude * Math.sin((2 * Math.PI * frequency * i) / sampleRate));
  return { samples, sampleRate };
}

/** The amplitude of one frequency in the middle half of a sound. */
function amplitudeOf(frequency: number, { samples, sampleRate }: MonoSound): number {
  const piece = samples.subarray(samples.length / 4, (3 * samples.length) / 4);
  const part = (shift: number) => piece.reduce((sum, value, i) => sum + value * Math.cos((2 * Math.PI * frequency * i) / sampleRate - shift), 0);
  return (2 * Math.hypot(part(0), part(Math.PI / 2))) / piece.length;
}

const files = {
  'tone.mp3': 'audio/mpeg',
  'tone.ogg': 'audio/ogg',
  'tone-opus.ogg': 'audio/ogg',
  'tone.flac': 'audio/flac',
  'tone.m4a': 'audio/mp4',
  'recorded.webm': 'audio/webm',
  'recorded.mp4': 'audio/mp4',
  'recorded-opus.mp4': 'audio/mp4',
} as const;

describe.each(Object.entries(files))('%s', (name, mediaType) => {
  test('is recognised and decoded: one second of a tone of 440 Hz at half of full scale', async () => {
    expect(sniffMediaType(fixture(name))).toBe(mediaType);
    const sound = await decodeAudio(fixture(name), 16000);
    expect(Math.abs(sound.samples.length - 16000)).toBeLessThan(500);
    expect(amplitudeOf(440, sound)).toBeGreaterThan(0.45);
    expect(amplitudeOf(440, sound)).toBeLessThan(0.55);
    expect(amplitudeOf(1000, sound)).toBeLessThan(0.02);
  });

  test('cut within one of its parts, it is damaged', async () => {
    const whole = fixture(name);
    for (const share of [0.2, 0.53, 0.83, 0.97]) {
      const cut = whole.subarray(0, Math.floor(whole.length * share));
      await expect(decodeAudio(cut, 16000), `cut at ${share}`).rejects.toMatchObject({ code: 'damaged-media' });
    }
  });
});

test('a WAV comes back as it was written, to a sixteen-bit step', async () => {
  const sound = tone(300, 16000, 0.5);
  const back = await decodeAudio(encodeWav(sound), 16000);
  expect(back.samples).toHaveLength(8000);
  for (const [i, sample] of back.samples.entries()) expect(Math.abs(sample - (sound.samples[i] as number))).toBeLessThan(1 / 16000);
});

test('a WAV cut anywhere after its name is damaged, but one that was streamed without a length is not', async () => {
  const bytes = encodeWav(tone(300, 16000, 0.5));
  for (const length of [14, 30, 44, 45, 5000, bytes.length - 1]) {
    await expect(decodeAudio(bytes.subarray(0, length), 16000), `first ${length} bytes`).rejects.toMatchObject({ code: 'damaged-media' });
  }
  const streamed = bytes.slice();
  new DataView(streamed.buffer).setUint32(40, 0xffff_ffff, true);
  expect((await decodeAudio(streamed, 16000)).samples).toHaveLength(8000);
});

test('two channels are averaged', async () => {
  const mono = encodeWav(tone(300, 16000, 0.5));
  const view = new DataView(mono.buffer);
  view.setUint16(22, 2, true);
  view.setUint32(28, 64000, true);
  view.setUint16(32, 4, true);
  expect((await decodeAudio(mono, 16000)).samples).toHaveLength(4000);
});

test('what is no sound is unsupported and says what it is', async () => {
  await expect(decodeAudio(new TextEncoder().encode('hello there'), 16000)).rejects.toMatchObject({ code: 'unsupported-media' });
  await expect(decodeAudio(new Uint8Array([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]), 16000)).rejects.toThrow(/image\/png/);
  await expect(decodeAudio(new Uint8Array(), 16000)).rejects.toMatchObject({ code: 'unsupported-media' });
});

test('a recording that is too long is refused', async () => {
  const long = encodeWav({ samples: new Float32Array(31 * 60 * 1000), sampleRate: 1000 });
  await expect(decodeAudio(long, 1000)).rejects.toMatchObject({ code: 'too-large' });
});

test('resampling keeps what fits below the new limit and drops what would fold back', () => {
  for (const [from, to] of [
    [44100, 16000],
    [48000, 16000],
    [8000, 16000],
    [22050, 44100],
  ] as const) {
    const kept = { samples: resample(tone(1000, from).samples, from, to), sampleRate: to };
    expect(kept.samples).toHaveLength(to);
    expect(Math.abs(amplitudeOf(1000, kept) - 0.5)).toBeLessThan(1e-3);
  }
  const folded = { samples: resample(tone(9000, 48000).samples, 48000, 16000), sampleRate: 16000 };
  expect(amplitudeOf(7000, folded)).toBeLessThan(1e-4);
});

test('silence is silent, also with an offset or a quiet room; low speech and one short word are not', () => {
  const silent = (amplitude: number, offset = 0) =>
    isSilent({ samples: tone(200, 16000, 2, amplitude).samples.map((value) => value + offset), sampleRate: 16000 });
  expect(silent(0)).toBe(true);
  expect(silent(0, 0.2)).toBe(true);
  expect(silent(0.001)).toBe(true);
  expect(silent(0.014)).toBe(false);
  const word = new Float32Array(160000);
  word.set(tone(200, 16000, 0.25, 0.05).samples, 80000);
  expect(isSilent({ samples: word, sampleRate: 16000 })).toBe(false);
});
