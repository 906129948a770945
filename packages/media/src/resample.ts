/** Zero crossings of the sinc on each side: the steepness of the filter, whose upper 6 % fall away. */
const zeroCrossings = 32;
const passband = 0.94;
/** Kaiser's window; at 9 what is folded back is below -90 dB. */
const kaiserBeta = 9;

/**
 * Changes a sample rate without folding back what the new rate cannot hold: a windowed sinc, evaluated exactly at each new sample
 * (Smith, "Digital Audio Resampling", ccrma.stanford.edu/~jos/resample). Both ends are taken as followed by silence.
 * @param from samples a second that the sound has, a whole number
 * @param to samples a second that it shall have, a whole number
 */
export function resample(samples: Float32Array, from: number, to: number): Float32Array {
  if (from === to) return samples;
  const divisor = greatestCommonDivisor(from, to);
  const [up, down] = [to / divisor, from / divisor];
  const cutoff = Math.min(1, to / from) * passband;
  const reach = Math.ceil(zeroCrossings / cutoff);
  const phases = filterPhases(up, cutoff, reach);
  const taps = 2 * reach;
  const result = new Float32Array(Math.ceil((samples.length * to) / from));
  for (let i = 0; i < result.length; i++) {
    const phase = (i * down) % up;
    const first = Math.floor((i * down) / up) - reach + 1;
    let sum = 0;
    const start = Math.max(0, -first);
    const end = Math.min(taps, samples.length - first);
    for (let tap = start; tap < end; tap++) sum += (phases[phase * taps + tap] as number) * (samples[first + tap] as number);
    result[i] = sum;
  }
  return result;
}

/** For every place between two old samples that a new one can take, the weights of the old samples around it; they add up to 1. */
function filterPhases(up: number, cutoff: number, reach: number): Float32Array {
  const taps = 2 * reach;
  const phases = new Float32Array(up * taps);
  for (let phase = 0; phase < up; phase++) {
    const weights = Array.from({ length: taps }, (_, tap) => windowedSinc(tap - reach + 1 - phase / up, cutoff, reach));
    const sum = weights.reduce((total, weight) => total + weight, 0);
    for (const [tap, weight] of weights.entries()) phases[phase * taps + tap] = weight / sum;
  }
  return phases;
}

function windowedSinc(distance: number, cutoff: number, reach: number): number {
  const inside = 1 - (distance / reach) ** 2;
  if (inside <= 0) return 0;
  const x = Math.PI * distance * cutoff;
  return (x === 0 ? 1 : Math.sin(x) / x) * besselI0(kaiserBeta * Math.sqrt(inside));
}

/** The modified Bessel function of order zero, by its series. */
function besselI0(x: number): number {
  let term = 1;
  let sum = 1;
  for (let k = 1; term > sum * 1e-12; k++) {
    term *= (x / (2 * k)) ** 2;
    sum += term;
  }
  return sum;
}

function greatestCommonDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestCommonDivisor(b, a % b);
}
