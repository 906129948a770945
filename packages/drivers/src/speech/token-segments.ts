import { firstTimestamp, type TokenRules, timestampSeconds } from './token-rules.ts';

/** Words between two timestamps. */
export interface TokenSegment {
  /** Seconds from the start of the window's sound. */
  readonly start: number;
  /** Undefined while the decoder did not say where it ends. */
  readonly end: number | undefined;
  readonly tokens: readonly number[];
}

/** Cuts what a decoder wrote at its timestamps. @param written words and timestamps, as Whisper pairs them; a segment without words is left out */
export function tokenSegments(written: readonly number[], rules: TokenRules): TokenSegment[] {
  const first = firstTimestamp(rules);
  const segments: TokenSegment[] = [];
  let start = 0;
  let tokens: number[] = [];
  for (const token of written) {
    if (token < first) {
      tokens.push(token);
      continue;
    }
    const time = (token - first) * timestampSeconds;
    if (tokens.length > 0) segments.push({ start, end: time, tokens });
    start = time;
    tokens = [];
  }
  return tokens.length > 0 ? [...segments, { start, end: undefined, tokens }] : segments;
}
