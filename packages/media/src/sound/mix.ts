import { joined } from './resample.ts';

/**
 * Brings channels to one so that no voice is lost. A plain mean loses what two channels hold with opposite signs, and makes what one of many holds quiet.
 * - Silent channels are left out.
 * - Of two channels that go together throughout, the sum is taken; of two that are opposite throughout, the difference.
 * - Of others the second is turned by 90 degrees first (Hilbert's transform; Oppenheim and Schafer, "Discrete-Time Signal Processing", chapter 12): what
 *   they share can then not cancel, whatever its sign.
 *
 * The result is as loud as the loudest channel, and within -1 to 1 if that is.
 * @param channels samples of each, all of the same length
 */
export function mixChannels(channels: readonly Float32Array[], sampleRate: number): Float32Array {
  const [first = new Float32Array()] = channels;
  if (channels.length < 2) return first;
  const size = Math.max(1, Math.round(windowSeconds * sampleRate));
  const heard = channels.filter((channel) => loudest(channel, size) > silence);
  const byEnergy = heard.toSorted((a, b) => energyOf(b) - energyOf(a));
  const [reference, ...others] = byEnergy;
  if (reference === undefined) return first;
  const mix = others.reduce((sum, channel) => added(sum, channel, size), reference);
  return others.length === 0 ? mix : scaled(mix, Math.sqrt(energyOf(reference) / Math.max(Number.MIN_VALUE, energyOf(mix))));
}

/** Seconds that are compared at once: about a syllable. */
const windowSeconds = 0.25;
/** Mean square below which a window counts as silent: -80 dB of full scale. */
const silence = 1e-8;
const goesTogether = 0.9;

function added(sum: Float32Array, channel: Float32Array, size: number): Float32Array {
  const { least, greatest } = correlations(sum, channel, size);
  if (least >= goesTogether) return sum.map((value, i) => value + (channel[i] as number));
  if (greatest <= -goesTogether) return sum.map((value, i) => value - (channel[i] as number));
  const turned = turnedByQuarter(channel);
  return sum.map((value, i) => value + (turned[i] as number));
}

/** The least and the greatest correlation of two channels in windows where both can be heard. */
function correlations(a: Float32Array, b: Float32Array, size: number): { least: number; greatest: number } {
  let [least, greatest] = [1, -1];
  for (let from = 0; from < a.length; from += size) {
    const until = Math.min(a.length, from + size);
    let [aa, bb, ab] = [0, 0, 0];
    for (let i = from; i < until; i++) {
      const [left, right] = [a[i] as number, b[i] as number];
      aa += left * left;
      bb += right * right;
      ab += left * right;
    }
    if (Math.min(aa, bb) < silence * (until - from)) continue;
    const correlation = ab / Math.sqrt(aa * bb);
    least = Math.min(least, correlation);
    greatest = Math.max(greatest, correlation);
  }
  return { least, greatest };
}

/** Old samples to each side that the transform looks at. */
const reach = 127;
const weights = Float32Array.from({ length: reach + 1 }, (_, i) =>
  i % 2 === 0 ? 0 : (2 / (Math.PI * i)) * (0.54 + 0.46 * Math.cos((Math.PI * i) / (reach + 1))),
);

/** All frequencies turned by a quarter of their period, but for the very lowest and highest; by a windowed filter. */
function turnedByQuarter(samples: Float32Array): Float32Array {
  const padded = joined([new Float32Array(reach), samples, new Float32Array(reach)]);
  return samples.map((_, i) => {
    let sum = 0;
    for (let distance = 1; distance <= reach; distance += 2) {
      sum += (weights[distance] as number) * ((padded[i + reach - distance] as number) - (padded[i + reach + distance] as number));
    }
    return sum;
  });
}

function energyOf(samples: Float32Array): number {
  let sum = 0;
  for (const sample of samples) sum += sample * sample;
  return sum;
}

/** The greatest mean square of a window, a constant offset taken off. */
function loudest(samples: Float32Array, size: number): number {
  let most = 0;
  for (let from = 0; from < samples.length; from += size) {
    const piece = samples.subarray(from, from + size);
    const mean = piece.reduce((sum, value) => sum + value, 0) / piece.length;
    most = Math.max(most, energyOf(piece) / piece.length - mean * mean);
  }
  return most;
}

function scaled(samples: Float32Array, factor: number): Float32Array {
  const peak = samples.reduce((most, value) => Math.max(most, Math.abs(value)), 0) * factor;
  const bounded = peak > 1 ? factor / peak : factor;
  return samples.map((value) => value * bounded);
}
