import { choose, forbid, logSum, type TokenRules } from './token-rules.ts';
import { type DecoderStep, type Past, pastOf } from './whisper-decoder.ts';

/** What a decoder wrote. */
export interface Written {
  /** Without the end. */
  readonly tokens: readonly number[];
  /** False if it had to be stopped. */
  readonly ended: boolean;
  /** Natural logarithm of its likelihood, that of the end included. */
  readonly sum: number;
}

/** Goes on with one or several texts by a token each. */
type Next = (tokens: readonly number[], past: Past) => Promise<DecoderStep>;

/** Texts that are followed at once. */
const beams = 3;

/** Draws a text token by token. @param first the pass behind which the first token comes, its last row alone */
export async function drawnText(
  first: DecoderStep,
  next: Next,
  rules: TokenRules,
  { most, temperature, random }: { most: number; temperature: number; random: () => number },
): Promise<Written> {
  const tokens: number[] = [];
  let step = first;
  let sum = 0;
  while (tokens.length < most) {
    forbid(step.logits, tokens, rules);
    const { token, logProbability } = choose(step.logits, temperature, random);
    sum += logProbability;
    if (token === rules.end) return { tokens, ended: true, sum };
    tokens.push(token);
    if (tokens.length < most) step = await next([token], step.past);
  }
  return { tokens, ended: false, sum };
}

/** A text that goes on. */
interface Beam {
  readonly tokens: readonly number[];
  readonly sum: number;
  /** Which of the texts before it goes on from. */
  readonly parent: number;
}

/**
 * The likeliest text by its mean over tokens, as far as a beam search finds it: the few likeliest beginnings are followed at once, until as many
 * have ended or none that goes on is likelier than the best that has. After OpenAI's whisper/decoding.py, `BeamSearchDecoder`.
 */
export async function likeliestText(first: DecoderStep, next: Next, rules: TokenRules, most: number): Promise<Written> {
  let live: readonly Beam[] = [{ tokens: [], sum: 0, parent: 0 }];
  let step = first;
  const ended: Written[] = [];
  for (let length = 0; length < most; length++) {
    const { going, done } = grow(live, step.logits, rules);
    ended.push(...done);
    live = going;
    const best = likeliest(ended);
    if (live.length === 0 || length + 1 === most || ended.length >= beams || (best && mean(best) >= Math.max(...live.map(mean)))) break;
    step = await next(
      live.map(({ tokens }) => tokens.at(-1) as number),
      pastOf(
        step.past,
        live.map(({ parent }) => parent),
      ),
    );
  }
  return likeliest(ended) ?? { ...(likeliest(live) as Beam), ended: false };
}

const mean = ({ tokens, sum }: { readonly tokens: readonly number[]; readonly sum: number }) => sum / (tokens.length + 1);

function likeliest<T extends { readonly tokens: readonly number[]; readonly sum: number }>(texts: readonly T[]): T | undefined {
  return texts.reduce<T | undefined>((best, text) => (best === undefined || mean(text) > mean(best) ? text : best), undefined);
}

/** Each text with its likeliest next tokens, of which the best few are kept; what ends among them is done. */
function grow(live: readonly Beam[], logits: Float32Array, rules: TokenRules): { going: Beam[]; done: Written[] } {
  const size = logits.length / live.length;
  const candidates = live.flatMap(({ tokens, sum }, parent) => {
    const row = logits.subarray(parent * size, (parent + 1) * size);
    forbid(row, tokens, rules);
    const total = logSum(row);
    return largest(row, beams + 1).map((token) => ({ token, tokens, parent, sum: sum + (row[token] as number) - total }));
  });
  const going: Beam[] = [];
  const done: Written[] = [];
  for (const { token, tokens, parent, sum } of candidates.sort((a, b) => b.sum - a.sum)) {
    if (going.length === beams || sum === Number.NEGATIVE_INFINITY) break;
    if (token === rules.end) done.push({ tokens, ended: true, sum });
    else going.push({ tokens: [...tokens, token], sum, parent });
  }
  return { going, done };
}

/** The places of the largest values, largest first. */
function largest(values: Float32Array, count: number): number[] {
  const places: number[] = [];
  let least = Number.NEGATIVE_INFINITY;
  for (let place = 0; place < values.length; place++) {
    const value = values[place] as number;
    if (value <= least) continue;
    const at = places.findIndex((other) => value > (values[other] as number));
    places.splice(at < 0 ? places.length : at, 0, place);
    if (places.length > count) places.pop();
    if (places.length === count) least = values[places.at(-1) as number] as number;
  }
  return places;
}
