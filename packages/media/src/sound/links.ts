import { sniffMediaType } from '../sniff.ts';
import { extentOf } from './extent.ts';
import { frameLinks } from './frame-links.ts';
import { tooLong } from './refusals.ts';
import { textAt } from './text-at.ts';

/** A part of a file that is one stream of its own. */
export interface Link {
  readonly bytes: Uint8Array;
  /** Whether it ends within one of its parts. */
  readonly isCut: boolean;
  /** Whether it only looks like a recording behind another one: if it cannot be opened, it is rubbish. */
  readonly mayBeRubbish?: boolean;
}

/** So many recordings of a file are heard one after the other; each costs a decoder of its own. */
const mostLinks = 1000;

/**
 * The streams that a file holds one after the other. Ogg may be chained (RFC 3533, section 4): a page that begins a stream, after one that did not, begins a link.
 * What stands behind the last whole page, such as zeros, is left out. MP3 and AAC are told apart by their frames.
 * @throws AtelierError `too-large` over so many
 */
export function linksOf(bytes: Uint8Array, room = mostLinks): Link[] {
  const links = room > 0 ? allLinks(bytes, room) : [];
  if (room <= 0 || links.length > room) throw tooLong(`The file holds more than ${mostLinks} recordings one behind the other.`);
  return links;
}

function allLinks(bytes: Uint8Array, room: number): Link[] {
  const kind = sniffMediaType(bytes);
  if (kind === 'audio/flac') return flacLinks(bytes);
  if (kind === 'audio/mpeg' || kind === 'audio/aac') return linksOfFrames(bytes, room);
  return kind === 'audio/ogg' ? oggLinks(bytes, room) : [{ bytes: bytes.subarray(0, extentOf(bytes)?.end), isCut: false }];
}

function linksOfFrames(bytes: Uint8Array, room: number): Link[] {
  const starts = frameLinks(bytes, room);
  return starts.flatMap((from, i): Link[] => {
    const link = bytes.subarray(from, starts[i + 1]);
    const isFrames = i === 0 || ['audio/mpeg', 'audio/aac'].includes(sniffMediaType(link) ?? '');
    return isFrames ? [{ bytes: link, isCut: false, mayBeRubbish: i > 0 }] : linksBehind(link, room - i);
  });
}

/** Of what stands behind another recording. */
const linksBehind = (bytes: Uint8Array, room: number): Link[] => linksOf(bytes, room).map((link) => ({ ...link, mayBeRubbish: true }));

/** FLAC files one behind the other: each begins with its name and a block of 34 bytes (RFC 9639, section 8.2). */
function flacLinks(bytes: Uint8Array): Link[] {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  const starts = [0];
  for (let at = buffer.indexOf('fLaC'); at >= 0; at = buffer.indexOf('fLaC', at + 4)) {
    const isHead = at + 8 <= bytes.length && (buffer.readUInt32BE(at + 4) & 0x7fff_ffff) === 34;
    if (isHead && textAt(bytes, 0, 4) === 'fLaC' && at > 0) starts.push(at);
  }
  return starts.map((from, i) => ({ bytes: bytes.subarray(from, starts[i + 1]), isCut: false }));
}

function oggLinks(bytes: Uint8Array, room: number): Link[] {
  const starts: number[] = [];
  let end = 0;
  let wasBeginning = false;
  for (let page = oggPage(bytes, 0); page !== undefined && page.end <= bytes.length; page = oggPage(bytes, page.end)) {
    if (page.isBeginning && !wasBeginning) starts.push(end);
    wasBeginning = page.isBeginning;
    end = page.end;
  }
  const rest = bytes.subarray(end);
  const isCut = rest.length >= 4 && textAt(rest, 0, 4) === 'OggS';
  const links = starts.map((from, i) => ({ bytes: bytes.subarray(from, starts[i + 1] ?? end), isCut: isCut && i === starts.length - 1 }));
  return isCut || !sniffMediaType(rest)?.startsWith('audio/') ? links : [...links, ...linksBehind(rest, room - links.length)];
}

/** A page of Ogg, whose end may lie behind that of the file; undefined if none begins there. */
function oggPage(bytes: Uint8Array, offset: number): { readonly end: number; readonly isBeginning: boolean } | undefined {
  if (textAt(bytes, offset, 4) !== 'OggS') return undefined;
  const segments = bytes[offset + 26];
  if (segments === undefined || offset + 27 + segments > bytes.length) return { end: Number.POSITIVE_INFINITY, isBeginning: false };
  const content = bytes.subarray(offset + 27, offset + 27 + segments).reduce((sum, length) => sum + length, 0);
  return { end: offset + 27 + segments + content, isBeginning: ((bytes[offset + 5] ?? 0) & 2) !== 0 };
}
