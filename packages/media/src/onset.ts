import type { MonoSound } from './sound/index.ts';
import { createSpectrum } from './spectrum.ts';

/** Samples a second that `onsetStrength` is meant for: beats and voices lie well below half of it. */
export const onsetSampleRate = 16_000;

/** 64 ms of sound at once, every 16 ms: finer than a frame of any film, long enough to tell notes apart. */
const windowSamples = 1024;
const hopSamples = 256;
/** How far quiet parts are raised against loud ones. */
const compression = 100;
/** The mean that is taken away is that of so many values to each side: a quarter of a second. */
const surroundings = 16;

/** How strongly something begins in a recording, at equal distances in time. */
export interface OnsetStrength {
  /** At least 0 each; one value every `secondsPerValue`, at its middle. */
  readonly strength: Float32Array;
  readonly secondsPerValue: number;
}

/**
 * Where notes, beats and words begin, and how strongly: spectral flux, which is the growth of the logarithmically compressed spectrum from one
 * moment to the next, summed over all frequencies, less its mean over the surroundings. Müller, "Fundamentals of Music Processing" (2015),
 * section 6.1.2, with a Hann window of 1024 samples, a hop of 256 and compression log(1 + 100 |X|).
 * The sound counts as silent before its beginning and behind its end, so that a track that begins with a beat has it.
 */
export function onsetStrength({ samples, sampleRate }: MonoSound): OnsetStrength {
  const flux = spectralFlux(samples);
  return { strength: aboveSurroundings(flux), secondsPerValue: hopSamples / sampleRate };
}

function spectralFlux(samples: Float32Array): Float32Array {
  const spectrum = createSpectrum(windowSamples);
  const window = Float32Array.from({ length: windowSamples }, (_, i) => (1 - Math.cos((2 * Math.PI * i) / windowSamples)) / windowSamples);
  const piece = new Float32Array(windowSamples);
  const flux = new Float32Array(Math.max(1, Math.ceil(samples.length / hopSamples)));
  let before = new Float64Array(windowSamples / 2 + 1);
  for (const [hop] of flux.entries()) {
    const start = Math.round((hop + 0.5) * hopSamples - windowSamples / 2);
    for (let i = 0; i < windowSamples; i++) piece[i] = (window[i] as number) * (samples[start + i] ?? 0);
    const now = spectrum(piece).map((magnitude) => Math.log1p(compression * magnitude));
    let growth = 0;
    for (let bin = 0; bin < now.length; bin++) growth += Math.max(0, (now[bin] as number) - (before[bin] as number));
    flux[hop] = growth;
    before = now;
  }
  return flux;
}

/** What stands out: values less the mean around them, where that leaves anything. */
function aboveSurroundings(values: Float32Array): Float32Array {
  const sums = new Float64Array(values.length + 1);
  for (const [i, value] of values.entries()) sums[i + 1] = (sums[i] as number) + value;
  return values.map((value, i) => {
    const from = Math.max(0, i - surroundings);
    const to = Math.min(values.length, i + surroundings + 1);
    return Math.max(0, value - ((sums[to] as number) - (sums[from] as number)) / (to - from));
  });
}
