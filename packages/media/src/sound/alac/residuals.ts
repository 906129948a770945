import type { Bits } from './bits.ts';

/** How residuals are coded: from the head of the file, and the factor of one channel. */
export interface ResidualCoding {
  readonly initialHistory: number;
  readonly historyMultiplier: number;
  readonly mostParameter: number;
}

/** Behind so many ones a number stands as it is. */
const longestPrefix = 9;

/** Adaptive Golomb codes with runs of zeros, as in the reference of Apple Lossless (ag_dec.c). @throws RangeError if the bits are wrong or run out */
export function readResiduals(bits: Bits, residuals: Int32Array, sampleBits: number, coding: ResidualCoding): void {
  let history = coding.initialHistory;
  let sign = 0;
  for (let i = 0; i < residuals.length; i++) {
    const parameter = Math.min(floorLog2((history >>> 9) + 3), coding.mostParameter);
    const value = readCode(bits, 2 ** parameter - 1, parameter, sampleBits) + sign;
    sign = 0;
    residuals[i] = value % 2 === 0 ? value / 2 : -(value + 1) / 2;
    history = value > 0xffff ? 0xffff : history + value * coding.historyMultiplier - Math.floor((history * coding.historyMultiplier) / 512);
    if (history >= 128 || i + 1 >= residuals.length) continue;
    const zerosParameter = Math.clz32(history) - 24 + ((history + 16) >> 6);
    const zeros = readCode(bits, (2 ** zerosParameter - 1) & (2 ** coding.mostParameter - 1), zerosParameter, 16);
    if (zeros > residuals.length - i - 1) throw new RangeError('more zeros than samples');
    residuals.fill(0, i + 1, i + 1 + zeros);
    i += zeros;
    sign = zeros <= 0xffff ? 1 : 0;
    history = 0;
  }
}

const floorLog2 = (value: number) => 31 - Math.clz32(value);

function readCode(bits: Bits, modulus: number, parameter: number, plainBits: number): number {
  let quotient = 0;
  while (quotient < longestPrefix && bits.read(1) === 1) quotient++;
  if (quotient === longestPrefix) return bits.read(plainBits);
  if (parameter <= 1) return quotient;
  // A remainder of zero takes one bit less.
  const high = bits.read(parameter - 1);
  const remainder = high === 0 ? 0 : high * 2 + bits.read(1) - 1;
  return quotient * modulus + remainder;
}
