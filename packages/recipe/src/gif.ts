import { damaged, joined, latin1 } from './bytes.ts';
import type { Carrier } from './carrier.ts';
import type { Edit } from './edits.ts';
import { recipeInXmp, xmpPacket } from './xmp.ts';

const application = '\x21\xff\x0b';
const xmpName = `${application}XMP DataXMP`;
/**
 * The packet stands in the file as it is, not cut into sub-blocks. A reader that does not know it takes its bytes for lengths and
 * jumps on; wherever it lands in these 258, it is led to the zero at their end.
 */
const magicTrailer = Uint8Array.from([1, ...Array.from({ length: 256 }, (_, index) => 255 - index), 0]);

/** GIF89a: an application extension (XMP specification, part 3, 1.1.2) before the first frame. */
export const gif: Carrier = {
  mediaType: 'image/gif',
  begins: (bytes) => ['GIF89a', 'GIF87a'].includes(latin1(bytes, 0, 6)),
  read(bytes) {
    const found = extensions(bytes).find(({ isXmp }) => isXmp);
    return found === undefined ? null : recipeInXmp(packetIn(bytes, found));
  },
  edits(bytes, sizeBytes, recipe) {
    const start = tablesEnd(bytes);
    if (start > bytes.length || bytes.length < 14) {
      if (bytes.length < sizeBytes) return null;
      throw damaged('GIF', 'its head is cut off');
    }
    if (bytes.length === sizeBytes && bytes.lastIndexOf(0x3b) < start) throw damaged('GIF', 'its end is missing');
    const found = extensions(bytes);
    const old = found.find(({ isXmp }) => isXmp);
    const packet = xmpPacket(recipe, old && packetIn(bytes, old));
    const insert = joined(xmpName, packet, magicTrailer);
    const version: Edit = { at: 4, remove: 1, insert: joined('9') };
    if (old !== undefined) return [version, { at: old.start, remove: old.end - old.start, insert }];
    return [version, { at: found.at(-1)?.end ?? start, remove: 0, insert }];
  },
};

/** Where the screen descriptor and the global palette end. */
function tablesEnd(bytes: Uint8Array): number {
  const packed = bytes[10] ?? 0;
  return 13 + ((packed & 0x80) === 0 ? 0 : 3 * 2 ** ((packed & 7) + 1));
}

interface Extension {
  readonly start: number;
  readonly end: number;
  readonly isXmp: boolean;
}

/** The application extensions and comments before the first frame, where all that we know of put XMP. */
function extensions(bytes: Uint8Array): Extension[] {
  const found: Extension[] = [];
  for (let start = tablesEnd(bytes); start + 3 < bytes.length && bytes[start] === 0x21; ) {
    if (bytes[start + 1] !== 0xff && bytes[start + 1] !== 0xfe) break;
    const isXmp = latin1(bytes, start, xmpName.length) === xmpName;
    const end = isXmp ? packetEnd(bytes, start) : blocksEnd(bytes, start + 2);
    if (end === undefined) break;
    found.push({ start, end, isXmp });
    start = end;
  }
  return found;
}

function packetIn(bytes: Uint8Array, { start, end }: Extension): Uint8Array {
  return bytes.subarray(start + xmpName.length, end - magicTrailer.length);
}

/** A packet holds no zero, so that the first one is the trailer's: the last but one of its bytes. */
function packetEnd(bytes: Uint8Array, start: number): number | undefined {
  const zero = bytes.indexOf(0, start + xmpName.length);
  const isTrailer = zero - 257 + 1 >= start + xmpName.length && bytes[zero + 1] === 0 && bytes[zero - 256] === 1;
  return zero < 0 || !isTrailer ? undefined : zero + 2;
}

/** The end of sub-blocks, each led by its length, closed by one of none. */
function blocksEnd(bytes: Uint8Array, from: number): number | undefined {
  let offset = from;
  while (offset < bytes.length) {
    const length = bytes[offset] as number;
    offset += 1 + length;
    if (length === 0) return offset;
  }
  return undefined;
}
