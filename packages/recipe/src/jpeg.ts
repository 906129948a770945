import { AtelierError } from '@atelier/protocol';
import { damaged, joined, latin1, viewOf } from './bytes.ts';
import type { Carrier } from './carrier.ts';
import { recipeInXmp, xmpPacket } from './xmp.ts';

const xmpMark = 'http://ns.adobe.com/xap/1.0/\0';
const app0 = 0xe0;
const app1 = 0xe1;
const startOfScan = 0xda;
const endOfImage = 0xd9;
/** Of a packet in one segment; larger ones, in several segments, are not written here. */
const greatestPacket = 65_502;

/** JPEG: XMP in one APP1 segment (XMP specification, part 3, 1.1.3), behind JFIF and Exif, which want to come first. */
export const jpeg: Carrier = {
  mediaType: 'image/jpeg',
  begins: (bytes) => latin1(bytes, 0, 3) === '\xff\xd8\xff',
  read(bytes) {
    const segment = headSegments(bytes).found.find(isXmp(bytes));
    return segment === undefined ? null : recipeInXmp(packetIn(bytes, segment));
  },
  edits(bytes, sizeBytes, recipe) {
    const { found, isWhole } = headSegments(bytes);
    if (!isWhole) {
      if (bytes.length < sizeBytes) return null;
      throw damaged('JPEG', 'its head is cut off');
    }
    const existing = found.find(isXmp(bytes));
    const packet = xmpPacket(recipe, existing && packetIn(bytes, existing));
    if (packet.length > greatestPacket) {
      throw new AtelierError('too-large', `A JPEG holds a recipe of up to ${greatestPacket} bytes; this one has ${packet.length}.`, {
        hint: 'Save it as PNG or WebP.',
      });
    }
    const length = 2 + xmpMark.length + packet.length;
    const insert = joined(0xff, app1, length >> 8, length & 0xff, xmpMark, packet);
    if (existing !== undefined) return [{ at: existing.start, remove: existing.end - existing.start, insert }];
    return [{ at: endOfFirst(bytes, found), remove: 0, insert }];
  },
};

interface Segment {
  readonly marker: number;
  readonly start: number;
  readonly end: number;
}

/** The segments before the first scan. */
function headSegments(bytes: Uint8Array): { found: Segment[]; isWhole: boolean } {
  const view = viewOf(bytes);
  const found: Segment[] = [];
  for (let start = 2; start + 4 <= bytes.length && bytes[start] === 0xff; ) {
    const marker = bytes[start + 1] as number;
    if (marker === startOfScan) return { found, isWhole: true };
    if (marker === endOfImage) break;
    if (marker === 0xff) {
      start += 1;
      continue;
    }
    const end = start + 2 + view.getUint16(start + 2);
    if (end > bytes.length || end < start + 4) break;
    found.push({ marker, start, end });
    start = end;
  }
  return { found, isWhole: false };
}

function isXmp(bytes: Uint8Array): (segment: Segment) => boolean {
  return ({ marker, start, end }) => marker === app1 && end - start > 4 + xmpMark.length && latin1(bytes, start + 4, xmpMark.length) === xmpMark;
}

function packetIn(bytes: Uint8Array, { start, end }: Segment): Uint8Array {
  return bytes.subarray(start + 4 + xmpMark.length, end);
}

function endOfFirst(bytes: Uint8Array, segments: readonly Segment[]): number {
  let end = 2;
  for (const segment of segments) {
    const isFirst = segment.marker === app0 || (segment.marker === app1 && latin1(bytes, segment.start + 4, 4) === 'Exif');
    if (!isFirst) break;
    end = segment.end;
  }
  return end;
}
