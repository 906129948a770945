/**
 * What kind of file some bytes are, by their magic numbers; the first 4 KiB are enough. Text and JSON have none, so they are not found.
 * A WebM or MP4 that holds sound alone is told from one with pictures where its head says so.
 * @returns a media type (RFC 6838), or undefined for an unknown kind
 * @example sniffMediaType(new Uint8Array([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a])) // 'image/png'
 */
export function sniffMediaType(bytes: Uint8Array): string | undefined {
  if (holds(bytes, 'ID3', 0)) return sniffBehindTag(bytes);
  if (isJpeg(bytes)) return 'image/jpeg';
  return marks.find(([mark, offset]) => holds(bytes, mark, offset))?.[2] ?? sniffContainer(bytes) ?? sniffMpegAudio(bytes);
}

/** Further names of a kind, or of kinds that the same bytes can be, by the one that {@link sniffMediaType} gives. */
const alike: Readonly<Record<string, readonly string[]>> = {
  'audio/wav': ['audio/x-wav', 'audio/vnd.wave', 'audio/wave'],
  'audio/mpeg': ['audio/mp3'],
  'audio/ogg': ['audio/opus', 'video/ogg'],
  'audio/mp4': ['audio/x-m4a', 'audio/m4a', 'video/mp4'],
  'video/mp4': ['audio/mp4', 'audio/x-m4a', 'video/quicktime'],
  'video/webm': ['audio/webm', 'video/x-matroska'],
  'audio/webm': ['video/webm', 'video/x-matroska'],
  'video/x-matroska': ['video/webm', 'audio/webm', 'audio/x-matroska'],
  'image/png': ['image/apng'],
};

/** Kinds whose bytes all have a mark: what has none is not of them. */
const marked: ReadonlySet<string> = new Set([
  ...['image/png', 'image/jpeg', 'image/gif', 'image/webp', 'image/avif'],
  ...['audio/wav', 'audio/flac', 'audio/ogg', 'audio/mpeg', 'video/mp4', 'video/webm'],
]);

/**
 * Whether bytes can be what was said of them.
 * @param found what {@link sniffMediaType} made of them
 * @returns undefined if the kind has no mark, so that bytes say nothing of it
 */
export function canBe(declared: string, found: string | undefined): boolean | undefined {
  const bare = (declared.split(';')[0] as string).trim().toLowerCase();
  if (found !== undefined) return found === bare || alike[found]?.includes(bare) === true;
  return marked.has(bare) ? false : undefined;
}

/** ID3 tags (id3.org, 2.3 and 2.4) stand before MP3 most often, but before AAC and FLAC too. What stands behind a tag that is longer than the bytes is MP3. */
function sniffBehindTag(bytes: Uint8Array): string {
  const behind = bytes.subarray(idTagEnd(bytes));
  return behind.length < 10 ? 'audio/mpeg' : (sniffMediaType(behind) ?? 'audio/mpeg');
}

/** Where the ID3 tag ends that bytes begin with: its head of ten bytes holds its size, seven bits a byte. */
export function idTagEnd(bytes: Uint8Array): number {
  return 10 + [6, 7, 8, 9].reduce((size, place) => size * 128 + ((bytes[place] ?? 0) & 0x7f), 0);
}

const marks: ReadonlyArray<readonly [string, number, string]> = [
  ['\x89PNG\r\n\x1a\n', 0, 'image/png'],
  ['GIF87a', 0, 'image/gif'],
  ['GIF89a', 0, 'image/gif'],
  ['fLaC', 0, 'audio/flac'],
  ['OggS', 0, 'audio/ogg'],
  ['%PDF-', 0, 'application/pdf'],
];

/** The mark of a JPEG and that of its first segment (ITU-T T.81, B.1.1.3), which stray bytes of cameras may hold apart. */
function isJpeg(bytes: Uint8Array): boolean {
  return bytes[0] === 0xff && bytes[1] === 0xd8 && /^.{2,64}?\xff[\xc0-\xcf\xdb\xdd\xe0-\xef\xfe\xff]/s.test(latin1(bytes.subarray(0, 68)));
}

/** Kinds that share an outer format: RIFF, ISO base media (ISO/IEC 14496-12) and Matroska (RFC 9559). */
function sniffContainer(bytes: Uint8Array): string | undefined {
  if (holds(bytes, 'RIFF', 0) || holds(bytes, 'RIFX', 0)) {
    if (holds(bytes, 'WEBP', 8)) return 'image/webp';
    return holds(bytes, 'WAVE', 8) ? 'audio/wav' : undefined;
  }
  if (holds(bytes, 'RF64', 0) && holds(bytes, 'WAVE', 8)) return 'audio/wav';
  if (holds(bytes, 'ftyp', 4)) return sniffIsoMedia(bytes);
  return holds(bytes, '\x1a\x45\xdf\xa3', 0) ? sniffMatroska(latin1(bytes.subarray(0, 4096))) : undefined;
}

/** By the codecs that the head names: those of pictures begin with V, those of sound with A. */
function sniffMatroska(head: string): string {
  const kind = head.includes('webm') ? 'webm' : 'x-matroska';
  if (/V_(VP|AV1|MPEG|THEORA|FFV1|MS)/.test(head)) return `video/${kind}`;
  return kind === 'webm' || head.includes('A_') ? `audio/${kind}` : 'video/x-matroska';
}

function sniffIsoMedia(bytes: Uint8Array): string {
  const brand = latin1(bytes.subarray(8, 12));
  if (brand === 'avif' || brand === 'avis') return 'image/avif';
  if (['heic', 'heix', 'mif1', 'msf1'].includes(brand)) return latin1(bytes.subarray(8, 64)).includes('avif') ? 'image/avif' : 'image/heic';
  if (brand.startsWith('M4A') || brand.startsWith('M4B')) return 'audio/mp4';
  const whole = latin1(bytes);
  return whole.includes('soun') && !whole.includes('vide') ? 'audio/mp4' : 'video/mp4';
}

/** MPEG audio without an ID3 head begins with a frame: eleven set bits, then layer II or III and rates that exist. AAC in ADTS has layer 0. */
function sniffMpegAudio(bytes: Uint8Array): string | undefined {
  const [first = 0, second = 0, third = 0] = bytes;
  if (first !== 0xff || (second & 0xe0) !== 0xe0) return undefined;
  if ((second & 0xf6) === 0xf0) return 'audio/aac';
  const bitRate = third >> 4;
  const isFrame = (second & 0x18) !== 0x08 && [0x02, 0x04].includes(second & 0x06) && bitRate !== 0 && bitRate !== 15 && (third & 0x0c) !== 0x0c;
  return isFrame ? 'audio/mpeg' : undefined;
}

function holds(bytes: Uint8Array, mark: string, offset: number): boolean {
  return bytes.length >= offset + mark.length && latin1(bytes.subarray(offset, offset + mark.length)) === mark;
}

function latin1(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');
}
