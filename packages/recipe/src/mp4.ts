import { damaged, joined, latin1, uint32, viewOf } from './bytes.ts';
import type { Carrier } from './carrier.ts';
import type { Edit } from './edits.ts';
import { recipeInXmp, xmpPacket } from './xmp.ts';

/** BE7ACFCB-97A9-42E8-9C71-999491E3AFAC, as the XMP specification, part 3, gives it for MPEG-4. */
const xmpId = Uint8Array.of(0xbe, 0x7a, 0xcf, 0xcb, 0x97, 0xa9, 0x42, 0xe8, 0x9c, 0x71, 0x99, 0x94, 0x91, 0xe3, 0xaf, 0xac);

/** MP4 (ISO/IEC 14496-12): a `uuid` box behind all others, so that nothing in the file moves. */
export const mp4: Carrier = {
  mediaType: 'video/mp4',
  begins: (bytes) => latin1(bytes, 4, 4) === 'ftyp',
  read(bytes) {
    const box = topBoxes(bytes, bytes.length).found.find(({ isXmp }) => isXmp);
    return box === undefined ? null : recipeInXmp(bytes.subarray(box.start + 24, box.end));
  },
  edits(bytes, sizeBytes, recipe) {
    const { found, isWhole } = topBoxes(bytes, sizeBytes);
    if (!isWhole && bytes.length === sizeBytes) throw damaged('MP4', 'a box is cut off');
    const old = found.filter(({ isXmp }) => isXmp);
    const first = old[0];
    const tail = xmpBox(recipe, first && bytes.subarray(first.start + 24, first.end));
    const endless = found.at(-1)?.isEndless === true ? [sized(found.at(-1) as Box)] : [];
    return [...old.map((box) => dropped(box, sizeBytes)), ...endless, { at: sizeBytes, remove: 0, insert: tail }];
  },
};

/** The box that is appended to a film that holds no recipe yet and whose last box states its length. */
export function xmpBox(recipe: string, existing?: Uint8Array): Uint8Array {
  const packet = xmpPacket(recipe, existing);
  return joined(uint32(8 + xmpId.length + packet.length), 'uuid', xmpId, packet);
}

interface Box {
  readonly start: number;
  readonly end: number;
  readonly isXmp: boolean;
  /** The last box may leave its length open. */
  readonly isEndless: boolean;
}

/** As far as the bytes go. */
function topBoxes(bytes: Uint8Array, fileEnd: number): { found: Box[]; isWhole: boolean } {
  const view = viewOf(bytes);
  const found: Box[] = [];
  let start = 0;
  while (start + 16 <= bytes.length || (start + 8 <= bytes.length && view.getUint32(start) !== 1)) {
    const short = view.getUint32(start);
    const size = short === 1 ? Number(view.getBigUint64(start + 8)) : short === 0 ? fileEnd - start : short;
    const end = start + size;
    if (size < 8 || end > fileEnd) return { found, isWhole: false };
    found.push({ start, end, isXmp: isXmpAt(bytes, start, Math.min(end, bytes.length)), isEndless: short === 0 });
    start = end;
  }
  return { found, isWhole: start === fileEnd };
}

function isXmpAt(bytes: Uint8Array, start: number, end: number): boolean {
  const isNamed = end - start >= 24 && latin1(bytes, start + 4, 4) === 'uuid' && viewOf(bytes).getUint32(start) !== 1;
  return isNamed && xmpId.every((byte, index) => bytes[start + 8 + index] === byte);
}

/** A box at the end goes; one in the middle becomes empty space, since places behind it are written down elsewhere in the file. */
function dropped({ start, end }: Box, sizeBytes: number): Edit {
  return end === sizeBytes ? { at: start, remove: end - start, insert: new Uint8Array() } : { at: start + 4, remove: 4, insert: joined('free') };
}

function sized({ start, end, isXmp }: Box): Edit {
  if (isXmp || end - start > 0xffff_ffff) throw damaged('MP4', 'its last box has no length');
  return { at: start, remove: 4, insert: uint32(end - start) };
}
