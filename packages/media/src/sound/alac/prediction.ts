const signExtended = (value: number, bits: number) => (value << (32 - bits)) >> (32 - bits);

/** The order that stands for plain differences. */
const differences = 31;

/** Samples from differences of neighbours. */
export function undoDifferences(samples: Int32Array, bits: number, from = 1, to = samples.length): void {
  for (let i = from; i < to; i++) samples[i] = signExtended((samples[i] as number) + (samples[i - 1] as number), bits);
}

/**
 * Samples from residuals of an adaptive linear prediction, in place (dp_dec.c of Apple's reference).
 * @param coefficients of the newest sample first; they are adapted
 */
export function undoPrediction(samples: Int32Array, bits: number, coefficients: Int16Array, shift: number): void {
  const order = coefficients.length;
  if (order === differences || order === 0) {
    if (order === differences) undoDifferences(samples, bits);
    return;
  }
  undoDifferences(samples, bits, 1, Math.min(order + 1, samples.length));
  const rounding = shift === 0 ? 0 : 1 << (shift - 1);
  for (let i = order + 1; i < samples.length; i++) {
    const base = samples[i - order - 1] as number;
    let sum = rounding;
    for (let j = 0; j < order; j++) sum = (sum + Math.imul((samples[i - 1 - j] as number) - base, coefficients[j] as number)) | 0;
    const error = samples[i] as number;
    samples[i] = signExtended((sum >> shift) + base + error, bits);
    adapt(samples, i, base, coefficients, shift, error);
  }
}

/** Moves coefficients by one, from that of the oldest sample on, until they would have made up for the error. */
function adapt(samples: Int32Array, at: number, base: number, coefficients: Int16Array, shift: number, error: number): void {
  const direction = Math.sign(error);
  let left = Math.abs(error);
  for (let j = coefficients.length - 1, weight = 1; j >= 0 && left > 0; j--, weight++) {
    const difference = (samples[at - 1 - j] as number) - base;
    const sign = Math.sign(difference) * direction;
    coefficients[j] = (coefficients[j] as number) + sign;
    left -= direction * ((difference * sign) >> shift) * weight;
  }
}
