/** A stretch of a recording, in samples at {@link sampleRate}: from `start`, up to but without `end`. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

/** Samples a second that Whisper and the voice detector hear. */
export const sampleRate = 16_000;
