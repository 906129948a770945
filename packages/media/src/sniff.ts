/**
 * What kind of file some bytes are, by their magic numbers; the first 4 KiB are enough. Text and JSON have none, so they are not found.
 * A WebM or MP4 that holds sound alone is told from one with pictures where its head says so.
 * @returns a media type (RFC 6838), or undefined for an unknown kind
 * @example sniffMediaType(new Uint8Array([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a])) // 'image/png'
 */
export function sniffMediaType(bytes: Uint8Array): string | undefined {
  return marks.find(([mark, offset]) => holds(bytes, mark, offset))?.[2] ?? sniffContainer(bytes) ?? sniffMpegAudio(bytes);
}

const marks: ReadonlyArray<readonly [string, number, string]> = [
  ['\x89PNG\r\n\x1a\n', 0, 'image/png'],
  ['\xff\xd8\xff', 0, 'image/jpeg'],
  ['GIF87a', 0, 'image/gif'],
  ['GIF89a', 0, 'image/gif'],
  ['fLaC', 0, 'audio/flac'],
  ['ID3', 0, 'audio/mpeg'],
  ['OggS', 0, 'audio/ogg'],
  ['%PDF-', 0, 'application/pdf'],
];

/** Kinds that share an outer format: RIFF, ISO base media (ISO/IEC 14496-12) and Matroska (RFC 9559). */
function sniffContainer(bytes: Uint8Array): string | undefined {
  if (holds(bytes, 'RIFF', 0) || holds(bytes, 'RIFX', 0)) {
    if (holds(bytes, 'WEBP', 8)) return 'image/webp';
    return holds(bytes, 'WAVE', 8) ? 'audio/wav' : undefined;
  }
  if (holds(bytes, 'ftyp', 4)) return sniffIsoMedia(bytes);
  if (holds(bytes, '\x1a\x45\xdf\xa3', 0)) {
    const head = latin1(bytes.subarray(0, 4096));
    if (!head.includes('webm')) return 'video/x-matroska';
    return head.includes('V_VP') || head.includes('V_AV1') ? 'video/webm' : 'audio/webm';
  }
  return undefined;
}

function sniffIsoMedia(bytes: Uint8Array): string {
  const brand = latin1(bytes.subarray(8, 12));
  if (brand === 'avif' || brand === 'avis') return 'image/avif';
  if (['heic', 'heix', 'mif1', 'msf1'].includes(brand)) return latin1(bytes.subarray(8, 64)).includes('avif') ? 'image/avif' : 'image/heic';
  if (brand.startsWith('M4A') || brand.startsWith('M4B')) return 'audio/mp4';
  const whole = latin1(bytes);
  return whole.includes('soun') && !whole.includes('vide') ? 'audio/mp4' : 'video/mp4';
}

/** MPEG audio without an ID3 head begins with a frame: eleven set bits, then layer III and rates that exist. AAC in ADTS has layer 0. */
function sniffMpegAudio(bytes: Uint8Array): string | undefined {
  const [first = 0, second = 0, third = 0] = bytes;
  if (first !== 0xff || (second & 0xe0) !== 0xe0) return undefined;
  if ((second & 0xf6) === 0xf0) return 'audio/aac';
  const bitRate = third >> 4;
  const isFrame = (second & 0x18) !== 0x08 && (second & 0x06) === 0x02 && bitRate !== 0 && bitRate !== 15 && (third & 0x0c) !== 0x0c;
  return isFrame ? 'audio/mpeg' : undefined;
}

function holds(bytes: Uint8Array, mark: string, offset: number): boolean {
  return bytes.length >= offset + mark.length && latin1(bytes.subarray(offset, offset + mark.length)) === mark;
}

function latin1(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');
}
