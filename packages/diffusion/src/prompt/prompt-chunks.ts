import type { WeightedText } from './parse-prompt.ts';

/** Turns text into token numbers, and knows the special tokens that its model was trained with. */
export interface TextTokenizer {
  /** The tokens of the text alone, neither shortened nor padded. */
  encode(text: string): readonly number[];
  /** Special tokens before every text. */
  readonly starts: readonly number[];
  /** Special tokens after every text. */
  readonly ends: readonly number[];
  /** The token that fills up to the full length. */
  readonly padId: number;
}

/** One pass through a text encoder. */
export interface PromptChunk {
  /** As many as the encoder takes. */
  readonly ids: readonly number[];
  /** One a token; 1 for special tokens and padding. */
  readonly weights: readonly number[];
  /** Tokens before the padding. */
  readonly used: number;
}

/**
 * Cuts a prompt into passes of equal length, each with the special tokens around it. Differently weighted parts are read as
 * tokens apart from each other, so that every token has one weight.
 * @param length tokens that the encoder takes at once, special ones counted: 77 for CLIP
 * @returns at least one chunk
 */
export function promptChunks(tokenizer: TextTokenizer, prompt: readonly WeightedText[], length: number): PromptChunk[] {
  const tokens = prompt.flatMap(({ text, weight }) => tokenizer.encode(text).map((id) => ({ id, weight })));
  const room = Math.max(1, length - tokenizer.starts.length - tokenizer.ends.length);
  const count = Math.max(1, Math.ceil(tokens.length / room));
  return Array.from({ length: count }, (_, index) => chunkOf(tokenizer, tokens.slice(index * room, (index + 1) * room), length));
}

function chunkOf({ starts, ends, padId }: TextTokenizer, tokens: readonly { id: number; weight: number }[], length: number): PromptChunk {
  const used = starts.length + tokens.length + ends.length;
  const padding = Array<number>(length - used).fill(padId);
  const ids = [...starts, ...tokens.map(({ id }) => id), ...ends, ...padding];
  const weights = ids.map((_, place) => tokens[place - starts.length]?.weight ?? 1);
  return { ids, weights, used };
}

/** The chunks filled up to a number with chunks of an empty text, or cut to it. */
export function chunksUpTo(tokenizer: TextTokenizer, chunks: readonly PromptChunk[], count: number): PromptChunk[] {
  const length = chunks[0]?.ids.length ?? 0;
  return Array.from({ length: count }, (_, index) => chunks[index] ?? chunkOf(tokenizer, [], length));
}
