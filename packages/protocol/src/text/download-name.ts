import { shortened } from './cut-text.ts';

const fileNameCharacters = 48;

/**
 * A file's name for a result, by what it shows: safe on all systems, and another for each result.
 * @param words such as the prompt @param id of the output @param ending without the point
 * @example downloadName('A red apple!', 'a1b2c3d4', 'png') // 'A-red-apple-c3d4.png'
 */
export function downloadName(words: string, id: string, ending: string): string {
  const plain = shortened(words.normalize('NFC').trim(), fileNameCharacters).replaceAll(/[^\p{L}\p{N}\p{M}]+/gu, '-');
  const trimmed = plain.replaceAll(/^-+|-+$/g, '');
  const mark = id.replaceAll(/[^0-9a-z]/gi, '').slice(-4);
  return `${[trimmed || 'result', mark].filter((part) => part !== '').join('-')}.${ending}`;
}
