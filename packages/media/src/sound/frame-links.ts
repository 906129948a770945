import { idTagEnd } from '../sniff.ts';
import { frameAt } from './mpeg-frames.ts';

/** So many frames one behind the other are no accident. */
const surely = 3;
/** So many tags are passed over at one place. */
const mostTags = 8;

/**
 * Where recordings begin in a file of MP3 or AAC frames, which people join by putting one behind the other: at frames of another rate or kind, at tags
 * that stand before frames, and at the mark of another kind. Bytes between frames that are none, such as tags and rubbish, begin nothing.
 * @param bytes a file that begins with a tag or a frame
 * @param most nothing is looked for behind so many and one more
 * @returns at least the beginning of the file
 */
export function frameLinks(bytes: Uint8Array, most: number): number[] {
  const starts = [0];
  let kind: string | undefined;
  let at = 0;
  while (at < bytes.length && starts.length <= most) {
    const frame = frameAt(bytes, at);
    if (frame && frame.kind === kind) {
      at += frame.length;
      continue;
    }
    const start = nextStart(bytes, at, kind);
    if (start === undefined) break;
    const next = frameAt(bytes, start.frames);
    // The first frames of the file belong to its beginning, whatever stands before them.
    if (start.isMarked ? start.at > 0 && kind !== undefined : kind !== undefined && next?.kind !== kind) starts.push(start.at);
    if (next === undefined) break;
    kind = next.kind;
    at = start.frames;
  }
  return starts;
}

interface Start {
  /** Where the recording begins, its tags counted. */
  readonly at: number;
  /** Where its frames begin. */
  readonly frames: number;
  /** Whether a tag or the mark of another kind says so. */
  readonly isMarked: boolean;
}

/** The next place at which sound goes on, or another recording begins. */
function nextStart(bytes: Uint8Array, from: number, kind: string | undefined): Start | undefined {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  let at = from;
  while (at < bytes.length) {
    const frames = endOfTags(bytes, at);
    if (isRunOfFrames(bytes, frames, kind)) return { at, frames, isMarked: frames > at };
    if (isOtherKind(buffer, frames)) return { at: frames, frames, isMarked: true };
    at = nextCandidate(buffer, at + 1);
  }
  return undefined;
}

/** The next place that may begin a frame, a tag or another recording. */
function nextCandidate(buffer: Buffer, from: number): number {
  for (let at = from; at < buffer.length; at += 1) {
    const byte = buffer[at];
    if (byte === 0xff || (byte === 0x49 && buffer[at + 1] === 0x44) || isOtherKind(buffer, at)) return at;
  }
  return buffer.length;
}

const [flac, ogg, riff, wave] = ['fLaC', 'OggS', 'RIFF', 'WAVE'].map((mark) => Buffer.from(mark).readUInt32BE());

/** FLAC with its first block (RFC 9639, 8.2), a page of Ogg that begins a stream (RFC 3533, 6), or WAV. */
function isOtherKind(buffer: Buffer, at: number): boolean {
  const first = buffer[at];
  if ((first !== 0x66 && first !== 0x4f && first !== 0x52) || at + 12 > buffer.length) return false;
  const mark = buffer.readUInt32BE(at);
  if (mark === flac) return (buffer.readUInt32BE(at + 4) & 0x7fff_ffff) === 34;
  return mark === ogg ? buffer.readUInt16BE(at + 4) === 2 : mark === riff && buffer.readUInt32BE(at + 8) === wave;
}

/** One frame that goes on with the same kind needs one behind it; one of another kind needs more. The last may be cut by the end of the file. */
function isRunOfFrames(bytes: Uint8Array, from: number, kind: string | undefined): boolean {
  const first = frameAt(bytes, from);
  if (first === undefined) return false;
  const wanted = first.kind === kind ? 2 : surely;
  let at = from + first.length;
  for (let count = 1; count < wanted; count += 1) {
    if (at >= bytes.length) return kind === undefined || first.kind === kind;
    const frame = frameAt(bytes, at);
    if (frame?.kind !== first.kind) return false;
    at += frame.length;
  }
  return true;
}

const isTag = (bytes: Uint8Array, at: number) => bytes[at] === 0x49 && bytes[at + 1] === 0x44 && bytes[at + 2] === 0x33;

/** Behind the ID3 tags that stand at a place. */
function endOfTags(bytes: Uint8Array, from: number): number {
  let at = from;
  for (let tags = 0; tags < mostTags && isTag(bytes, at); tags += 1) at += idTagEnd(bytes.subarray(at, at + 10));
  return at;
}
