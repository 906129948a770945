import { timestampSeconds } from './token-rules.ts';

/** How strongly each token looks at each moment, of the heads that are known to follow speech: heads, tokens, frames of 0.02 s. */
export interface Attention {
  readonly heads: number;
  readonly tokens: number;
  readonly frames: number;
  /** Head by head, token by token. */
  readonly weights: Float32Array;
}

/**
 * When each token begins, in seconds: dynamic time warping through the attention of the alignment heads, each normalised over the tokens
 * and smoothed by a median of `medianWidth` frames. After OpenAI's whisper/timing.py, `find_alignment`.
 */
export function tokenStarts(attention: Attention, medianWidth: number): number[] {
  const { tokens, frames } = attention;
  const cost = new Float64Array(tokens * frames);
  for (let head = 0; head < attention.heads; head++) addHead(cost, attention, head, medianWidth);
  return firstFrames(cost, tokens, frames).map((frame) => frame * timestampSeconds);
}

/** Takes a head's likeness from the costs. */
function addHead(cost: Float64Array, { heads, tokens, frames, weights }: Attention, head: number, medianWidth: number): void {
  const offset = head * tokens * frames;
  const rows = new Float64Array(tokens * frames);
  for (let frame = 0; frame < frames; frame++) {
    let mean = 0;
    for (let token = 0; token < tokens; token++) mean += (weights[offset + token * frames + frame] as number) / tokens;
    let variance = 0;
    for (let token = 0; token < tokens; token++) variance += ((weights[offset + token * frames + frame] as number) - mean) ** 2 / tokens;
    const deviation = Math.sqrt(variance) || 1;
    for (let token = 0; token < tokens; token++) rows[token * frames + frame] = ((weights[offset + token * frames + frame] as number) - mean) / deviation;
  }
  for (let token = 0; token < tokens; token++) {
    const row = rows.subarray(token * frames, (token + 1) * frames);
    for (let frame = 0; frame < frames; frame++) {
      const at = token * frames + frame;
      cost[at] = (cost[at] as number) - median(row, frame, medianWidth) / heads;
    }
  }
}

/** The median of the values around a place; beyond the ends they are mirrored. */
function median(row: Float64Array, at: number, width: number): number {
  const half = width >> 1;
  const last = row.length - 1;
  const near: number[] = [];
  for (let place = at - half; place <= at + half; place++) near.push(row[Math.min(last, Math.abs(place > last ? 2 * last - place : place))] as number);
  return near.sort((a, b) => a - b)[half] as number;
}

/** Where the cheapest path reaches each row first; it goes right, down, or both at once. */
function firstFrames(cost: Float64Array, rows: number, columns: number): number[] {
  const width = columns + 1;
  const total = new Float64Array((rows + 1) * width).fill(Number.POSITIVE_INFINITY);
  const steps = new Uint8Array((rows + 1) * width);
  total[0] = 0;
  for (let row = 1; row <= rows; row++) {
    for (let column = 1; column <= columns; column++) {
      const at = row * width + column;
      const both = total[at - width - 1] as number;
      const down = total[at - width] as number;
      const right = total[at - 1] as number;
      const step = both < down && both < right ? 0 : down < right ? 1 : 2;
      steps[at] = step;
      total[at] = (cost[(row - 1) * columns + column - 1] as number) + Math.min(both, down, right);
    }
  }
  const first = new Array<number>(rows).fill(0);
  let row = rows;
  let column = columns;
  while (row > 0 && column > 0) {
    first[row - 1] = column - 1;
    const step = steps[row * width + column];
    if (step !== 2) row -= 1;
    if (step !== 1) column -= 1;
  }
  return first;
}

/** A word and which tokens it is made of. */
export interface TokenWord {
  readonly text: string;
  readonly from: number;
  /** The token behind its last. */
  readonly to: number;
}

/**
 * Puts tokens together to words: a token that begins with a space begins a word, and punctuation belongs to the word before it.
 * Where a language sets no spaces, each character or token that is whole is a word.
 * @param text what some tokens mean; bytes of a character that is not whole come as U+FFFD
 */
export function tokenWords(tokens: readonly number[], text: (tokens: readonly number[]) => string, hasSpaces = true): TokenWord[] {
  const words: TokenWord[] = [];
  let from = 0;
  for (let to = 1; to <= tokens.length; to++) {
    const piece = text(tokens.slice(from, to));
    if (piece.includes('\uFFFD') && to < tokens.length) continue;
    const last = words.at(-1);
    const beginsWord = last === undefined || (hasSpaces ? piece.startsWith(' ') : true);
    if (beginsWord && !isPunctuation(piece)) words.push({ text: piece, from, to });
    else if (last === undefined) words.push({ text: piece, from, to });
    else words[words.length - 1] = { text: last.text + piece, from: last.from, to };
    from = to;
  }
  return words.map((word) => ({ ...word, text: word.text.trim() })).filter(({ text: word }) => word !== '');
}

function isPunctuation(piece: string): boolean {
  return /^\s*[\p{P}]+$/u.test(piece) && !/^\s+[\p{Ps}\p{Pi}"'¿¡-]/u.test(piece);
}
