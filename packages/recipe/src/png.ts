import { damaged, joined, latin1, uint32, utf8, viewOf } from './bytes.ts';
import type { Carrier } from './carrier.ts';
import type { Edit } from './edits.ts';

const signature = '\x89PNG\r\n\x1a\n';
const keyword = 'atelier\0';
/** Where the first chunk, IHDR of 13 bytes, ends. */
const afterHeader = 8 + 12 + 13;

/** PNG (W3C, third edition): an `iTXt` chunk (11.3.3.4) behind the header, neither compressed nor translated. */
export const png: Carrier = {
  mediaType: 'image/png',
  begins: (bytes) => latin1(bytes, 0, 8) === signature,
  read(bytes) {
    const chunk = recipeChunks(bytes)[0];
    return chunk === undefined ? null : utf8(textOf(bytes.subarray(chunk.start + 8, chunk.end - 4)));
  },
  edits(bytes, sizeBytes, recipe) {
    if (latin1(bytes, 12, 4) !== 'IHDR' || bytes.length < afterHeader || (bytes.length === sizeBytes && !isWhole(bytes))) {
      throw damaged('PNG', 'a chunk is cut off');
    }
    const removals: Edit[] = recipeChunks(bytes).map(({ start, end }) => ({ at: start, remove: end - start, insert: new Uint8Array() }));
    return [{ at: afterHeader, remove: 0, insert: chunkOf('iTXt', joined(keyword, '\0\0\0\0', new TextEncoder().encode(recipe))) }, ...removals];
  },
};

interface Chunk {
  readonly type: string;
  readonly start: number;
  readonly end: number;
}

/** Up to the end of the picture, or to where a chunk is cut off. */
function chunksOf(bytes: Uint8Array): Chunk[] {
  const view = viewOf(bytes);
  const chunks: Chunk[] = [];
  for (let start = 8; start + 12 <= bytes.length; ) {
    const end = start + 12 + view.getUint32(start);
    const type = latin1(bytes, start + 4, 4);
    if (end > bytes.length) break;
    chunks.push({ type, start, end });
    if (type === 'IEND') break;
    start = end;
  }
  return chunks;
}

function isWhole(bytes: Uint8Array): boolean {
  return chunksOf(bytes).at(-1)?.type === 'IEND';
}

function recipeChunks(bytes: Uint8Array): Chunk[] {
  return chunksOf(bytes).filter(({ type, start }) => type === 'iTXt' && latin1(bytes, start + 8, keyword.length) === keyword);
}

/** Keyword, two bytes on compression, language and translated keyword, each ended by a zero, then the text. */
function textOf(data: Uint8Array): Uint8Array {
  const language = data.indexOf(0, keyword.length + 2);
  const translated = language < 0 ? -1 : data.indexOf(0, language + 1);
  if (data[keyword.length] !== 0 || translated < 0) throw damaged('PNG', 'its recipe is not written as plain text');
  return data.subarray(translated + 1);
}

function chunkOf(type: string, data: Uint8Array): Uint8Array {
  const named = joined(type, data);
  return joined(uint32(data.length), named, uint32(crc32(named)));
}

const crcTable = Uint32Array.from({ length: 256 }, (_, index) => {
  let value = index;
  for (let bit = 0; bit < 8; bit++) value = (value & 1) === 0 ? value >>> 1 : 0xedb88320 ^ (value >>> 1);
  return value;
});

/** The check sum of PNG chunks (annex D). */
function crc32(bytes: Uint8Array): number {
  let value = 0xffff_ffff;
  for (const byte of bytes) value = (crcTable[(value ^ byte) & 0xff] as number) ^ (value >>> 8);
  return ~value >>> 0;
}
