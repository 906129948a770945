import { AtelierError } from '@atelier/protocol';
import { boxesOf } from './mp4.ts';

/**
 * Looks whether a recording has lost its end, which decoders pass over in silence. A stream without lengths that was cut exactly between two of its
 * parts cannot be told from a shorter one: MP3 and AAC without a count of frames, WebM and fragmented MP4.
 * @throws AtelierError `damaged-media`
 */
export function requireWholeAudio(bytes: Uint8Array, mediaType: string): void {
  checks[mediaType]?.(new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength));
}

/** By media type; FLAC states its length, which is compared after decoding. */
const checks: Readonly<Record<string, (view: DataView) => void>> = {
  'audio/wav': requireWholeWav,
  'audio/mpeg': requireWholeMp3,
  'audio/aac': (view) => countWholeFrames(view, 0, adtsFrameBytes),
  'audio/ogg': requireWholeOgg,
  'audio/mp4': requireWholeMp4,
  'video/mp4': requireWholeMp4,
  'audio/webm': requireWholeMatroska,
  'video/webm': requireWholeMatroska,
  'video/x-matroska': requireWholeMatroska,
};

/** What a FLAC file says of itself (RFC 9639, section 8.2); undefined where the number of samples is left open. */
export function declaredFlacSamples(bytes: Uint8Array): { samples: number; sampleRate: number } | undefined {
  if (bytes.length < 42) throw damaged();
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const samples = (view.getUint8(21) & 0x0f) * 2 ** 32 + view.getUint32(22);
  const sampleRate = view.getUint32(18) >>> 12;
  return samples === 0 || sampleRate === 0 ? undefined : { samples, sampleRate };
}

/** RIFF chunks; a writer that streams leaves the length of the data at 0 or at the greatest number. */
function requireWholeWav(view: DataView): void {
  let hasData = false;
  for (let offset = 12; offset + 8 <= view.byteLength; ) {
    const size = view.getUint32(offset + 4, true);
    const isData = textAt(view, offset, 4) === 'data';
    hasData ||= isData;
    if (isData && (size === 0 || size >= 0xffff_ff00)) return;
    if (offset + 8 + size > view.byteLength) throw damaged();
    offset += 8 + size + (size % 2);
  }
  if (!hasData) throw damaged();
}

/** Ogg pages (RFC 3533): every page whole, and the last one marked as the last. */
function requireWholeOgg(view: DataView): void {
  let isEnded = false;
  for (let offset = 0; offset < view.byteLength; ) {
    if (offset + 27 > view.byteLength || textAt(view, offset, 4) !== 'OggS') throw damaged();
    const segments = view.getUint8(offset + 26);
    let end = offset + 27 + segments;
    if (end > view.byteLength) throw damaged();
    for (let i = 0; i < segments; i++) end += view.getUint8(offset + 27 + i);
    if (end > view.byteLength) throw damaged();
    isEnded = (view.getUint8(offset + 5) & 4) !== 0;
    offset = end;
  }
  if (!isEnded) throw damaged();
}

function requireWholeMp4(view: DataView): void {
  const boxes = boxesOf(new Uint8Array(view.buffer, view.byteOffset, view.byteLength), 0, view.byteLength);
  if (!boxes.some(({ type }) => type === 'moov')) throw damaged();
}

const segmentId = 0x18538067;
const clusterId = 0x1f43b675;

/** EBML elements (RFC 8794): none may run past the end. Segment and cluster may be of unknown length and are walked into. */
function requireWholeMatroska(view: DataView): void {
  for (let offset = 0; offset < view.byteLength; ) {
    const id = variableInteger(view, offset);
    const size = variableInteger(view, offset + id.bytes);
    const content = offset + id.bytes + size.bytes;
    const isOpen = size.value === 2 ** (7 * size.bytes) - 1;
    const isWalked = id.raw === segmentId || id.raw === clusterId;
    if (isOpen && !isWalked) throw damaged();
    if (!isOpen && content + size.value > view.byteLength) throw damaged();
    offset = isWalked ? content : content + size.value;
  }
}

