/** The tokens of a Whisper model that mean something to the decoder. */
export interface TokenRules {
  /** Ends a text. Every token from here on is no text. */
  readonly end: number;
  readonly noTimestamps: number;
  /** Never written: punctuation that stands for sounds, and control tokens. */
  readonly suppressed: readonly number[];
  /** Not written first. */
  readonly suppressedFirst: readonly number[];
  /** The first timestamp may not lie behind so many steps of 0.02 s. */
  readonly latestFirstTimestamp: number;
}

/** Seconds between two timestamp tokens. */
export const timestampSeconds = 0.02;

/** The token of 0.00 s; each next one is {@link timestampSeconds} later. */
export const firstTimestamp = ({ noTimestamps }: TokenRules): number => noTimestamps + 1;

/**
 * Takes away the tokens that may not come next, in place: those of {@link TokenRules}, and what Whisper's timestamps demand (they come
 * in pairs, never go back, and come whenever all of them together are likelier than any word). After OpenAI's whisper/decoding.py,
 * `ApplyTimestampRules`.
 * @param logits one a token; forbidden ones become -Infinity
 * @param written the tokens that were written so far
 */
export function forbid(logits: Float32Array, written: readonly number[], rules: TokenRules): void {
  const { end, noTimestamps, suppressed, suppressedFirst, latestFirstTimestamp } = rules;
  const first = firstTimestamp(rules);
  for (const token of suppressed) logits[token] = Number.NEGATIVE_INFINITY;
  logits[noTimestamps] = Number.NEGATIVE_INFINITY;
  if (written.length === 0) {
    for (const token of suppressedFirst) logits[token] = Number.NEGATIVE_INFINITY;
    logits.fill(Number.NEGATIVE_INFINITY, 0, first);
    logits.fill(Number.NEGATIVE_INFINITY, first + latestFirstTimestamp + 1);
    return;
  }
  const isTime = (place: number) => (written.at(place) ?? Number.POSITIVE_INFINITY) >= first;
  const opened = isTime(-1);
  if (opened && isTime(-2)) logits.fill(Number.NEGATIVE_INFINITY, first);
  else if (opened) logits.fill(Number.NEGATIVE_INFINITY, 0, end);
  const latest = written.findLast((token) => token >= first);
  // A segment that was closed may be followed by one that opens at the same time; one that is open must end later.
  if (latest !== undefined) logits.fill(Number.NEGATIVE_INFINITY, first, opened && !isTime(-2) ? latest : latest + 1);
  if (timeIsLikelier(logits, first)) logits.fill(Number.NEGATIVE_INFINITY, 0, first);
}

function timeIsLikelier(logits: Float32Array, first: number): boolean {
  let likeliestWord = Number.NEGATIVE_INFINITY;
  for (let token = 0; token < first; token++) likeliestWord = Math.max(likeliestWord, logits[token] as number);
  return logSum(logits.subarray(first)) > likeliestWord;
}

/** Logarithm of the sum of exponentials, without overflow. */
export function logSum(logits: Float32Array): number {
  let largest = Number.NEGATIVE_INFINITY;
  for (const value of logits) if (value > largest) largest = value;
  if (largest === Number.NEGATIVE_INFINITY) return largest;
  let sum = 0;
  for (const value of logits) sum += Math.exp(value - largest);
  return largest + Math.log(sum);
}

/**
 * Chooses the next token.
 * @param temperature 0 takes the likeliest
 * @param random uniform in 0..1
 * @returns the token and the natural logarithm of its likelihood at temperature 1
 */
export function choose(logits: Float32Array, temperature: number, random: () => number): { token: number; logProbability: number } {
  const token = temperature === 0 ? likeliest(logits) : drawn(logits, temperature, random());
  return { token, logProbability: (logits[token] as number) - logSum(logits) };
}

function likeliest(logits: Float32Array): number {
  let best = 0;
  for (let token = 1; token < logits.length; token++) if ((logits[token] as number) > (logits[best] as number)) best = token;
  return best;
}

function drawn(logits: Float32Array, temperature: number, share: number): number {
  const scaled = logits.map((value) => value / temperature);
  const total = logSum(scaled);
  let left = share;
  for (let token = 0; token < scaled.length; token++) {
    left -= Math.exp((scaled[token] as number) - total);
    if (left < 0) return token;
  }
  return likeliest(logits);
}
