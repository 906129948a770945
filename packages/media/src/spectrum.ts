/**
 * Magnitudes of the Fourier transform of real values: bins 0 to length / 2, by the iterative radix-2 algorithm of Cooley and Tukey (1965).
 * @param length a power of two
 * @returns a function of that many values; its result is overwritten by the next call
 */
export function createSpectrum(length: number): (values: Float32Array) => Float64Array {
  const places = Uint32Array.from({ length }, (_, i) => reversedBits(i, Math.log2(length)));
  const cosines = Float64Array.from({ length: length / 2 }, (_, i) => Math.cos((2 * Math.PI * i) / length));
  const sines = Float64Array.from({ length: length / 2 }, (_, i) => -Math.sin((2 * Math.PI * i) / length));
  const real = new Float64Array(length);
  const imaginary = new Float64Array(length);
  const magnitudes = new Float64Array(length / 2 + 1);
  return (values) => {
    imaginary.fill(0);
    for (let i = 0; i < length; i++) real[places[i] as number] = values[i] as number;
    for (let half = 1; half < length; half *= 2) combine(real, imaginary, half, cosines, sines);
    for (let i = 0; i < magnitudes.length; i++) magnitudes[i] = Math.sqrt((real[i] as number) ** 2 + (imaginary[i] as number) ** 2);
    return magnitudes;
  };
}

/** Makes transforms of twice the length out of neighbours of `half` values each. */
function combine(real: Float64Array, imaginary: Float64Array, half: number, cosines: Float64Array, sines: Float64Array): void {
  const stride = real.length / (2 * half);
  for (let start = 0; start < real.length; start += 2 * half) {
    for (let k = 0; k < half; k++) {
      const [even, odd] = [start + k, start + k + half];
      const [c, s] = [cosines[k * stride] as number, sines[k * stride] as number];
      const turnedReal = c * (real[odd] as number) - s * (imaginary[odd] as number);
      const turnedImaginary = c * (imaginary[odd] as number) + s * (real[odd] as number);
      real[odd] = (real[even] as number) - turnedReal;
      imaginary[odd] = (imaginary[even] as number) - turnedImaginary;
      real[even] = (real[even] as number) + turnedReal;
      imaginary[even] = (imaginary[even] as number) + turnedImaginary;
    }
  }
}

function reversedBits(value: number, bits: number): number {
  let reversed = 0;
  for (let bit = 0; bit < bits; bit++) reversed |= ((value >> bit) & 1) << (bits - 1 - bit);
  return reversed >>> 0;
}
