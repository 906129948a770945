import { extname } from 'node:path';

/** Media types (RFC 6838) by file name's ending; the first ending of a type is the one that results get. */
const types: readonly (readonly [string, string])[] = [
  ['txt', 'text/plain'],
  ['md', 'text/markdown'],
  ['json', 'application/json'],
  ['png', 'image/png'],
  ['jpg', 'image/jpeg'],
  ['jpeg', 'image/jpeg'],
  ['webp', 'image/webp'],
  ['gif', 'image/gif'],
  ['avif', 'image/avif'],
  ['wav', 'audio/wav'],
  ['wav', 'audio/x-wav'],
  ['mp3', 'audio/mpeg'],
  ['ogg', 'audio/ogg'],
  ['oga', 'audio/ogg'],
  ['opus', 'audio/ogg'],
  ['flac', 'audio/flac'],
  ['m4a', 'audio/mp4'],
  ['weba', 'audio/webm'],
  ['mp4', 'video/mp4'],
  ['webm', 'video/webm'],
  ['mov', 'video/quicktime'],
];

/** By a file's name; `application/octet-stream` where the ending is unknown. */
export function mediaTypeOfFile(name: string): string {
  const ending = extname(name).slice(1).toLowerCase();
  return types.find(([known]) => known === ending)?.[1] ?? 'application/octet-stream';
}

/** The ending for a media type, without the dot; `bin` if it is unknown. */
export function endingOf(mediaType: string): string {
  const plain = mediaType.split(';')[0]?.trim().toLowerCase();
  return types.find(([, type]) => type === plain)?.[0] ?? 'bin';
}

export function isKnownEnding(name: string): boolean {
  return types.some(([known]) => known === extname(name).slice(1).toLowerCase());
}
