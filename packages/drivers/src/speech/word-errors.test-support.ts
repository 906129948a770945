/**
 * How heard words are compared with said ones: after the English text normaliser of Whisper's paper (Radford and others, 2022, appendix C), in the
 * parts that plain text of this kind can need. What is written in two ways is no error: contractions, numbers, British spelling.
 * Old forms and homophones stay errors.
 */

/** What stands for what, in this order. Every ending that stays, such as the 's of a genitive, is compared as it is written. */
const contractions: ReadonlyArray<readonly [RegExp, string]> = [
  [/\bwon't\b/g, 'will not'],
  [/\bcan't\b|\bcannot\b/g, 'can not'],
  [/\blet's\b/g, 'let us'],
  [/\by'all\b/g, 'you all'],
  [/\bma'am\b/g, 'madam'],
  [/\bmr\b/g, 'mister'],
  [/\bmrs\b/g, 'missus'],
  [/(?<!')\bst\b/g, 'saint'],
  [/\bdr\b/g, 'doctor'],
  [/n't\b/g, ' not'],
  [/'re\b/g, ' are'],
  [/'ll\b/g, ' will'],
  [/'ve\b/g, ' have'],
  [/'m\b/g, ' am'],
];

/** British endings and their American ones, for the stems that are spelled so. */
const spellings: ReadonlyArray<readonly [RegExp, string]> = [
  [/\b(arb|ard|arm|behavi|cand|clam|col|demean|endeav|fav|ferv|flav|glam|harb|hon|hum|lab|neighb|od|parl|ranc|rig|rum|sav|splend|tum|val|vap|vig)our/g, '$1or'],
  [
    /\b(\w{3,})is(e|ed|es|ing|ation)\b(?<=\b(?:real|organ|recogn|apolog|civil|critic|memor|modern|summar|symbol|author|emphas|baptis|harmon|colon|special)is\w+)/g,
    '$1iz$2',
  ],
  [/\b(cent|fib|lit|lust|meag|met|sceptr|scept|somb|spect|theat|sepulch)re(s?)\b/g, '$1er$2'],
  [/\b(def|off|pret|lic)ence/g, '$1ense'],
  [/\b(travel|cancel|model|level|label|quarrel|counsel|marvel)l(ed|er|ers|ing|ous)\b/g, '$1$2'],
  [/\bgrey/g, 'gray'],
  [/\bplough/g, 'plow'],
  [/\b(cata|dia|mono|ana)logue/g, '$1log'],
  [/\bprogramme\b/g, 'program'],
  [/\b(judg|acknowledg)ement/g, '$1ment'],
  [/\bto-day\b/g, 'today'],
];

const units = 'zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen'.split(' ');
const tens = 'twenty thirty forty fifty sixty seventy eighty ninety'.split(' ');
const numbers = new Map([...units.map((word, value) => [word, value] as const), ...tens.map((word, place) => [word, 20 + 10 * place] as const)]);

/** Words as they are compared: lower case, without punctuation, numbers up to 99 in digits. */
export function comparedWords(text: string): string[] {
  let plain = text
    .normalize('NFKC')
    .toLowerCase()
    .replaceAll('’', "'")
    .replaceAll(/\[[^\]]*\]|\([^)]*\)/g, ' ');
  for (const [from, to] of [...contractions, ...spellings]) plain = plain.replaceAll(from, to);
  return digits(plain.match(/[\p{L}\p{N}']+/gu) ?? []);
}

function digits(words: readonly string[]): string[] {
  const written: string[] = [];
  let open: number | undefined;
  for (const word of words) {
    const value = numbers.get(word);
    const goesOn = open !== undefined && open >= 20 && open % 10 === 0 && value !== undefined && value > 0 && value < 10;
    if (goesOn) written[written.length - 1] = String((open as number) + value);
    else written.push(value === undefined ? word : String(value));
    open = goesOn ? undefined : value;
  }
  return written;
}

/** What was put in, left out or changed, in order. */
export interface WordError {
  readonly said: string;
  readonly heard: string;
}

/** Errors so far, the last one first. */
interface Chain {
  readonly count: number;
  readonly error?: WordError;
  readonly before?: Chain;
}

/** The fewest changes that make one text the other (Levenshtein's distance over words), in order; a word put in or left out has no other. */
export function wordErrors(said: readonly string[], heard: readonly string[]): WordError[] {
  const and = (before: Chain, error: WordError): Chain => ({ count: before.count + 1, error, before });
  let row: Chain[] = [{ count: 0 }];
  for (const word of heard) row.push(and(row.at(-1) as Chain, { said: '', heard: word }));
  for (const word of said) {
    const next = [and(row[0] as Chain, { said: word, heard: '' })];
    for (const [column, other] of heard.entries()) {
      const pair = row[column] as Chain;
      const changed = word === other ? pair : and(pair, { said: word, heard: other });
      const others = [and(row[column + 1] as Chain, { said: word, heard: '' }), and(next[column] as Chain, { said: '', heard: other })];
      next.push(others.reduce((best, one) => (one.count < best.count ? one : best), changed));
    }
    row = next;
  }
  const errors: WordError[] = [];
  for (let at: Chain | undefined = row.at(-1); at?.error; at = at.before) errors.push(at.error);
  return errors.reverse();
}
