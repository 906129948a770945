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
 * @throws AtelierError `damaged-media` where a box is missing or runs past the end
 */
export function inspectMp4(bytes: Uint8Array): Mp4Info {
  const view = viewOf(bytes);
  const top = boxesOf(bytes, 0, bytes.length);
  const moov = oneOf(top, 'moov');
  const track = childrenOf(bytes, moov).find((box) => box.type === 'trak' && handlerOf(bytes, box) === 'vide');
  if (track === undefined) throw damaged('it has no pictures');
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

/** The same film with its head before its pictures, without empty space and without the time at which it was made. */
export function fastStart(bytes: Uint8Array): Uint8Array {
  const top = boxesOf(bytes, 0, bytes.length).filter((box) => box.type !== 'free' && box.type !== 'skip');
  const ordered = [
    ...top.filter((box) => box.type === 'ftyp'),
    ...top.filter((box) => box.type === 'moov'),
    ...top.filter((box) => !['ftyp', 'moov'].includes(box.type)),
  ];
  const result = new Uint8Array(ordered.reduce((sum, box) => sum + box.end - box.start, 0));
  const moves: { readonly from: Box; readonly by: number }[] = [];
  let offset = 0;
  for (const box of ordered) {
    result.set(bytes.subarray(box.start, box.end), offset);
    moves.push({ from: box, by: offset - box.start });
    offset += box.end - box.start;
  }
  const moov = oneOf(boxesOf(result, 0, result.length), 'moov');
  rewriteHead(result, moov, (position) => position + (moves.find(({ from }) => position >= from.start && position < from.end)?.by ?? 0));
  return result;
}

/** Rewrites the places of all chunks of samples below a box, and sets the times of making and changing to 0, which means unknown. */
function rewriteHead(bytes: Uint8Array, parent: Box, moved: (position: number) => number): void {
  const view = viewOf(bytes);
  for (const box of childrenOf(bytes, parent)) {
    if (['trak', 'mdia', 'minf', 'stbl'].includes(box.type)) rewriteHead(bytes, box, moved);
    if (['mvhd', 'tkhd', 'mdhd'].includes(box.type)) bytes.fill(0, box.content + 4, box.content + (bytes[box.content] === 1 ? 20 : 12));
    if (box.type !== 'stco' && box.type !== 'co64') continue;
    const count = view.getUint32(box.content + 4);
    for (let i = 0; i < count; i++) {
      if (box.type === 'stco') view.setUint32(box.content + 8 + i * 4, moved(view.getUint32(box.content + 8 + i * 4)));
      else view.setBigUint64(box.content + 8 + i * 8, BigInt(moved(Number(view.getBigUint64(box.content + 8 + i * 8)))));
    }
  }
}

function handlerOf(bytes: Uint8Array, track: Box): string | undefined {
  const media = childrenOf(bytes, track).find((box) => box.type === 'mdia');
  const handler = media && childrenOf(bytes, media).find((box) => box.type === 'hdlr');
  return handler && typeAt(bytes, handler.content + 8);
}

function childrenOf(bytes: Uint8Array, parent: Box): Box[] {
  return boxesOf(bytes, parent.content, parent.end);
}

/** @throws AtelierError `damaged-media` where a box runs past its parent's end */
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
