/** Sound of one channel: samples in -1 to 1. */
export interface MonoSound {
  readonly samples: Float32Array;
  /** Samples a second. */
  readonly sampleRate: number;
}

/** Seconds of the piece whose loudness is looked at, and the loudness below which it counts as silence: -52 dB of full scale. */
const silenceWindowSeconds = 0.1;
const silenceRms = 0.0025;

/**
 * Whether a recording is silent throughout: no tenth of a second is louder than -52 dB of full scale (root mean square, a constant offset taken off).
 * Speech recognisers make up words for silence; a quiet room through a common microphone lies near -60 dB, low speech near -40 dB.
 */
export function isSilent({ samples, sampleRate }: MonoSound): boolean {
  const size = Math.max(1, Math.round(silenceWindowSeconds * sampleRate));
  for (let from = 0; from < samples.length; from += size) {
    const piece = samples.subarray(from, from + size);
    const mean = piece.reduce((sum, value) => sum + value, 0) / piece.length;
    const energy = piece.reduce((sum, value) => sum + (value - mean) ** 2, 0) / piece.length;
    if (Math.sqrt(energy) > silenceRms) return false;
  }
  return true;
}
