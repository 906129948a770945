import { expect, test } from 'vitest';
import { onsetSampleRate, onsetStrength } from './onset.ts';
import { createSpectrum } from './spectrum.ts';

/** Short dying tones at the given seconds, over a steady hum. */
function track(seconds: number, beats: readonly number[], hum = 0.05): Float32Array {
  return Float32Array.from({ length: seconds * onsetSampleRate }, (_, i) => {
    const time = i / onsetSampleRate;
    const since = time - (beats.filter((beat) => beat <= time).at(-1) ?? Number.POSITIVE_INFINITY);
    const beat = since >= 0 ? Math.exp(-since * 40) * Math.sin(2 * Math.PI * 880 * since) : 0;
    return hum * Math.sin(2 * Math.PI * 220 * time) + 0.6 * beat;
  });
}

test('the strongest onsets of a track lie at its beats, within 40 ms', () => {
  const beats = [0.5, 1.1, 1.6, 2.45, 3.3];
  const { strength, secondsPerValue } = onsetStrength({ samples: track(4, beats), sampleRate: onsetSampleRate });
  for (const beat of beats) {
    const around = strength.subarray(Math.round((beat - 0.2) / secondsPerValue), Math.round((beat + 0.2) / secondsPerValue));
    const peak = (Math.round((beat - 0.2) / secondsPerValue) + around.indexOf(Math.max(...around)) + 0.5) * secondsPerValue;
    expect(Math.abs(peak - beat), `beat at ${beat} s`).toBeLessThan(0.04);
    const quiet = strength[Math.round((beat - 0.2) / secondsPerValue)] as number;
    expect(Math.max(...around)).toBeGreaterThan(20 * quiet + 1);
  }
});

test('a steady tone, silence and an empty sound begin nowhere but at their start', () => {
  const steady = onsetStrength({ samples: track(2, []), sampleRate: onsetSampleRate }).strength;
  expect(Math.max(...steady.subarray(20, -20))).toBeLessThan(0.01 * Math.max(...steady));
  for (const length of [0, 5000]) expect(Math.max(...onsetStrength({ samples: new Float32Array(length), sampleRate: onsetSampleRate }).strength)).toBe(0);
});

test('a spectrum has the amplitudes that the definition of the Fourier transform gives', () => {
  const values = Float32Array.from({ length: 16 }, (_, i) => Math.sin(i * i) + 0.3 * i);
  const found = [...createSpectrum(16)(values)];
  for (const [bin, magnitude] of found.entries()) {
    const part = (shift: number) => values.reduce((sum, value, i) => sum + value * Math.cos((2 * Math.PI * bin * i) / 16 - shift), 0);
    expect(magnitude).toBeCloseTo(Math.hypot(part(0), part(Math.PI / 2)), 6);
  }
  expect(found).toHaveLength(9);
});
