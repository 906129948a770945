import { AtelierError } from '../errors.ts';

/** What stands in no text: control characters but tab, line ends and form feed. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what tells text from other bytes
const notText = /[\u0000-\u0008\u000b\u000e-\u001f\u007f]/;

/**
 * The text of a file that somebody wrote: UTF-8 or UTF-16 by its byte order mark, else UTF-8 if it is valid, else Windows-1252
 * (which holds Latin-1) if it can be nothing else: most letters are ASCII, so it is no Cyrillic, Greek or Japanese encoding.
 * @throws AtelierError `unsupported-media` for what is no text, or in an encoding that cannot be told
 */
export function decodeText(bytes: Uint8Array): string {
  const text = byMark(bytes) ?? decoded(bytes, 'utf-8') ?? asWestern(bytes);
  if (text !== undefined && !notText.test(text)) return text;
  throw new AtelierError('unsupported-media', 'The file is not text in UTF-8, UTF-16 with a byte order mark, or Latin-1.', {
    hint: 'Save it as UTF-8 and give it again.',
  });
}

function byMark(bytes: Uint8Array): string | undefined {
  const [first, second, third] = bytes;
  if (first === 0xff && second === 0xfe) return decoded(bytes, 'utf-16le');
  if (first === 0xfe && second === 0xff) return decoded(bytes, 'utf-16be');
  if (first === 0xef && second === 0xbb && third === 0xbf) return decoded(bytes, 'utf-8');
  return undefined;
}

/** Without its byte order mark; undefined if it is not valid. */
function decoded(bytes: Uint8Array, encoding: string): string | undefined {
  try {
    return new TextDecoder(encoding, { fatal: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

function asWestern(bytes: Uint8Array): string | undefined {
  const text = decoded(bytes, 'windows-1252');
  if (text === undefined || /[\u0080-\u009f]/.test(text)) return undefined;
  const ascii = text.match(/[A-Za-z]/g)?.length ?? 0;
  const other = (text.match(/\p{L}/gu)?.length ?? 0) - ascii;
  return other < ascii ? text : undefined;
}
