import { damaged, joined, latin1, uint32, viewOf } from './bytes.ts';
import type { Carrier } from './carrier.ts';
import type { Edit } from './edits.ts';
import { recipeInXmp, xmpPacket } from './xmp.ts';

const flag = { xmp: 0x04, alpha: 0x10 } as const;

/** WebP (RFC 9649): a chunk `XMP ` behind all others, announced in `VP8X`, which simple files get first. */
export const webp: Carrier = {
  mediaType: 'image/webp',
  begins: (bytes) => latin1(bytes, 0, 4) === 'RIFF' && latin1(bytes, 8, 4) === 'WEBP',
  read(bytes) {
    const chunk = chunksOf(bytes, bytes.length).find(({ type }) => type === 'XMP ');
    return chunk === undefined ? null : recipeInXmp(bytes.subarray(chunk.start + 8, chunk.start + 8 + chunk.size));
  },
  edits(bytes, sizeBytes, recipe) {
    if (bytes.length < 30) throw damaged('WebP', 'its head is cut off');
    const view = viewOf(bytes);
    const end = 8 + view.getUint32(4, true);
    if (end > sizeBytes || end % 2 === 1 || end < 30) throw damaged('WebP', 'its end is missing');
    const isExtended = latin1(bytes, 12, 4) === 'VP8X';
    const isWhole = bytes.length === sizeBytes;
    if (!isWhole && isExtended && ((bytes[20] as number) & flag.xmp) !== 0) return null;
    const old = isWhole ? chunksOf(bytes, end).filter(({ type }) => type === 'XMP ') : [];
    const first = old[0];
    const packet = xmpPacket(recipe, first && bytes.subarray(first.start + 8, first.start + 8 + first.size));
    const head = isExtended ? extendedHead(bytes) : simpleHead(bytes);
    const removals: Edit[] = old.map(({ start, end: chunkEnd }) => ({ at: start, remove: chunkEnd - start, insert: new Uint8Array() }));
    const chunk = joined('XMP ', uint32(packet.length, true), packet, packet.length % 2 === 1 ? '\0' : '');
    const edits = [head, ...removals, { at: end, remove: 0, insert: chunk }];
    const growth = edits.reduce((sum, { insert, remove }) => sum + insert.length - remove, 0);
    return [{ at: 4, remove: 4, insert: uint32(end - 8 + growth, true) }, ...edits];
  },
};

interface Chunk {
  readonly type: string;
  readonly start: number;
  /** Of the content. */
  readonly size: number;
  /** With the byte that makes the size even. */
  readonly end: number;
}

/** Up to where one is cut off. */
function chunksOf(bytes: Uint8Array, fileEnd: number): Chunk[] {
  const view = viewOf(bytes);
  const chunks: Chunk[] = [];
  for (let start = 12; start + 8 <= fileEnd; ) {
    const size = view.getUint32(start + 4, true);
    const end = start + 8 + size + (size % 2);
    if (end > fileEnd) break;
    chunks.push({ type: latin1(bytes, start, 4), start, size, end });
    start = end;
  }
  return chunks;
}

function extendedHead(bytes: Uint8Array): Edit {
  return { at: 20, remove: 1, insert: Uint8Array.of((bytes[20] as number) | flag.xmp) };
}

/** A `VP8X` before the picture of a simple file, with the size that the picture's own head states (RFC 6386, 9.1; RFC 9649, 3.4). */
function simpleHead(bytes: Uint8Array): Edit {
  const { width, height, hasAlpha } = simpleSize(bytes);
  const flags = flag.xmp | (hasAlpha ? flag.alpha : 0);
  const insert = joined('VP8X', uint32(10, true), uint32(flags, true), uint24(width - 1), uint24(height - 1));
  return { at: 12, remove: 0, insert };
}

function simpleSize(bytes: Uint8Array): { width: number; height: number; hasAlpha: boolean } {
  const view = viewOf(bytes);
  const type = latin1(bytes, 12, 4);
  if (type === 'VP8 ' && latin1(bytes, 23, 3) === '\x9d\x01\x2a') {
    return { width: view.getUint16(26, true) & 0x3fff, height: view.getUint16(28, true) & 0x3fff, hasAlpha: false };
  }
  if (type === 'VP8L' && bytes[20] === 0x2f) {
    const bits = view.getUint32(21, true);
    return { width: (bits & 0x3fff) + 1, height: ((bits >>> 14) & 0x3fff) + 1, hasAlpha: ((bits >>> 28) & 1) === 1 };
  }
  throw damaged('WebP', 'its image has no readable header');
}

function uint24(value: number): Uint8Array {
  return uint32(value, true).subarray(0, 3);
}
