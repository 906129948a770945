import { sniffMediaType } from '../sniff.ts';
import { textAt } from './text-at.ts';

/** How far the parts of a file reach whose lengths it tells. */
export interface Extent {
  /** Behind the last part, or the file's end. What follows is no part of it, such as zeros. */
  readonly end: number;
  /** Bytes that the last part promises beyond the file's end. */
  readonly missing: number;
}

/**
 * How far the parts of an MP4 or Matroska file reach; undefined for other kinds. A stream that was cut exactly between two of its parts cannot be told
 * from a shorter one.
 */
export function extentOf(bytes: Uint8Array): Extent | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const kind = sniffMediaType(bytes) ?? '';
  if (/\/(mp4|quicktime)$/.test(kind)) return extentOfBoxes(view);
  return /(webm|matroska)$/.test(kind) ? extentOfElements(view) : undefined;
}

const upTo = (view: DataView, end: number): Extent => ({ end: Math.min(end, view.byteLength), missing: Math.max(0, end - view.byteLength) });

/** What stands at the top of a file (ISO/IEC 14496-12, table 1, and QuickTime). */
const topBoxes = new Set('ftyp styp pdin moov moof mdat mfra free skip wide udta uuid meta meco sidx ssix prft emsg pnot PICT'.split(' '));

/** Boxes of ISO base media (ISO/IEC 14496-12, 4.2); what is no box, such as zeros, ends them. */
function extentOfBoxes(view: DataView): Extent {
  let start = 0;
  while (start + 8 <= view.byteLength) {
    const short = view.getUint32(start);
    const isLong = short === 1 && start + 16 <= view.byteLength;
    const size = isLong ? Number(view.getBigUint64(start + 8)) : short;
    const isNamed = topBoxes.has(textAt(new Uint8Array(view.buffer, view.byteOffset, view.byteLength), start + 4, 4));
    if (isNamed && short === 0) return upTo(view, view.byteLength);
    if (!isNamed || size < 8) return upTo(view, start);
    start += size;
  }
  return upTo(view, start);
}

const ebmlId = 0x1a45dfa3;
const segmentId = 0x18538067;
const clusterId = 0x1f43b675;

/** Whether its elements are looked at one by one. */
const isWalked = (id: number) => id === segmentId || id === clusterId;

/** Elements at the top, in a segment (four bytes) or in a cluster, by their ids (RFC 9559, section 5.1). */
const isOfMatroska = (id: number) => (id >= 0x1000_0000 && id <= 0x1fff_ffff) || [0xe7, 0xa3, 0xa0, 0xa7, 0xab, 0xaf, 0xec, 0xbf, 0x5854].includes(id);

interface VariableInteger {
  readonly raw: number;
  readonly value: number;
  readonly bytes: number;
}

interface Element {
  readonly id: VariableInteger;
  readonly size: VariableInteger;
  /** Where its content begins. */
  readonly content: number;
  readonly isOpen: boolean;
}

/** EBML elements (RFC 8794), up to what is none. Segment and cluster may be of unknown length and are walked into. */
function* elementsOf(view: DataView): Generator<Element, void, undefined> {
  let offset = 0;
  while (offset + 2 <= view.byteLength) {
    const id = variableInteger(view, offset);
    const size = id && variableInteger(view, offset + id.bytes);
    if (id === undefined || size === undefined || !isOfMatroska(id.raw)) return;
    const element = { id, size, content: offset + id.bytes + size.bytes, isOpen: size.value === 2 ** (7 * size.bytes) - 1 };
    yield element;
    offset = isWalked(id.raw) ? element.content : element.content + size.value;
  }
}

function extentOfElements(view: DataView): Extent {
  let end = 0;
  for (const { id, size, content, isOpen } of elementsOf(view)) {
    if (isOpen && !isWalked(id.raw)) return upTo(view, view.byteLength);
    end = isWalked(id.raw) ? content : content + size.value;
  }
  return upTo(view, end);
}

/**
 * A Matroska file that was cut within a cluster, in such a way that readers find the blocks of that cluster that are whole: it ends behind the last of
 * them, and so do the segment and the cluster by their own heads. Others come back as they are.
 */
export function endCutClusters(bytes: Uint8Array): Uint8Array {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  if (view.byteLength < 4 || view.getUint32(0) !== ebmlId || extentOfElements(view).missing === 0) return bytes;
  // Those that reach beyond the end: the segment, and its last cluster.
  const cut = new Map<number, Element>();
  let end = 0;
  for (const element of elementsOf(view)) {
    const { id, size, content, isOpen } = element;
    const isWhole = content + size.value <= view.byteLength;
    if (isWalked(id.raw)) end = content;
    else if (isWhole) end = content + size.value;
    if (isWalked(id.raw) && !isWhole && !isOpen) cut.set(id.raw, element);
  }
  const copy = Buffer.from(bytes.subarray(0, end));
  for (const { size, content } of cut.values()) {
    const head = 2n ** BigInt(7 * size.bytes) + BigInt(end - content);
    copy.write(head.toString(16).padStart(2 * size.bytes, '0'), content - size.bytes, 'hex');
  }
  return copy;
}

/** A number whose leading zero bits tell its length, with (`raw`) and without (`value`) the bit that ends them. */
function variableInteger(view: DataView, offset: number): VariableInteger | undefined {
  if (offset >= view.byteLength) return undefined;
  const first = view.getUint8(offset);
  const bytes = Math.clz32(first) - 23;
  if (bytes > 8 || offset + bytes > view.byteLength) return undefined;
  let raw = first;
  let value = first & (0xff >> bytes);
  for (let i = 1; i < bytes; i++) {
    raw = raw * 256 + view.getUint8(offset + i);
    value = value * 256 + view.getUint8(offset + i);
  }
  return { raw, value, bytes };
}
