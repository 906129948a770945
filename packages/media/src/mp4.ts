import { AtelierError } from '@atelier/protocol';

/** A box of the ISO base media file format (ISO/IEC 14496-12): where it lies in the file. */
interface Box {
  readonly type: string;
  /** Of its head; the content begins 8 bytes later (16 where the size is of 64 bits). */
  readonly start: number;
  readonly content: number;
  readonly end: number;
}

/** What the head of a film says. */
export interface Mp4Info {
  readonly width: number;
  readonly height: number;
  readonly frames: number;
  readonly seconds: number;
  /** Whether the head comes before the pictures, so that playing begins before all is loaded. */
  readonly startsFast: boolean;
}

/**
 * Reads the head of an MP4 with one video track.
 * @throws AtelierError `damaged-media` if a box is missing or runs past the end
 */
export function inspectMp4(bytes: Uint8Array): Mp4Info {
  const view = viewOf(bytes);
  const top = boxesOf(bytes, 0, bytes.length);
  const moov = oneOf(top, 'moov');
  const track = childrenOf(bytes, moov).find((box) => box.type === 'trak' && handlerOf(bytes, box) === 'vide');
  if (track === undefined) throw damaged('it has no images');
  const media = oneOf(childrenOf(bytes, track), 'mdia');
  const header = oneOf(childrenOf(bytes, media), 'mdhd');
  const table = oneOf(childrenOf(bytes, oneOf(childrenOf(bytes, media), 'minf')), 'stbl');
  const sizes = oneOf(childrenOf(bytes, table), 'stsz');
  const head = oneOf(childrenOf(bytes, track), 'tkhd');
  const isLong = bytes[header.content] === 1;
  const duration = isLong ? Number(view.getBigUint64(header.content + 24)) : view.getUint32(header.content + 16);
  return {
    width: view.getUint32(head.end - 8) >>> 16,
    height: view.getUint32(head.end - 4) >>> 16,
    frames: view.getUint32(sizes.content + 8),
    seconds: duration / view.getUint32(header.content + (isLong ? 20 : 12)),
    startsFast: moov.start < oneOf(top, 'mdat').start,
  };
}

/** The samples of a film's pictures, as an encoder wrote them. */
export interface Mp4Samples {
  /** Bytes of each. */
  readonly sizes: readonly number[];
  /** All of them, one behind the other. */
  readonly bytes: Uint8Array;
  /** The box `stsd`, which says how to decode them. */
  readonly description: Uint8Array;
}

/**
 * Takes a small film with one track and nothing else apart.
 * @throws AtelierError `damaged-media` if a box is missing, runs past the end, or does not hold what the table says
 */
export function samplesOf(bytes: Uint8Array): Mp4Samples {
  const view = viewOf(bytes);
  const top = boxesOf(bytes, 0, bytes.length);
  const path = ['trak', 'mdia', 'minf', 'stbl'];
  const table = childrenOf(
    bytes,
    path.reduce((parent, type) => oneOf(childrenOf(bytes, parent), type), oneOf(top, 'moov')),
  );
  const sizesBox = oneOf(table, 'stsz');
  const fixed = view.getUint32(sizesBox.content + 4);
  const sizes = Array.from({ length: view.getUint32(sizesBox.content + 8) }, (_, index) => fixed || view.getUint32(sizesBox.content + 12 + 4 * index));
  const data = oneOf(top, 'mdat');
  if (sizes.reduce((sum, size) => sum + size, 0) !== data.end - data.content) throw damaged('its samples do not fill it');
  const description = oneOf(table, 'stsd');
  return { sizes, bytes: bytes.subarray(data.content, data.end), description: bytes.subarray(description.start, description.end) };
}

function handlerOf(bytes: Uint8Array, track: Box): string | undefined {
  const media = childrenOf(bytes, track).find((box) => box.type === 'mdia');
  const handler = media && childrenOf(bytes, media).find((box) => box.type === 'hdlr');
  return handler && typeAt(bytes, handler.content + 8);
}

function childrenOf(bytes: Uint8Array, parent: Box): Box[] {
  return boxesOf(bytes, parent.content, parent.end);
}

/** @throws AtelierError `damaged-media` if a box runs past its parent's end */
export function boxesOf(bytes: Uint8Array, from: number, to: number): Box[] {
  const view = viewOf(bytes);
  const boxes: Box[] = [];
  for (let start = from; start + 8 <= to; ) {
    const short = view.getUint32(start);
    const isLong = short === 1;
    if (isLong && start + 16 > to) throw damaged('a box is cut off');
    const size = isLong ? Number(view.getBigUint64(start + 8)) : short === 0 ? to - start : short;
    const content = start + (isLong ? 16 : 8);
    if (start + size > to || start + size < content) throw damaged(`its part "${typeAt(bytes, start + 4)}" is cut off`);
    boxes.push({ type: typeAt(bytes, start + 4), start, content, end: start + size });
    start += size;
  }
  return boxes;
}

function oneOf(boxes: readonly Box[], type: string): Box {
  const found = boxes.find((box) => box.type === type);
  if (found === undefined) throw damaged(`its part "${type}" is missing`);
  return found;
}

function typeAt(bytes: Uint8Array, offset: number): string {
  return String.fromCharCode(...bytes.subarray(offset, offset + 4));
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function damaged(why: string): AtelierError {
  return new AtelierError('damaged-media', `The MP4 is incomplete or damaged: ${why}.`, {
    hint: 'Copy or export the file again; it may have been cut off on its way.',
  });
}
