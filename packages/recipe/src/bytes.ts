import { AtelierError } from '@atelier/protocol';

export function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** Bytes as characters of the same numbers; beyond the end there are none. */
export function latin1(bytes: Uint8Array, start: number, length: number): string {
  return String.fromCharCode(...bytes.subarray(start, start + length));
}

/** Texts as Latin-1, numbers as single bytes, and bytes, one after the other. */
export function joined(...parts: readonly (Uint8Array | string | number)[]): Uint8Array {
  const pieces = parts.map((part) => {
    if (typeof part === 'number') return Uint8Array.of(part);
    return typeof part === 'string' ? Uint8Array.from(part, (character) => character.charCodeAt(0)) : part;
  });
  const result = new Uint8Array(pieces.reduce((sum, { length }) => sum + length, 0));
  let offset = 0;
  for (const piece of pieces) {
    result.set(piece, offset);
    offset += piece.length;
  }
  return result;
}

export function uint32(value: number, littleEndian = false): Uint8Array {
  const bytes = new Uint8Array(4);
  viewOf(bytes).setUint32(0, value, littleEndian);
  return bytes;
}

/** @throws AtelierError `damaged-media` if bytes are no UTF-8 */
export function utf8(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new AtelierError('damaged-media', 'The recipe in this file is not UTF-8.', { hint: brokenRecipeHint, cause });
  }
}

export const brokenRecipeHint = 'The image itself may be whole; take the file as it was saved, or set chain and seed by hand.';

/** @param why such as `a chunk is cut off` */
export function damaged(kind: string, why: string): AtelierError {
  return new AtelierError('damaged-media', `The ${kind} is incomplete or damaged: ${why}.`, {
    hint: 'Copy or export the file again; it may have been cut off on its way.',
  });
}
