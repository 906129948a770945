/** Zero crossings of the sinc on each side: the steepness of the filter, whose upper 6 % fall away. */
const zeroCrossings = 32;
const passband = 0.94;
/** Kaiser's window; at 9 what is folded back is below -90 dB. */
const kaiserBeta = 9;
/** Places between two old samples for which weights are kept; rates with more in common than this take the nearest. */
const mostPhases = 2048;

/**
 * Changes a sample rate without folding back what the new rate cannot hold: a windowed sinc, evaluated at each new sample
 * (Smith, "Digital Audio Resampling", ccrma.stanford.edu/~jos/resample). Both ends are taken as followed by silence.
 * @param from samples a second that the sound has, a whole number
 * @param to samples a second that it shall have, a whole number
 */
export function resample(samples: Float32Array, from: number, to: number): Float32Array {
  if (from === to) return samples;
  const resampler = new Resampler(from, to);
  return joined([resampler.push(samples), resampler.end()]);
}

/** Samples one part after the other. */
export function joined(parts: readonly Float32Array[]): Float32Array {
  const [only] = parts;
  if (parts.length === 1 && only !== undefined) return only;
  const whole = new Float32Array(parts.reduce((sum, part) => sum + part.length, 0));
  let offset = 0;
  for (const part of parts) {
    whole.set(part, offset);
    offset += part.length;
  }
  return whole;
}

/** {@link resample} for sound that comes in parts: it holds no more of it than its filters are long. */
export class Resampler {
  readonly #stages: readonly Stage[];

  constructor(from: number, to: number) {
    this.#stages = stagesOf(from, to);
  }

  /** @returns the new samples for which all that matters has come; the values must not be changed */
  push(samples: Float32Array): Float32Array {
    return this.#stages.reduce((part, stage) => stage.push(part), samples);
  }

  /** @returns what is left, with silence behind the end */
  end(): Float32Array {
    return this.#stages.reduce<Float32Array>((part, stage) => joined([stage.push(part), stage.end()]), new Float32Array());
  }
}

/** Above this ratio a short filter first keeps every nth sample: the long one that the end needs would cost too much at the rate of the beginning. */
const steepRatio = 8;
const keptRatio = 4;

function stagesOf(from: number, to: number): Stage[] {
  if (from === to) return [];
  const cutoff = Math.min(1, to / from) * passband;
  const direct = () => [new Stage(from, to, cutoff, Math.ceil(zeroCrossings / cutoff))];
  const every = from < steepRatio * to ? 1 : greatestDivisor(from, Math.floor(from / (keptRatio * to)));
  if (every === 1) return direct();
  // What folds back may lie above what is wanted: by Kaiser's formula for 90 dB, the wider this band, the shorter the filter.
  const band = (2 * Math.PI * (from / every - to)) / from;
  const first = new Stage(from, from / every, 1 / every, Math.ceil(82 / (2.285 * band) / 2));
  return [first, ...stagesOf(from / every, to)];
}

function greatestDivisor(value: number, most: number): number {
  for (let divisor = most; divisor > 1; divisor--) if (value % divisor === 0) return divisor;
  return 1;
}

class Stage {
  readonly #up: number;
  readonly #down: number;
  readonly #reach: number;
  readonly #phases: Float32Array;
  readonly #phaseCount: number;
  /** Old samples that are still needed, and the number of the first of them. */
  #held: Float32Array;
  #heldFrom: number;
  #received = 0;
  #made = 0;

  /**
   * @param cutoff share of the old band that is kept
   * @param reach old samples to each side that count
   */
  constructor(from: number, to: number, cutoff: number, reach: number) {
    const divisor = greatestCommonDivisor(from, to);
    this.#up = to / divisor;
    this.#down = from / divisor;
    this.#reach = reach;
    this.#phaseCount = Math.min(this.#up, mostPhases);
    this.#phases = filterPhases(this.#phaseCount, cutoff, reach);
    this.#held = new Float32Array(this.#reach);
    this.#heldFrom = -this.#reach;
  }

  push(samples: Float32Array): Float32Array {
    this.#received += samples.length;
    const last = this.#received - this.#reach;
    return this.#advance(samples, Math.max(0, Math.ceil((last * this.#up) / this.#down)));
  }

  end(): Float32Array {
    return this.#advance(new Float32Array(this.#reach + 1), Math.ceil((this.#received * this.#up) / this.#down));
  }

  #advance(samples: Float32Array, until: number): Float32Array {
    const held = joined([this.#held, samples]);
    const taps = 2 * this.#reach;
    const result = new Float32Array(Math.max(0, until - this.#made));
    for (let i = 0; i < result.length; i++) {
      const place = (this.#made + i) * this.#down;
      const phase = Math.floor(((place % this.#up) * this.#phaseCount) / this.#up);
      const first = Math.floor(place / this.#up) - this.#reach + 1 - this.#heldFrom;
      let sum = 0;
      for (let tap = 0; tap < taps; tap++) sum += (this.#phases[phase * taps + tap] as number) * (held[first + tap] as number);
      result[i] = sum;
    }
    this.#made += result.length;
    const needed = Math.floor((this.#made * this.#down) / this.#up) - this.#reach + 1;
    const dropped = Math.max(0, Math.min(held.length, needed - this.#heldFrom));
    this.#held = held.slice(dropped);
    this.#heldFrom += dropped;
    return result;
  }
}

/** For every place between two old samples that a new one can take, the weights of the old samples around it; they add up to 1. */
function filterPhases(count: number, cutoff: number, reach: number): Float32Array {
  const taps = 2 * reach;
  const phases = new Float32Array(count * taps);
  for (let phase = 0; phase < count; phase++) {
    const weights = Array.from({ length: taps }, (_, tap) => windowedSinc(tap - reach + 1 - phase / count, cutoff, reach));
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
