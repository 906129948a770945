import { AtelierError } from '@atelier/protocol';
import { type FloatTensor, floatTensor } from './tensor.ts';

/** Beyond this cosine two directions count as one: the arc is so short that the chord is as good, and the sine in the divisor is near 0. */
const sameDirection = 0.9995;

/** The straight way from one list of values to another: exactly `from` at share 0 and `to` at share 1. */
export function lerp(from: Float32Array, to: Float32Array, share: number): Float32Array {
  requireEqualLength(from, to);
  const mixed = new Float32Array(from.length);
  for (let i = 0; i < mixed.length; i++) mixed[i] = (1 - share) * (from[i] as number) + share * (to[i] as number);
  return mixed;
}

/**
 * The way along the great arc between two directions: Shoemake, "Animating rotation with quaternion curves", SIGGRAPH 1985. Noise keeps its length so,
 * where the chord would cut through the sphere that normal noise lies on. Nearly equal, opposite or empty lists, which have no single arc, take the chord.
 */
export function slerp(from: Float32Array, to: Float32Array, share: number): Float32Array {
  requireEqualLength(from, to);
  const cosine = cosineOf(from, to);
  if (!(Math.abs(cosine) <= sameDirection)) return lerp(from, to, share);
  const angle = Math.acos(cosine);
  const ofFrom = Math.sin((1 - share) * angle) / Math.sin(angle);
  const ofTo = Math.sin(share * angle) / Math.sin(angle);
  const turned = new Float32Array(from.length);
  for (let i = 0; i < turned.length; i++) turned[i] = ofFrom * (from[i] as number) + ofTo * (to[i] as number);
  return turned;
}

/**
 * The way between two tensors of one shape, row by row of the last axis: for text states, each token goes its own way.
 * @param path `slerp` turns each row towards its partner, `lerp` goes straight
 */
export function interpolateRows(from: FloatTensor, to: FloatTensor, share: number, path: 'lerp' | 'slerp'): FloatTensor {
  if (path === 'lerp') return floatTensor(from.shape, lerp(from.data, to.data, share));
  requireEqualLength(from.data, to.data);
  const width = from.shape.at(-1) ?? 1;
  const data = new Float32Array(from.data.length);
  for (let row = 0; row < data.length; row += width) data.set(slerp(from.data.subarray(row, row + width), to.data.subarray(row, row + width), share), row);
  return floatTensor(from.shape, data);
}

/** Not a number where one of the two is all zeros. */
function cosineOf(a: Float32Array, b: Float32Array): number {
  let product = 0;
  let lengthA = 0;
  let lengthB = 0;
  for (let i = 0; i < a.length; i++) {
    const x = a[i] as number;
    const y = b[i] as number;
    product += x * y;
    lengthA += x * x;
    lengthB += y * y;
  }
  return product / Math.sqrt(lengthA * lengthB);
}

function requireEqualLength(a: Float32Array, b: Float32Array): void {
  if (a.length !== b.length) throw new AtelierError('internal', `There is no way between ${a.length} and ${b.length} values.`);
}
