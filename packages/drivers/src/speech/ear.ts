import type { Confidence } from './doubt.ts';
import type { TokenRules } from './token-rules.ts';
import type { Attention } from './words.ts';

/** One decoding of a window's sound. */
export interface Decoded extends Confidence {
  /** Words and timestamps, without what the decoder was given and without the end. */
  readonly tokens: readonly number[];
  readonly text: string;
  readonly temperature: number;
  /** False if the decoder had to be stopped. */
  readonly ended: boolean;
}

export interface DecodeOptions {
  readonly temperature: number;
  /** Uniform in 0..1; called once a token at a temperature over 0. */
  readonly random: () => number;
  readonly mostTokens: number;
}

/** A window of sound that the encoder has heard. */
export interface HeardWindow {
  /** Which language is spoken, as an ISO 639 code. */
  readonly language: string | undefined;
  decode(options: DecodeOptions): Promise<Decoded>;
  /** What some tokens of text look at, one row a token and one more for the end; undefined if the model does not tell. */
  attention?(text: readonly number[]): Promise<Attention>;
}

/** A Whisper model in memory, set to one language and prompt. */
export interface Ear {
  readonly rules: TokenRules;
  /** Whether the language writes spaces between words. */
  readonly hasSpaces: boolean;
  /** Width of the median that smooths attention, in frames. */
  readonly medianWidth: number;
  /** Tokens of the longest text of a window. */
  readonly mostTokens: number;
  text(tokens: readonly number[]): string;
  /** @param sound at most 30 s, one channel at 16 kHz */
  hear(sound: Float32Array): Promise<HeardWindow>;
}
