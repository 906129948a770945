/**
 * Tokens of a text, estimated without its model's tokenizer: word pieces as BERT, CLIP and byte-pair vocabularies cut English, where
 * common words are one token and longer ones two or three; other scripts about one a character.
 * @returns for each word its estimate, in order
 */
export function estimateTokens(text: string): Array<{ word: string; tokens: number }> {
  return (text.match(/\S+/g) ?? []).map((word) => ({ word, tokens: tokensOf(word) }));
}

function tokensOf(word: string): number {
  const letters = word.match(/[A-Za-z]+/g) ?? [];
  const digits = word.match(/\d/g)?.length ?? 0;
  const others = [...word.replace(/[A-Za-z\d]/g, '')].length;
  return letters.reduce((sum, part) => sum + Math.ceil(part.length / 9), 0) + Math.ceil(digits / 2) + others;
}

/** What of a prompt lies behind a model's last token, by the estimate. */
export interface Cut {
  readonly tokens: number;
  /** The words that are probably not read, as they stand in the text. */
  readonly words: string;
}

/** @param most tokens of the text that the model reads @returns null if all of it is probably read */
export function cutOf(text: string, most: number): Cut | null {
  const words = estimateTokens(text);
  const tokens = words.reduce((sum, one) => sum + one.tokens, 0);
  if (tokens <= most) return null;
  let read = 0;
  const first = words.findIndex((one) => {
    read += one.tokens;
    return read > most;
  });
  return {
    tokens,
    words: words
      .slice(first)
      .map(({ word }) => word)
      .join(' '),
  };
}
