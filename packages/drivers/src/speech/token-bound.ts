import { sampleRate } from './span.ts';

/**
 * Seconds of speech that can fill all tokens of a text. A script that Whisper's vocabulary knows only by its bytes takes three tokens a character and ten
 * a syllable, of which people speak up to six a second. What of a longer stretch does not fit is heard in smaller pieces.
 */
const fullSeconds = 4;

/**
 * Tokens that a text may have, so that one which repeats itself for ever is ended, sooner where there was little to say.
 * @param samples of its sound
 * @param most tokens of a text that the model can write: half of its decoder's places
 */
export function tokenBound(samples: number, most: number): number {
  // A tenth more for timestamps, and for the first word of a short stretch.
  return Math.min(most, Math.ceil(most * (0.1 + samples / sampleRate / fullSeconds)));
}
