import { deflateSync } from 'node:zlib';

/** What the decoder says about its own result. */
export interface Confidence {
  /** Bytes of the text over those of its deflated form: text that repeats itself shrinks most. */
  readonly compressionRatio: number;
  /** Natural logarithm of the mean likelihood of a token. */
  readonly averageLogProbability: number;
  /** How likely the decoder finds it that nobody speaks, before its first token. */
  readonly noSpeechProbability: number;
}

/** The bounds of Whisper's paper (Radford and others, 2022, section 4.5), as its published code sets them. */
export const bounds = { compressionRatio: 2.4, averageLogProbability: -1, noSpeechProbability: 0.6 } as const;

/** Temperatures in turn, until a result is believed (section 4.5). */
export const temperatures = [0, 0.2, 0.4, 0.6, 0.8, 1] as const;

export function compressionRatio(text: string): number {
  const bytes = Buffer.from(text);
  return bytes.length === 0 ? 0 : bytes.length / deflateSync(bytes).length;
}

/**
 * `believed`, `silence` (nobody speaks, the decoder says), or `doubted`: try a higher temperature.
 * @param confidence of one decoding
 */
export function judge({ compressionRatio: ratio, averageLogProbability, noSpeechProbability }: Confidence): 'believed' | 'silence' | 'doubted' {
  const unlikely = averageLogProbability < bounds.averageLogProbability;
  if (unlikely && noSpeechProbability > bounds.noSpeechProbability) return 'silence';
  return unlikely || ratio > bounds.compressionRatio ? 'doubted' : 'believed';
}