/** A number whose leading zero bits tell its length, with (`raw`) and without (`value`) the bit that ends them. */
function variableInteger(view: DataView, offset: number): { raw: number; value: number; bytes: number } {
  if (offset >= view.byteLength) throw damaged();
  const first = view.getUint8(offset);
  const bytes = Math.clz32(first) - 23;
  if (bytes > 8 || offset + bytes > view.byteLength) throw damaged();
  let raw = first;
  let value = first & (0xff >> bytes);
  for (let i = 1; i < bytes; i++) {
    raw = raw * 256 + view.getUint8(offset + i);
    value = value * 256 + view.getUint8(offset + i);
  }
  return { raw, value, bytes };
}

/** The bytes of the frame that begins at an offset, or undefined where none begins. */
type FrameBytes = (view: DataView, offset: number) => number | undefined;

/** Frames one after the other: the last may not run past the end. What is no frame is passed over, up to the tags that close some files. */
function countWholeFrames(view: DataView, from: number, frameBytes: FrameBytes): number {
  let count = 0;
  for (let offset = from; offset + 7 <= view.byteLength; ) {
    if (['TAG', 'APE'].includes(textAt(view, offset, 3))) return count;
    const size = frameBytes(view, offset);
    if (size === undefined) {
      offset += 1;
      continue;
    }
    if (offset + size > view.byteLength) throw damaged();
    count += 1;
    offset += size;
  }
  if (count === 0) throw damaged();
  return count;
}

const adtsFrameBytes: FrameBytes = (view, offset) => {
  if ((view.getUint16(offset) & 0xfff6) !== 0xfff0) return undefined;
  const size = (view.getUint32(offset + 3) >>> 13) & 0x1fff;
  return size >= 7 ? size : undefined;
};

function requireWholeMp3(view: DataView): void {
  const hasTag = textAt(view, 0, 3) === 'ID3';
  const start = hasTag ? 10 + [6, 7, 8, 9].reduce((size, at) => size * 128 + (view.getUint8(at) & 0x7f), 0) : 0;
  if (start >= view.byteLength) throw damaged();
  const frames = countWholeFrames(view, start, mpegFrameBytes);
  const head = textAt(view, start, 200);
  const mark = Math.max(head.indexOf('Xing'), head.indexOf('Info'));
  if (mark < 0 || start + mark + 12 > view.byteLength || (view.getUint32(start + mark + 4) & 1) === 0) return;
  if (frames - 1 < view.getUint32(start + mark + 8)) throw damaged();
}

const bitRates = {
  1: [0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320],
  2: [0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160],
} as const;

/** MPEG audio, layer III (ISO/IEC 11172-3 and 13818-3); other layers are not walked. */
const mpegFrameBytes: FrameBytes = (view, offset) => {
  const head = view.getUint32(offset);
  const version = (head >>> 19) & 3;
  const rateIndex = (head >>> 10) & 3;
  const bitIndex = (head >>> 12) & 15;
  const isLayer3 = head >>> 21 === 0x7ff && version !== 1 && ((head >>> 17) & 3) === 1;
  if (!isLayer3 || rateIndex === 3 || bitIndex === 0 || bitIndex === 15) return undefined;
  const isFirst = version === 3;
  const sampleRate = ([44100, 48000, 32000][rateIndex] as number) / (isFirst ? 1 : version === 2 ? 2 : 4);
  const bitRate = (bitRates[isFirst ? 1 : 2][bitIndex] as number) * 1000;
  return Math.floor(((isFirst ? 144 : 72) * bitRate) / sampleRate) + ((head >>> 9) & 1);
};

function textAt(view: DataView, offset: number, length: number): string {
  const end = Math.min(view.byteLength, offset + length);
  return String.fromCharCode(...new Uint8Array(view.buffer, view.byteOffset + offset, Math.max(0, end - offset)));
}

function damaged(): AtelierError {
  return new AtelierError('damaged-media', 'The recording is incomplete: its end is missing.', {
    hint: 'Copy or record it again; it may have been cut off on its way.',
  });
}
