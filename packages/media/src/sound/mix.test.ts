import { expect, test } from 'vitest';
import { decodeAudio } from './decode-audio.ts';
import { mixChannels } from './mix.ts';
import { amplitudeOf, chunk, encoded, format, riff, toneAt } from './sound-files.ts';

const rate = 16000;
const voice = toneAt(300, rate);
const other = toneAt(500, rate);
const silence = new Float32Array(rate);
const times = (samples: Float32Array, factor: number) => samples.map((value) => value * factor);
const plus = (a: Float32Array, b: Float32Array) => a.map((value, i) => value + (b[i] as number));
const heard = (channels: Float32Array[], frequency = 300) => amplitudeOf(frequency, { samples: mixChannels(channels, rate), sampleRate: rate });

test('a voice in two channels of opposite sign is as loud as in one', () => {
  expect(heard([voice, times(voice, -1)])).toBeCloseTo(0.5, 2);
  expect(heard([voice, times(voice, -0.9)])).toBeCloseTo(0.5, 2);
  expect(heard([voice, voice])).toBeCloseTo(0.5, 2);
});

test('a voice of opposite sign is not lost behind what both channels share, louder or earlier', () => {
  const shared = times(other, 1.4);
  expect(heard([plus(shared, times(voice, 0.4)), plus(shared, times(voice, -0.4))])).toBeGreaterThan(0.1);
  const first = Float32Array.from(other, (value, i) => (i < rate / 4 ? value : 0));
  const then = Float32Array.from(voice, (value, i) => (i < rate / 4 ? 0 : value));
  expect(heard([plus(first, then), plus(first, times(then, -1))])).toBeGreaterThan(0.3);
});

test('a voice in one quiet channel of six is as loud as that channel, wherever it is', () => {
  for (let place = 0; place < 6; place++) {
    const channels = Array.from({ length: 6 }, (_, channel) => (channel === place ? times(voice, 0.05) : silence));
    expect(heard(channels), `channel ${place}`).toBeCloseTo(0.025, 3);
  }
});

test('two voices in two channels are both heard, and no mix is clipped', () => {
  for (const frequency of [300, 500]) expect(heard([voice, other], frequency)).toBeGreaterThan(0.3);
  const mix = mixChannels([times(voice, 2), times(other, 2)], rate);
  expect(mix.every((value) => Math.abs(value) <= 1)).toBe(true);
});

test('silence stays silence', () => {
  expect(mixChannels([silence, silence, silence], rate).every((value) => value === 0)).toBe(true);
});

test('a WAV of six channels with the voice in two of them, of opposite sign, is heard', async () => {
  const six = Float32Array.from({ length: 6 * rate }, (_, i) => [0, 0.1, 0, -0.1, 0, 0][i % 6] as number).map(
    (factor, i) => factor * (voice[Math.floor(i / 6)] as number),
  );
  const bytes = riff(format(1, 24, { channels: 6, sampleRate: rate }), chunk('data', encoded(six, 24)));
  expect(amplitudeOf(300, await decodeAudio(bytes, rate))).toBeCloseTo(0.05, 2);
});
