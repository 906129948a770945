/** Letters, digits and the marks that belong to letters; everything else parts words. */
const word = /[\p{L}\p{M}\p{N}]+/gu;
/** More words than this narrow nothing down any further. */
const mostWords = 20;

/**
 * What people typed as a text search query of PostgreSQL: every word has to be the beginning of a word of the caption.
 * Holds nothing but letters, digits and its own operators, so nothing that is typed can break it.
 * @returns undefined if nothing was typed that is a word
 * @example prefixQuery('red app') // "'red':* & 'app':*"
 */
export function prefixQuery(typed: string): string | undefined {
  const words = typed.normalize('NFC').match(word)?.slice(0, mostWords) ?? [];
  return words.length === 0 ? undefined : words.map(anyCase).join(' & ');
}

/** Pictographs with what changes them: skin, presentation, joiners, letters of flags. */
const pictographs = /(?:\p{Extended_Pictographic}|\p{Regional_Indicator}|\p{Emoji_Modifier}|\u200d|\ufe0f)+/gu;

/**
 * What was typed that is no word: pictographs and signs, which no index of words holds and a caption has to contain as they are.
 * Mere punctuation counts if nothing else was typed.
 * @example signsOf('100 % of 🍎') // ['🍎']
 * @example signsOf('%') // ['%']
 */
export function signsOf(typed: string): string[] {
  const plain = typed.replaceAll('\u0000', ' ').normalize('NFC');
  const apart = plain.split(/\s+/u).filter((part) => part !== '' && part.match(word) === null);
  const counting = apart.length === 0 || plain.match(word) === null ? apart : apart.filter((part) => /\p{S}/u.test(part));
  return [...new Set([...counting, ...(plain.match(pictographs) ?? [])])].slice(0, mostWords);
}

/** A database with the locale `C` lowers ASCII letters only, so the other usual spellings are asked for by name. */
function anyCase(typed: string): string {
  const lower = typed.toLowerCase();
  const spellings = new Set([typed, lower, `${lower.charAt(0).toUpperCase()}${lower.slice(1)}`]);
  const plain = [...new Set([...spellings].map(asciiLower))].map((one) => `'${one}':*`);
  return plain.length === 1 ? (plain[0] as string) : `(${plain.join(' | ')})`;
}

const asciiLower = (text: string) => text.replaceAll(/[A-Z]/g, (letter) => letter.toLowerCase());
